"""Surface distances agree with DeepMind's package, and theory."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from spinemsca.score.case_score import score_case
from spinemsca.score.surface import surface_distances


@pytest.mark.parametrize("seed", range(40))
def test_equals_surface_distance_on_random_masks(seed: int) -> None:
    peer = pytest.importorskip("surface_distance.metrics")
    random = np.random.default_rng(seed)
    truth, prediction = (random.random((2, 24, 31)) > random.uniform(0.2, 0.95)).astype(bool)
    truth[5, 5] = prediction[9, 7] = True
    spacing = (0.6, 1.1) if seed % 2 else (1.0, 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = peer.compute_surface_distances(truth, prediction, spacing)
    ours = surface_distances(prediction, truth, spacing)
    for percent in (95, 100):
        wanted = peer.compute_robust_hausdorff(theirs, percent)
        assert ours.hausdorff(percent) == pytest.approx(wanted, abs=1e-6)
    assert ours.assd() == pytest.approx(
        np.mean(peer.compute_average_surface_distance(theirs)), abs=1e-6
    )
    for tolerance in (1, 2):
        wanted = peer.compute_surface_dice_at_tolerance(theirs, tolerance)
        assert ours.nsd(tolerance) == pytest.approx(wanted, abs=1e-6)


def test_a_missed_structure_is_as_far_as_the_diagonal() -> None:
    truth = np.zeros((30, 40), np.uint8)
    truth[10:20, 10:20] = 1
    score = score_case(np.zeros_like(truth), truth)
    assert score.values["L1"]["hd95"] == pytest.approx(50)
    assert score.values["L1"]["dice"] == 0
    assert np.isnan(score.values["L2"]["dice"])
    assert score.levels["L1"] == "missed"
    assert score.levels["L2"] == "absent"


def test_a_structure_named_after_its_neighbour_is_shifted() -> None:
    truth = np.zeros((30, 40), np.uint8)
    truth[10:20, 10:20] = 1
    score = score_case(truth * 2, truth)
    assert score.levels["L2"] == "shifted"
    assert not score.levels_right
