"""Level metrics on spines whose names are wrong in known ways."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemsca.anatomy import STRUCTURES, by_name
from spinemsca.score.case_score import score_case
from spinemsca.score.summary import summarise
from tests.score.masks import bars, one_down, renamed


def test_a_copy_has_every_level_right() -> None:
    score = score_case(bars(), bars())
    assert set(score.levels.values()) == {"found"}
    assert score.levels_right
    assert score.identified.tolist() == [0] * 11
    assert list(score.confused) == [s.name for s in STRUCTURES]


def test_a_level_shift_is_told_from_a_bad_outline() -> None:
    truth = bars()
    score = score_case(one_down(truth), truth)
    assert score.levels["L2"] == "shifted"
    assert score.levels["L1"] == "missed"
    assert not score.levels_right
    assert score.confused[by_name("L2").value - 1] == "L3"
    assert np.isinf(score.identified).all()
    assert score.values["L2"]["dice"] == 0
    assert score.values["L2"]["agnostic_dice"] == 1
    # Nobody is left for the lowest of each kind.
    assert score.values["S1"]["agnostic_dice"] == 0


def test_invented_missed_and_absent() -> None:
    truth = renamed(bars(), D3="", S1="")
    score = score_case(renamed(bars(), L4="", S1=""), truth)
    assert score.levels["D3"] == "invented"
    assert score.levels["L4"] == "missed"
    assert score.levels["S1"] == "absent"
    assert score.confused[by_name("L4").value - 1] == "none"
    assert score.confused[by_name("S1").value - 1] == ""


def test_vertebrae_never_pair_with_discs() -> None:
    truth = renamed(bars(), **{s.name: "" for s in STRUCTURES if s.name != "L1"})
    score = score_case(renamed(truth, L1="D1"), truth)
    assert score.values["L1"]["agnostic_dice"] == 0


def test_identified_is_near_and_nearest() -> None:
    truth = bars()
    near = score_case(np.roll(truth, 5, axis=1), truth)
    np.testing.assert_allclose(near.identified, 5)
    # Half the pitch is 6 pixels; in mm it is 20 mm.
    far = score_case(np.roll(truth, 8, axis=1), truth)
    assert np.isinf(far.identified).all()
    millimetres = score_case(np.roll(truth, 8, axis=1), truth, spacing=(2.0, 2.0))
    np.testing.assert_allclose(millimetres.identified, 16)
    assert np.isinf(
        score_case(np.roll(truth, 11, axis=1), truth, spacing=(2.0, 2.0)).identified
    ).all()


def test_a_run_counts_its_levels() -> None:
    truth = bars()
    found = summarise([score_case(truth, truth), score_case(one_down(truth), truth)])["levels"]
    assert found["outcomes"] == {"found": 11, "shifted": 8, "missed": 3, "invented": 0, "absent": 0}
    assert found["confusion"]["L2"] == dict.fromkeys(found["confusion"]["L2"], 0) | {
        "L2": 1,
        "L3": 1,
    }
    assert found["confusion"]["S1"]["none"] == 1
    assert found["identification_rate"] == pytest.approx(0.5)
    assert found["localisation_error"] == 0


@given(st.integers(0, 2**32 - 1))
def test_agnostic_dice_is_never_below_dice(seed):
    rng = np.random.default_rng(seed)
    one, other = rng.integers(0, 12, (2, 9, 9)).astype(np.uint8)
    score = score_case(one, other)
    total = {
        name: sum(np.nan_to_num(v[name]) for v in score.values.values())
        for name in ("dice", "agnostic_dice")
    }
    assert total["agnostic_dice"] >= total["dice"] - 1e-12
