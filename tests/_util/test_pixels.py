"""Tests of the percentile window and of components."""

from __future__ import annotations

import numpy as np
import pytest

from spinemsca._util import largest_component, numbered_components, percentile_window

RAMP = np.arange(101, dtype=np.float32)


def test_window_spreads_between_percentiles_and_clips() -> None:
    spread = percentile_window(RAMP, (10, 90), np.float32)
    assert spread is not None and spread.dtype == np.float32
    assert spread[[0, 10, 50, 90, 100]].tolist() == [0, 0, 0.5, 1, 1]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_window_is_computed_in_the_dtype_asked_for(dtype: type) -> None:
    spread = percentile_window(RAMP.astype(dtype), (0.5, 99.5), dtype)
    assert spread is not None and spread.dtype == dtype


def test_whole_range_serves_only_where_asked() -> None:
    hot = np.zeros(1000, np.float32)
    hot[7] = 4
    assert percentile_window(hot, (0.5, 99.5), np.float32, widen=False) is None
    widened = percentile_window(hot, (0.5, 99.5), np.float32)
    assert widened is not None and widened.sum() == widened[7] == 1


def test_constant_pixels_have_no_window() -> None:
    assert percentile_window(np.full(9, 3.0), (0, 100), np.float64) is None


def test_largest_component() -> None:
    mask = np.array([[1, 0, 1, 1], [1, 0, 0, 0], [0, 1, 0, 0]], bool)
    # Of two equal ones it is the first; a corner does not touch.
    expected = np.array([[1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]], bool)
    assert (largest_component(mask) == expected).all()
    assert numbered_components(mask)[1].tolist() == [2, 2, 1]
    assert sorted(numbered_components(mask, np.ones((3, 3)))[1]) == [2, 3]


def test_nothing_or_one_component_stays_itself() -> None:
    for mask in (np.zeros((3, 3), bool), np.eye(3, dtype=bool)[:1]):
        assert largest_component(mask) is mask
