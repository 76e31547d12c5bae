"""A structure's outline: closed, ordered, in sub-pixel coordinates.

The boundary between a mask and its background runs along the sides of pixels. The midpoints
of these sides scatter evenly about the true edge, so that curves fitted to them, and a short
smoothing along them, find the edge to a fraction of a pixel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Points", "boundary", "main_component", "raggedness", "smooth"]

Points = NDArray[np.float64]
"""`(…, 2)`: row and column, in pixels or, after scaling, in mm."""

# A pixel grid alone leaves an even outline's points this far, in pixels, from its smoothed self.
_EVEN: Final = 0.42
_LONG: Final = 6.0
_STEPS: Final = ((-1, 0), (0, 1), (1, 0), (0, -1))


def main_component(mask: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], int]:
    """The largest 4-connected component with its holes filled, and what was mended.

    Args:
        mask: `(H, W)`, not empty.

    Returns:
        The component, and the number of pixels that were islands or holes.
    """
    labels, count = ndimage.label(mask)
    kept = mask if count == 1 else labels == 1 + np.argmax(np.bincount(labels.ravel())[1:])
    filled = ndimage.binary_fill_holes(kept)
    return filled, int(np.count_nonzero(filled != mask))


def boundary(mask: NDArray[np.bool_]) -> Points:
    """The midpoints of the pixel sides that bound a mask, in order.

    Args:
        mask: `(H, W)`, one 4-connected component without holes.

    Returns:
        `(N, 2)` rows and columns in pixels, the origin at the centre of pixel (0, 0); the
        mask is on the right hand, so that the points run clockwise on a screen.
    """
    sides = _directed_sides(np.pad(mask, 1))
    walked = np.array(list(_walk(sides)), dtype=np.float64)
    steps = np.array(_STEPS)[walked[:, 2].astype(int)]
    # A corner (r, c) of the padded grid lies at (r - 1.5, c - 1.5) of the mask's.
    return np.asarray(walked[:, :2] + steps / 2 - 1.5)


def _directed_sides(padded: NDArray[np.bool_]) -> set[tuple[int, int, int]]:
    """Each side as (row, column, direction) of the pixel corner where it begins."""
    above = padded[1:] & ~padded[:-1]
    below = padded[:-1] & ~padded[1:]
    left = padded[:, 1:] & ~padded[:, :-1]
    right = padded[:, :-1] & ~padded[:, 1:]
    sides: set[tuple[int, int, int]] = set()
    for where, d_row, d_column, direction in (
        (above, 1, 0, 1),
        (below, 1, 1, 3),
        (left, 1, 1, 0),
        (right, 0, 1, 2),
    ):
        rows, columns = np.nonzero(where)
        sides.update(
            zip((rows + d_row).tolist(), (columns + d_column).tolist(),
                [direction] * len(rows), strict=True)
        )  # fmt: skip
    return sides


def _walk(sides: set[tuple[int, int, int]]) -> Iterator[tuple[int, int, int]]:
    """Follows the sides from the topmost one, turning towards the mask where two meet."""
    start = side = min(sides)
    while True:
        yield side
        row, column, direction = side
        row, column = row + _STEPS[direction][0], column + _STEPS[direction][1]
        side = (row, column, (direction + 1) % 4)
        if side not in sides:
            side = (row, column, direction)
        if side not in sides:
            side = (row, column, (direction - 1) % 4)
        if side == start:
            return


def smooth(points: Points, sigma: float = 2.0) -> Points:
    """A closed outline with its pixel steps smoothed away.

    Args:
        points: `(N, 2)`, closed: the last point is followed by the first.
        sigma: Of the Gaussian along the outline, in points.

    Returns:
        `(N, 2)`. A circle of radius r shrinks by about sigma² / 2r, in points' distances.
    """
    return np.asarray(ndimage.gaussian_filter1d(points, sigma, axis=0, mode="wrap"))


def raggedness(points: Points) -> float:
    """How far an outline's points scatter about its course, beyond what the pixel grid brings.

    Args:
        points: `(N, 2)` in pixels, closed.

    Returns:
        In pixels; robust, so that corners and a spur do not count.
    """
    gap = points - smooth(points, _LONG)
    scatter = 1.26 * float(np.median(np.hypot(gap[:, 0], gap[:, 1])))
    return max(scatter - _EVEN, 0.0)
