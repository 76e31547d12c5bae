"""Accuracy, and whether stated standard errors are the real ones, on phantoms of known corners."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from spinemsca.measure.measurements import measure
from tests.measure.known import known

TURNS = (-30, -15, 0, 15, 30)
HEIGHTS = ("body_height", "disc_height", "disc_space")
SLOPES = ("angle", "lordosis", "slope")


def gaps(spacings, raggedness, patients):
    """By measure: rows of spacing, error and stated standard error."""
    found = defaultdict(list)
    for spacing in spacings:
        for ragged in raggedness:
            for index in range(patients):
                label, truth = known(index, spacing, TURNS[index % 5], ragged, index)
                results = measure(label, spacing=(spacing, spacing))
                for (name, row), value in truth.items():
                    result = results.get(name, row)
                    found[name].append((spacing, result.value - value, result.error))
    return {name: np.array(rows) for name, rows in found.items()}


def errors(found, *parts):
    rows = [v for name, v in found.items() if any(p in name for p in parts)]
    return np.abs(np.concatenate(rows)[:, 1]).mean()


@pytest.mark.parametrize("spacing", [0.6, 1.2])
def test_clean_masks_are_measured_closely(spacing):
    found = gaps((spacing,), (0.0,), 3)
    assert errors(found, *HEIGHTS) < max(0.3, 0.5 * spacing)
    assert errors(found, *SLOPES) < 1.1
    assert errors(found, "slip") < 0.4


@pytest.mark.slow
def test_standard_errors_cover_the_truth():
    found = gaps((0.3, 0.6, 0.9, 1.2), (0.0, 0.5, 0.8), 5)
    cover = {n: np.mean(np.abs(v[:, 1]) <= 1.96 * v[:, 2]) for n, v in found.items()}
    single = {n: c for n, c in cover.items() if "lordosis" not in n and n != "sacral_slope"}
    assert all(0.9 <= c <= 0.99 for c in single.values()), single
    # One value a case: few, and those of one patient share their error.
    assert all(c >= 0.75 for c in cover.values()), cover
