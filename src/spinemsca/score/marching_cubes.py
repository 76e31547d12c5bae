"""Areas of the surface elements in a cube of eight voxels, derived by rule.

Lorensen and Cline (*Marching cubes*, Comput. Graph. 21, 1987) cut the cube's edges in their
middle wherever one end lies inside and the other outside. The cuts of a face join in pairs, those
of the cube to closed loops, and loops are filled with triangles. What the paper leaves open is
settled here as `surface-distance` has it: at most four corners count as inside (of more the
outside is taken), corners inside that touch at an edge of the cube alone belong together, and a
loop is filled with the triangles whose area in a unit cube is largest.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["CODES", "CORNERS", "surface_areas"]

Point: TypeAlias = tuple[float, ...]
Triangles: TypeAlias = tuple[tuple[int, int, int], ...]

CORNERS: Final = tuple(product((0, 1), repeat=3))
"""Corners of the cube as steps along the three axes; corner `i` is bit `i` of a code."""

CODES: Final = 1 << len(CORNERS)
"""Ways of the eight corners to be inside or outside."""

# Triangulations of one loop whose areas are equal by symmetry differ by rounding alone.
_DIGITS: Final = 9


@lru_cache(maxsize=64)
def surface_areas(spacing: tuple[float, float, float]) -> NDArray[np.float64]:
    """Area of the surface in a cube of eight voxels' centres, for each way to be inside.

    Args:
        spacing: Between neighbours along the three axes, in mm, or ones for voxels.

    Returns:
        `(256,)` in the spacing's unit squared; bit `i` of the index says whether corner `i` of
        `CORNERS` is inside.
    """
    slices, rows, columns = spacing
    across = np.array([rows * columns, slices * columns, slices * rows])
    return np.array([np.linalg.norm(n * across, axis=1).sum() for n in _normals()])


@lru_cache(maxsize=1)
def _normals() -> tuple[NDArray[np.float64], ...]:
    """Normals of each code's triangles in a unit cube, as long as their areas."""
    found = []
    for code in range(CODES):
        few = code if code.bit_count() <= len(CORNERS) // 2 else CODES - 1 - code
        loops = [_filled(np.array(loop)) for loop in _loops(few)]
        found.append(np.concatenate([np.zeros((0, 3)), *loops]))
    return tuple(found)


def _loops(code: int) -> Iterator[list[Point]]:
    """Closed loops of cuts, each once."""
    joined: dict[Point, list[Point]] = {}
    for one, other in _segments(code):
        joined.setdefault(one, []).append(other)
        joined.setdefault(other, []).append(one)
    while joined:
        loop = [next(iter(joined))]
        while loop[-1] in joined:
            ahead = joined.pop(loop[-1])
            loop.append(ahead[0] if ahead[0] in joined else ahead[1])
        yield loop[:-1]


def _segments(code: int) -> Iterator[tuple[Point, Point]]:
    """Pairs of cuts that a face of the cube joins."""
    inside = {corner: bool(code >> i & 1) for i, corner in enumerate(CORNERS)}
    for ring in _faces():
        cuts = {i: _middle(ring[i - 1], ring[i]) for i in range(4) if _cut(inside, ring, i)}
        if len(cuts) == 2:
            one, other = cuts.values()
            yield one, other
        for i in cuts if len(cuts) == 4 else ():
            if inside[ring[i]]:
                yield cuts[i], cuts[(i + 1) % 4]


def _faces() -> Iterator[list[tuple[int, ...]]]:
    """The four corners of each face, one after another around it."""
    for axis, side in product(range(3), (0, 1)):
        ring = ((0, 0), (0, 1), (1, 1), (1, 0))
        yield [(*two[:axis], side, *two[axis:]) for two in ring]


def _cut(inside: dict[tuple[int, ...], bool], ring: list[tuple[int, ...]], i: int) -> bool:
    return inside[ring[i - 1]] != inside[ring[i]]


def _middle(one: Point, other: Point) -> Point:
    return tuple((a + b) / 2 for a, b in zip(one, other, strict=True))


def _filled(loop: NDArray[np.float64]) -> NDArray[np.float64]:
    """Normals of the triangles that fill a loop with the largest area."""
    fillings = [_crossed(loop, triangles) for triangles in _triangulations(0, len(loop) - 1)]
    return max(fillings, key=lambda n: round(float(np.linalg.norm(n, axis=1).sum()), _DIGITS))


def _crossed(loop: NDArray[np.float64], triangles: Triangles) -> NDArray[np.float64]:
    first, second, third = (loop[[t[k] for t in triangles]] for k in range(3))
    return np.cross(second - first, third - first) / 2


def _triangulations(first: int, last: int) -> Iterator[Triangles]:
    """All ways to fill a polygon whose corners are numbered from `first` to `last`."""
    if last - first < 2:
        yield ()
        return
    for tip in range(first + 1, last):
        for left, right in product(_triangulations(first, tip), _triangulations(tip, last)):
            yield (*left, (first, tip, last), *right)
