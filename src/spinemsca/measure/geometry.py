"""Lengths and angles between landmarks; the last axis of points is (row, column)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from spinemsca.measure.contour import Points

__all__ = [
    "ANTERIOR",
    "INFERIOR",
    "INFERIOR_ANTERIOR",
    "INFERIOR_POSTERIOR",
    "POSTERIOR",
    "SUPERIOR",
    "SUPERIOR_ANTERIOR",
    "SUPERIOR_POSTERIOR",
    "arc",
    "away",
    "beyond",
    "distance",
    "inclination",
    "turn",
    "unit",
]

# Corners and sides in the order in which `landmarks` finds them: around the body, from its
# superior anterior corner.
SUPERIOR_ANTERIOR, SUPERIOR_POSTERIOR, INFERIOR_POSTERIOR, INFERIOR_ANTERIOR = range(4)
SUPERIOR, POSTERIOR, INFERIOR, ANTERIOR = range(4)

_Floats = NDArray[np.float64]


def distance(a: Points, b: Points) -> _Floats:
    """Euclidean distance."""
    gap = a - b
    return np.asarray(np.hypot(gap[..., 0], gap[..., 1]))


def unit(vector: Points) -> Points:
    """The vector's direction."""
    length = np.hypot(vector[..., 0], vector[..., 1])
    return np.asarray(vector / np.maximum(length, 1e-12)[..., None])


def inclination(start: Points, end: Points) -> _Floats:
    """Degrees by which a line from anterior to posterior falls below the image's horizontal.

    Args:
        start: Anterior end.
        end: Posterior end.
    """
    chord = end - start
    return np.asarray(np.degrees(np.arctan2(chord[..., 0], chord[..., 1])))


def turn(first: _Floats, second: _Floats) -> _Floats:
    """`first - second` in degrees, brought into (-180, 180]."""
    return np.asarray(180 - (180 - (first - second)) % 360)


def away(points: Points, start: Points, end: Points) -> _Floats:
    """Signed distance of points from a line, positive to the left when looking along it."""
    along, relative = unit(end - start), points - start
    return np.asarray(relative[..., 1] * along[..., 0] - relative[..., 0] * along[..., 1])


def beyond(outline: Points, start: Points, end: Points) -> _Floats:
    """How far an outline reaches to the left of a line at most, between the line's ends.

    Args:
        outline: `(N, 2)`.
        start: `(K, 2)`.
        end: `(K, 2)`.

    Returns:
        `(K,)`, at least 0.
    """
    along, length = unit(end - start)[0], distance(start[0], end[0])
    place = (outline - start[0]) @ along
    height = away(outline, start[0], end[0])
    inside = (place >= -0.1 * length) & (place <= 1.1 * length)
    farthest = outline[np.where(inside, height, -np.inf).argmax()]
    return np.asarray(np.maximum(away(farthest, start, end), 0))


def arc(outline: Points, start: Points, end: Points) -> Points:
    """The part of a closed outline from the point nearest `start` on to the one nearest `end`.

    Args:
        outline: `(N, 2)`.
        start: `(2,)`.
        end: `(2,)`.
    """
    first = int(distance(outline, start).argmin())
    last = int(distance(outline, end).argmin())
    count = (last - first) % len(outline) + 1
    return outline[(first + np.arange(count)) % len(outline)]
