"""Outlines of masks: complete, in order, the mask on the right hand."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from spinemsca.measure.contour import boundary, main_component


@st.composite
def blobs(draw: st.DrawFn) -> NDArray[np.bool_]:
    """Ragged masks of any shape, some of them in several pieces, some with holes."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = draw(st.tuples(st.integers(2, 30), st.integers(2, 30)))
    field = ndimage.gaussian_filter(rng.random(shape), draw(st.floats(0, 2)))
    return np.asarray(field >= np.median(field))


@given(blobs())
def test_boundary_goes_once_along_every_side(mask: NDArray[np.bool_]) -> None:
    kept, _ = main_component(mask)
    padded = np.pad(kept, 1).astype(int)
    sides = int(np.abs(np.diff(padded, axis=0)).sum() + np.abs(np.diff(padded, axis=1)).sum())
    points = boundary(kept)
    assert len(points) == sides == len(np.unique(points, axis=0))
    steps = np.abs(np.roll(points, -1, axis=0) - points).max(axis=1)
    assert set(steps) <= {0.5, 1.0}


@given(blobs())
def test_boundary_lies_between_the_mask_and_what_is_none(mask: NDArray[np.bool_]) -> None:
    kept, _ = main_component(mask)
    padded = np.pad(kept, 1)
    points = boundary(kept) + 1
    rows, columns = points.T
    lower = padded[np.floor(rows).astype(int), np.floor(columns).astype(int)]
    upper = padded[np.ceil(rows).astype(int), np.ceil(columns).astype(int)]
    assert (lower != upper).all()


@given(blobs())
def test_boundary_turns_clockwise(mask: NDArray[np.bool_]) -> None:
    kept, _ = main_component(mask)
    row, column = boundary(kept).T
    area = (column * np.roll(row, -1) - row * np.roll(column, -1)).sum() / 2
    assert 0 < area <= kept.sum()


@given(blobs())
def test_main_component_is_the_largest_and_has_no_holes(mask: NDArray[np.bool_]) -> None:
    kept, mended = main_component(mask)
    pieces, count = ndimage.label(mask)
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)[1:]
    assert ndimage.label(kept)[1] == 1
    assert ndimage.label(np.pad(~kept, 1, constant_values=True))[1] == 1
    assert max(sizes) <= kept.sum()
    assert mended == np.count_nonzero(kept != mask)
