"""Smooth random fields."""

from __future__ import annotations

import numpy as np
import pytest

from spinemsca.phantom.texture import field, ridges, smoothstep


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def test_fields_are_standard_and_grow_smoother_with_grain() -> None:
    fine, coarse = field(rng(), (128, 96), (2, 2)), field(rng(), (128, 96), (12, 12))
    assert fine.shape == (128, 96)
    assert fine.std() == pytest.approx(1, abs=0.01)
    assert coarse.std() == pytest.approx(1, abs=0.01)
    assert np.abs(np.diff(coarse, axis=0)).mean() < 0.4 * np.abs(np.diff(fine, axis=0)).mean()


def test_grain_differs_by_axis() -> None:
    streaks = field(rng(), (128, 128), (20, 2))
    down, across = (np.abs(np.diff(streaks, axis=a)).mean() for a in (0, 1))
    assert across > 3 * down


def test_ridges_are_thin_lines_within_bounds() -> None:
    lines = ridges(rng(), (128, 128), (16, 16), 0.1)
    assert 0 <= lines.min() <= lines.max() <= 1
    assert 0.02 < np.mean(lines > 0.5) < 0.25


def test_smoothstep_runs_from_nought_to_one() -> None:
    out = smoothstep(np.array([-1, 0, 0.5, 1, 2], np.float32), 0, 1)
    assert out.tolist() == [0, 0, 0.5, 1, 1]
