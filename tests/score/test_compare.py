"""Paired comparisons against arithmetic, theory and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemsca.errors import CaseError
from spinemsca.score.case_score import METRICS, CaseScore, score_case
from spinemsca.score.compare import bland_altman, compare_scores, holm, rank_biserial
from tests.score.masks import bars


def made(dice: np.ndarray, patients: list[str] | None = None) -> list[CaseScore]:
    """Scores of cases whose structures all have the Dice given."""
    scores = []
    for i, value in enumerate(dice):
        metrics = np.full((11, len(METRICS)), np.nan)
        metrics[:, METRICS.index("dice")] = value
        patient = patients[i] if patients else ""
        outcomes, confused = ("found",) * 11, ("L1",) * 11
        scores.append(
            CaseScore(metrics, outcomes, confused, np.zeros(11), name=str(i), patient=patient)
        )
    return scores


def test_a_model_that_is_always_better() -> None:
    rng = np.random.default_rng(0)
    low = rng.uniform(0.5, 0.8, 20)
    found = compare_scores(made(low), made(low + 0.1))
    row = found["overall"]["dice"]
    assert row["median"] == pytest.approx(0.1)
    assert row["effect"] == 1
    assert row["p"] < 1e-4
    each = found["structures"]["L3"]["dice"]
    assert each["p_holm"] == pytest.approx(min(1, 11 * each["p"]))


def test_equal_predictions_do_not_differ() -> None:
    found = compare_scores(made(np.array([0.4, 0.9])), made(np.array([0.4, 0.9])))
    assert found["overall"]["dice"] == found["overall"]["dice"] | {
        "median": 0,
        "p": 1,
        "effect": 0,
    }


def test_slices_of_a_patient_are_one_pair() -> None:
    values = np.repeat([0.5, 0.6, 0.7], 4)
    patients = [f"p{i // 4}" for i in range(12)]
    found = compare_scores(made(values, patients), made(values + 0.1, patients))
    assert found["pairs"] == 3
    assert found["overall"]["dice"]["n"] == 3
    # Three pairs can never be significant, twelve would be.
    assert found["overall"]["dice"]["p"] == pytest.approx(0.25)


def test_other_cases_cannot_be_compared() -> None:
    with pytest.raises(CaseError, match="same cases"):
        compare_scores(made(np.array([0.4])), made(np.array([0.4, 0.5])))


def test_noise_alone_is_rarely_significant() -> None:
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(60):
        base = rng.random(15)
        found = compare_scores(made(base), made(base + rng.normal(0, 0.05, 15)))
        hits += found["overall"]["dice"]["p"] < 0.05
    assert hits <= 9


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1, 1]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_never_lowers_and_keeps_the_order(values):
    adjusted = holm(values)
    assert all(a >= p for a, p in zip(adjusted, values, strict=True))
    order = np.argsort(values, kind="stable")
    assert (np.diff(np.array(adjusted)[order]) >= 0).all()


def test_rank_biserial_by_hand() -> None:
    assert rank_biserial(np.array([1.0, 2.0, -3.0])) == 0
    assert rank_biserial(np.array([-1.0, -2.0, 0.0])) == -1
    assert rank_biserial(np.zeros(3)) == 0


def test_agreement_of_areas() -> None:
    first = np.array([100.0, 200.0, 300.0, np.nan])
    found = bland_altman(first, first + np.array([10, 20, 30, 0]))
    assert found.bias == pytest.approx(20)
    assert found.limits == pytest.approx((20 - 19.6, 20 + 19.6))
    assert found.mean.tolist() == [105, 210, 315]


def test_predicted_areas_are_kept() -> None:
    area = METRICS.index("area")
    assert score_case(bars(), bars()).metrics[:, area].tolist() == [300] * 11
    assert score_case(bars(), bars(), spacing=(2, 0.5)).metrics[0, area] == 300
