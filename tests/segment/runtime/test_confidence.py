from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from spinemsca.anatomy import by_name
from spinemsca.segment.runtime.confidence import (
    Calibration,
    Evidence,
    calibrated,
    calibration_error,
    evidence,
    fit,
)

SHARES = st.floats(0.01, 0.99)


def _probabilities(**values):
    """A picture of 4 x 4 pixels with the same probabilities everywhere."""
    probabilities = np.zeros((12, 4, 4), np.float32)
    for name, value in values.items():
        probabilities[by_name(name).value] = value
    probabilities[0] = 1 - probabilities.sum(axis=0)
    return probabilities


def test_tissue_adds_up_over_levels_of_a_kind():
    label = np.full((4, 4), by_name("L3").value, np.uint8)
    found = evidence(label, _probabilities(L3=0.6, L2=0.3, D3=0.05), 0.7)
    assert list(found) == [by_name("L3")]
    one = found[by_name("L3")]
    assert one.tissue == pytest.approx(0.9)
    assert one.level == pytest.approx(0.6 / 0.9)
    assert one.agreement == 0.7


def test_structures_come_from_top_to_bottom():
    label = np.zeros((4, 4), np.uint8)
    label[0], label[1], label[2] = (by_name(n).value for n in ("S1", "L1", "D1"))
    assert [s.name for s in evidence(label, _probabilities(), 1.0)] == ["L1", "D1", "S1"]


@given(SHARES, SHARES, SHARES)
def test_the_default_trusts_the_tissue(tissue, level, agreement):
    assert calibrated(Evidence(tissue, level, agreement), Calibration()) == pytest.approx(tissue)


@given(SHARES, SHARES, SHARES)
def test_more_evidence_never_lowers_confidence(tissue, level, agreement):
    rng = np.random.default_rng(0)
    found = [Evidence(*row) for row in rng.random((50, 3))]
    calibration = fit(found, [bool(v) for v in rng.random(50) < 0.5])
    low = calibrated(Evidence(tissue, level, agreement), calibration)
    for better in (
        Evidence(min(1, tissue + 0.1), level, agreement),
        Evidence(tissue, min(1, level + 0.1), agreement),
        Evidence(tissue, level, min(1, agreement + 0.1)),
    ):
        assert calibrated(better, calibration) >= low - 1e-9


def test_a_fit_finds_what_made_the_outcomes():
    rng = np.random.default_rng(1)
    found = [Evidence(*row) for row in rng.uniform(0.02, 0.98, (4000, 3))]
    odds = [-0.5 + 1.5 * logit(f.tissue) + 0.8 * logit(f.agreement) for f in found]
    right = [bool(v) for v in rng.random(4000) < expit(odds)]
    fitted = fit(found, right)
    assert fitted.tissue == pytest.approx(1.5, abs=0.2)
    assert fitted.agreement == pytest.approx(0.8, abs=0.2)
    assert fitted.level == pytest.approx(0, abs=0.15)
    assert calibration_error([calibrated(f, fitted) for f in found], right) < 0.03


def test_calibration_error_is_the_gap():
    assert calibration_error([0.85] * 10, [True] * 6 + [False] * 4) == pytest.approx(0.25)
    assert calibration_error([1.0, 1.0, 0.0], [True, True, False]) == 0
