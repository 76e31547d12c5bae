"""The published way equals the packages that the literature used."""

from __future__ import annotations

import numpy as np
import pytest
from medpy.metric import binary

from spinemsca.anatomy import STRUCTURES, by_name
from spinemsca.score.literature_protocol import pooled_hd95, published_scores, smoothed_dice
from tests.score.masks import bars, blob, renamed


@pytest.mark.parametrize("seed", range(40))
def test_hd95_equals_medpys(seed: int) -> None:
    one, other = blob(seed), blob(seed + 1000)
    for spacing in ((1.0, 1.0), (0.4, 1.3)):
        wanted = binary.hd95(one, other, voxelspacing=spacing, connectivity=1)
        assert pooled_hd95(one, other, spacing) == pytest.approx(wanted, abs=1e-9)


def test_hd95_is_nothing_when_a_mask_is_empty() -> None:
    empty = np.zeros((40, 40), bool)
    assert pooled_hd95(empty, blob(1), (1.0, 1.0)) == 0
    assert pooled_hd95(blob(1), empty, (1.0, 1.0)) == 0


@pytest.mark.parametrize("seed", range(10))
def test_dice_equals_medpys_up_to_the_smoothing(seed: int) -> None:
    one, other = blob(seed), blob(seed + 1000)
    found = smoothed_dice((one & other).sum(), one.sum(), other.sum())
    assert found == pytest.approx(binary.dc(one, other), abs=1e-6)
    assert found > binary.dc(one, other) or found == 1


def test_structures_missed_and_absent() -> None:
    truth = renamed(bars(), S1="")
    scores = published_scores(renamed(truth, L3=""), truth, STRUCTURES, (1.0, 1.0))
    missed, absent, found = (scores[by_name(n).value - 1] for n in ("L3", "S1", "L4"))
    assert missed[0] == pytest.approx(1e-5 / 300, rel=1e-3)
    assert missed[1] == 0
    assert absent.tolist() == [1, 0]
    assert found.tolist() == [1, 0]


def test_what_is_not_annotated_is_left_out() -> None:
    scores = published_scores(bars(), bars(), STRUCTURES[:3], (1.0, 1.0))
    assert np.isnan(scores[3:]).all()
    assert not np.isnan(scores[:3]).any()
