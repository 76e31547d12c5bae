from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spinemsca.io.turn import Turn
from tests.io.volumes import HOUSE, TURNS, affine_of

assert len(set(TURNS)) == 48


@given(hnp.arrays(np.int16, hnp.array_shapes(min_dims=3, max_dims=3, max_side=6)))
def test_undo_is_the_inverse_of_apply(array):
    for turn in TURNS:
        assert np.array_equal(turn.undo(turn.apply(array)), array)
        assert np.array_equal(turn.apply(turn.undo(array)), array)


@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_every_orientation_is_told_from_its_affine(turn):
    assert Turn.of(affine_of(turn)) == turn


@given(st.sampled_from(TURNS), st.floats(-0.6, 0.6))
def test_oblique_slices_are_turned_to_the_nearest_axes(turn, tilt):
    assert Turn.of(affine_of(turn, tilt=tilt)) == turn


def test_turning_takes_voxels_where_the_affine_says():
    for turn in TURNS:
        affine, array = affine_of(turn), turn.undo(HOUSE)
        assert np.array_equal(turn.apply(array), HOUSE)
        # Head, front and right: the first voxel of the turned array has the largest of each.
        corners = np.indices((2, 2, 2)).reshape(3, 8).T * (np.array(array.shape) - 1)
        world = corners @ affine[:3, :3].T + affine[:3, 3]
        extreme = corners[np.argmax(world.sum(1))]
        assert array[tuple(extreme)] == HOUSE[0, 0, 0]
