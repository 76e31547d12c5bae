"""Areas of surface elements: those of the oracle for all 256 codes, lawful, and right by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from surface_distance import lookup_tables

from spinemsca.score.marching_cubes import CODES, CORNERS, surface_areas

LENGTHS = st.floats(0.05, 20)


def code(*corners: tuple[int, int, int]) -> int:
    return sum(1 << CORNERS.index(corner) for corner in corners)


def moved(number: int, change) -> int:
    """The code after a symmetry of the cube."""
    return code(*(change(c) for i, c in enumerate(CORNERS) if number >> i & 1))


@given(st.tuples(LENGTHS, LENGTHS, LENGTHS))
def test_all_codes_have_the_oracles_area(spacing):
    kernel = lookup_tables.ENCODE_NEIGHBOURHOOD_3D_KERNEL
    theirs = lookup_tables.create_table_neighbour_code_to_surface_area(spacing)
    same = [sum(int(kernel[c]) for i, c in enumerate(CORNERS) if n >> i & 1) for n in range(CODES)]
    np.testing.assert_allclose(surface_areas(spacing), theirs[same], rtol=1e-9)


def test_areas_by_hand() -> None:
    areas = surface_areas((4.0, 0.5, 0.8))
    assert areas[0] == areas[CODES - 1] == 0
    # Half of the voxels: a plane across the cube.
    assert areas[code(*[c for c in CORNERS if c[0] == 0])] == pytest.approx(0.5 * 0.8)
    # One corner: the triangle through the middles of three edges.
    sides = 0.5 * 0.8 / 8, 4 * 0.8 / 8, 4 * 0.5 / 8
    assert areas[code((0, 0, 0))] == pytest.approx(math.hypot(*sides))
    # Two corners along the slices: a bevel as long as the cube.
    assert areas[code((0, 0, 0), (1, 0, 0))] == pytest.approx(4 * math.hypot(0.5, 0.8) / 2)
    # Two corners that do not touch: a triangle each.
    assert areas[code((0, 0, 0), (1, 1, 1))] == pytest.approx(2 * areas[1])


@given(st.integers(0, CODES - 1))
def test_inside_and_outside_have_one_surface(number):
    areas = surface_areas((3.0, 0.7, 1.1))
    assert areas[number] == pytest.approx(areas[CODES - 1 - number])


@given(st.integers(0, CODES - 1))
def test_symmetries_of_the_cube_change_nothing(number):
    areas = surface_areas((3.0, 0.7, 0.7))
    mirrored = moved(number, lambda c: (1 - c[0], c[1], c[2]))
    turned = moved(number, lambda c: (c[0], 1 - c[2], c[1]))
    assert areas[mirrored] == pytest.approx(areas[number])
    assert areas[turned] == pytest.approx(areas[number])


def test_a_ball_has_nearly_the_area_of_a_ball() -> None:
    """Surfaces through the middles of voxel edges are rough: the area is up to a tenth high."""
    from spinemsca.score.surface_3d import element_codes

    z, y, x = np.mgrid[:41, :41, :41] - 20
    codes = element_codes(z**2 + y**2 + x**2 <= 18**2)
    area = surface_areas((1.0, 1.0, 1.0))[codes].sum()
    assert 1 < area / (4 * math.pi * 18**2) < 1.1
