"""Means, intervals and worst cases against arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemsca.anatomy import STRUCTURES
from spinemsca.score.case_score import score_case
from spinemsca.score.describe import describe_columns
from spinemsca.score.summary import summarise
from tests.score.masks import bars, renamed


def described(values, *, metric="dice", patients=(), **options):
    column = np.asarray(values, dtype=float).reshape(-1, 1)
    return describe_columns(column, [metric], patients, **options)[0]


def test_arithmetic() -> None:
    found = described([0.2, 0.4, 0.9, float("nan")])
    assert found.mean == pytest.approx(0.5)
    assert found.median == 0.4
    assert found.sd == pytest.approx(np.std([0.2, 0.4, 0.9], ddof=1))
    assert found.worst == 0.2
    assert found.n == 3


def test_the_worst_is_the_largest_distance_and_the_largest_error() -> None:
    assert described([1.0, 9.0], metric="hd95").worst == 9
    assert described([-5.0, 3.0], metric="area_error").worst == -5
    assert described([-5.0, 3.0], metric="volume_error_percent").worst == -5


def test_nothing_known_and_one_known() -> None:
    assert described([float("nan")]).mean is None
    assert described([]).ci95 is None
    assert described([0.7]).sd == 0
    assert described([0.7]).ci95 == pytest.approx([0.7, 0.7])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers(0, 9))
def test_intervals_hold_the_mean_and_are_seeded(values, seed):
    found = described(values, seed=seed, draws=50)
    low, high = found.ci95
    assert min(values) - 1e-9 <= low <= found.mean <= high <= max(values) + 1e-9
    assert found == described(values, seed=seed, draws=50)


def test_intervals_cover_as_they_say() -> None:
    """Of 95 % intervals for the mean of 40 patients about 95 % hold it."""
    rng = np.random.default_rng(0)
    hits = 0
    for i in range(200):
        low, high = described(rng.normal(0.5, 0.1, 40).tolist(), seed=i, draws=200).ci95
        hits += low <= 0.5 <= high
    assert 0.88 <= hits / 200 <= 0.99


def test_slices_of_one_patient_widen_the_interval() -> None:
    patients = [f"p{i // 6}" for i in range(60)]
    values = np.repeat(np.random.default_rng(0).random(10), 6)
    by_patient = described(values, patients=patients).ci95
    by_slice = described(values).ci95
    assert np.ptp(by_patient) > 1.8 * np.ptp(by_slice)


def test_columns_are_described_one_by_one() -> None:
    values = np.random.default_rng(0).random((20, 3))
    values[3, 1] = np.nan
    together = describe_columns(values, ["dice"] * 3, seed=4)
    for column, found in zip(values.T, together, strict=True):
        alone = described(column, seed=4)
        assert found.ci95 == pytest.approx(alone.ci95)
        assert found.model_copy(update={"ci95": None}) == alone.model_copy(update={"ci95": None})


def test_groups_are_means_over_their_structures() -> None:
    found = summarise([score_case(renamed(bars(), D1="", D2=""), bars())])
    assert found["groups"]["vertebrae"]["dice"]["mean"] == 1
    assert found["groups"]["discs"]["dice"]["mean"] == pytest.approx(3 / 5)
    assert found["overall"]["dice"]["mean"] == pytest.approx(9 / 11)


def test_no_case_at_all() -> None:
    found = summarise([])
    assert found["cases"] == 0
    assert found["levels_right"] is None
    assert found["overall"]["dice"]["mean"] is None


def test_the_published_way_leaves_out_what_is_not_annotated() -> None:
    known = frozenset(s for s in STRUCTURES if s.name != "S1")
    score = score_case(bars(1), bars(), annotated=known, published=True)
    found = summarise([score])["published"]
    assert found["overall"]["dice"]["mean"] == pytest.approx(29 / 30, abs=1e-6)
    assert found["structures"]["S1"]["dice"]["mean"] is None
    assert abs(found["published_minus_usual"]["dice"]) < 1e-6
