"""Resampling: image and label stay together, edges fall where they lay."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemsca.case import Spacing
from spinemsca.curate.resample import Fit, place, resample_image, resample_label

SHAPES = st.tuples(st.integers(40, 200), st.integers(40, 200))


def edge_of(profile: np.ndarray) -> float:
    """Where a falling step crosses one half, in pixels from the outer edge, by its area."""
    return float(profile.sum())


@settings(max_examples=60, deadline=None)
@given(shape=SHAPES, fit=st.sampled_from(Fit), row=st.integers(10, 30), column=st.integers(10, 30))
def test_edges_stay_where_they_lay(shape: tuple[int, int], fit: Fit, row: int, column: int) -> None:
    image = np.zeros(shape, np.float32)
    image[:row, :column] = 1
    placement = place(shape, None, fit, size=128)
    new = resample_image(image, placement)
    label = resample_label((image > 0).astype(np.uint8), placement)
    for axis, old in enumerate((row, column)):
        start, step = placement.start[axis], placement.step[axis]
        other = int(np.ceil(placement.start[1 - axis])) + 1
        line = np.take(new, other, axis=1 - axis)
        marked = np.take(label, other, axis=1 - axis)
        assert edge_of(line) == pytest.approx(old / step, abs=0.75)
        assert abs(float(marked.sum()) - old / step) <= 1
        assert np.flatnonzero(marked)[0] == pytest.approx(start, abs=1)


@settings(max_examples=40, deadline=None)
@given(shape=SHAPES, fit=st.sampled_from(Fit))
def test_image_and_label_cover_the_same_pixels(shape: tuple[int, int], fit: Fit) -> None:
    placement = place(shape, None, fit, size=96)
    covered = resample_image(np.ones(shape, np.float32), placement) > 0
    marked = resample_label(np.ones(shape, np.uint8), placement) > 0
    assert (covered == marked).all()
    assert covered.any()


@given(shape=SHAPES, row=st.floats(0.3, 1.5), column=st.floats(0.3, 1.5), fit=st.sampled_from(Fit))
def test_the_field_of_view_is_kept(
    shape: tuple[int, int], row: float, column: float, fit: Fit
) -> None:
    spacing = Spacing(row, column)
    placement = place(shape, spacing, fit)
    assert placement.spacing is not None
    new = np.asarray(placement.spacing) * np.asarray(shape) / placement.step
    assert new == pytest.approx(np.asarray(spacing) * shape)
    if fit is Fit.PAD:
        assert placement.spacing.row == pytest.approx(placement.spacing.column)


def test_same_grid_changes_nothing() -> None:
    image = np.random.default_rng(0).random((64, 64), dtype=np.float32)
    placement = place((64, 64), None, Fit.STRETCH, size=64)
    assert np.allclose(resample_image(image, placement), image, atol=1e-6)


def test_interpolation_is_linear() -> None:
    ramp = np.repeat(np.arange(32, dtype=np.float32)[:, None], 32, axis=1)
    placement = place((32, 32), None, Fit.STRETCH, size=64)
    new = resample_image(ramp, placement)
    expected = (np.arange(64) + 0.5) / 2 - 0.5
    assert np.allclose(new[1:-1, 10], expected[1:-1], atol=1e-5)


def test_padding_is_background() -> None:
    placement = place((100, 50), None, Fit.PAD, size=64)
    label = resample_label(np.full((100, 50), 3, np.uint8), placement)
    assert (label[:, :16] == 0).all()
    assert (label[:, 16:48] == 3).all()
    assert (label[:, 48:] == 0).all()


def test_shrinking_does_not_alias() -> None:
    stripes = np.tile(np.array([0, 1], np.float32), (256, 128))
    placement = place((256, 256), None, Fit.STRETCH, size=64)
    assert resample_image(stripes, placement).std() < 0.05
