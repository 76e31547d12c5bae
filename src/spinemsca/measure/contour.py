"""A structure's outline: closed, ordered, in sub-pixel coordinates.

The boundary between a mask and its background runs along the sides of pixels. The midpoints
of these sides scatter evenly about the true edge, so that curves fitted to them, and a short
smoothing along them, find the edge to a fraction of a pixel.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spinemsca._util import largest_component

__all__ = ["Points", "boundary", "main_component", "raggedness", "smooth"]

Points = NDArray[np.float64]
"""`(…, 2)`: row and column, in pixels or, after scaling, in mm."""

# A pixel grid alone leaves an even outline's points this far, in pixels, from its smoothed self.
_EVEN: Final = 0.42
# Smoothing in points that raggedness is told from; chosen, not measured.
_LONG: Final = 6.0
_UP, _RIGHT, _DOWN, _LEFT = range(4)
# By definition of the four directions, in their order.
_STEPS: Final = np.array(((-1, 0), (0, 1), (1, 0), (0, -1)))


def main_component(mask: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], int]:
    """The largest 4-connected component with its holes filled, and what was mended.

    Args:
        mask: `(H, W)`, not empty.

    Returns:
        The component, and the number of pixels that were islands or holes.
    """
    kept = largest_component(mask)
    holed = ndimage.label(np.pad(~kept, 1, constant_values=True))[1] > 1
    filled = ndimage.binary_fill_holes(kept) if holed else kept
    return filled, int(np.count_nonzero(filled != mask))


def boundary(mask: NDArray[np.bool_]) -> Points:
    """The midpoints of the pixel sides that bound a mask, in order.

    Args:
        mask: `(H, W)`, one 4-connected component without holes.

    Returns:
        `(N, 2)` rows and columns in pixels, the origin at the centre of pixel (0, 0); the
        mask is on the right hand, so that the points run clockwise on a screen.
    """
    begins = _sides(np.pad(mask, 1))
    sides = np.stack(np.nonzero(begins), axis=-1)
    around = sides[_walk(_following(begins, sides))]
    # A corner (r, c) of the padded grid lies at (r - 1.5, c - 1.5) of the mask's.
    return np.asarray(around[:, :2] + _STEPS[around[:, 2]] / 2 - 1.5)


def _sides(padded: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """`(H + 1, W + 1, 4)` whether a side begins at a pixel's upper left corner, by direction."""
    rows, columns = padded.shape
    begins = np.zeros((rows + 1, columns + 1, len(_STEPS)), dtype=np.bool_)
    begins[1:-1, :-1, _RIGHT] = padded[1:] & ~padded[:-1]
    begins[1:-1, 1:, _LEFT] = padded[:-1] & ~padded[1:]
    begins[1:, 1:-1, _UP] = padded[:, 1:] & ~padded[:, :-1]
    begins[:-1, 1:-1, _DOWN] = padded[:, :-1] & ~padded[:, 1:]
    return begins


def _following(begins: NDArray[np.bool_], sides: NDArray[np.intp]) -> NDArray[np.intp]:
    """`(N,)` the side after each, turning towards the mask where two begin."""
    row, column = (sides[:, :2] + _STEPS[sides[:, 2]]).T
    right, ahead, left = ((sides[:, 2] + turn) % 4 for turn in (1, 0, -1))
    direction = np.where(
        begins[row, column, right], right, np.where(begins[row, column, ahead], ahead, left)
    )
    place = np.zeros(begins.shape, dtype=np.intp)
    place[tuple(sides.T)] = np.arange(len(sides))
    return np.asarray(place[row, column, direction])


def _walk(following: NDArray[np.intp]) -> list[int]:
    """The topmost side, those after it, until it comes again."""
    after, order = following.tolist(), [0]
    while after[order[-1]]:
        order.append(after[order[-1]])
    return order


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
