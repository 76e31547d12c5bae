"""Plane geometry in the patient's frame: millimetres, x posterior, y towards the feet.

Points are `(n, 2)` float64 arrays of (x, y). Outlines are closed, clockwise as seen on screen,
their last point not repeating the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

__all__ = [
    "Frame",
    "Points",
    "closed_resample",
    "edge",
    "ellipse",
    "inset",
    "open_resample",
    "outward",
    "ribbon",
    "rotated",
    "rounded",
]

Points: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Frame:
    """An endplate's place: its centre and its tilt.

    Attributes:
        x: Of the centre, mm.
        y: Of the centre, mm.
        tilt: Degrees by which the endplate's anterior end lies lower than its posterior end.
    """

    x: float
    y: float
    tilt: float

    @property
    def centre(self) -> Points:
        """`(2,)` centre in mm."""
        return np.array((self.x, self.y))

    @property
    def along(self) -> Points:
        """`(2,)` unit vector from anterior to posterior."""
        angle = np.radians(self.tilt)
        return np.array((np.cos(angle), -np.sin(angle)))

    @property
    def up(self) -> Points:
        """`(2,)` unit vector normal to the endplate, towards the head."""
        angle = np.radians(self.tilt)
        return np.array((-np.sin(angle), -np.cos(angle)))

    def moved(self, along: float, up: float, turn: float = 0.0) -> Frame:
        """A frame `along` and `up` (mm) from this one in its mean direction, turned by `turn`."""
        half = Frame(self.x, self.y, self.tilt + turn / 2)
        x, y = half.centre + along * half.along + up * half.up
        return Frame(float(x), float(y), self.tilt + turn)

    def at(self, local: Points) -> Points:
        """Points given as (along, up) in mm, in the patient's frame."""
        out: Points = self.centre + local[:, :1] * self.along + local[:, 1:] * self.up
        return out


def edge(start: Points, end: Points, inward: Points) -> Points:
    """A curve from `start` to `end`, displaced to the right-hand side by `inward` (n,) mm."""
    chord = end - start
    length = max(float(np.hypot(*chord)), 1e-9)
    normal = np.array((-chord[1], chord[0])) / length
    t = np.linspace(0, 1, len(inward))[:, None]
    out: Points = start + t * chord + inward[:, None] * normal
    return out


def closed_resample(points: Points, count: int) -> Points:
    """A closed outline with `count` points at equal distances."""
    return _resample(np.vstack((points, points[:1])), count + 1)[:-1]


def open_resample(points: Points, count: int) -> Points:
    """An open curve with `count` points at equal distances."""
    return _resample(points, count)


def _resample(points: Points, count: int) -> Points:
    steps = np.hypot(*np.diff(points, axis=0).T)
    at = np.concatenate(([0.0], np.cumsum(steps)))
    wanted = np.linspace(0, at[-1], count)
    return np.column_stack([np.interp(wanted, at, c) for c in points.T])


def rounded(points: Points, radius: float, count: int = 160) -> Points:
    """A closed outline whose corners are rounded to about `radius` mm."""
    even = closed_resample(points, count)
    perimeter = float(np.hypot(*np.diff(even, axis=0, append=even[:1]).T).sum())
    sigma = radius * count / max(perimeter, 1e-9)
    return np.asarray(gaussian_filter1d(even, sigma, axis=0, mode="wrap"))


def outward(points: Points) -> Points:
    """`(n, 2)` unit normals of a closed outline, pointing out."""
    tangent = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    length = np.maximum(np.hypot(tangent[:, 0], tangent[:, 1]), 1e-9)[:, None]
    return np.column_stack((tangent[:, 1], -tangent[:, 0])) / length


def inset(points: Points, distance: float | Points) -> Points:
    """A closed outline moved inwards by `distance` mm (one, or one a point)."""
    out: Points = points - outward(points) * np.reshape(distance, (-1, 1))
    return out


def ribbon(centre: Points, front: Points | float, back: Points | float) -> Points:
    """The closed outline of a band about an open curve that runs towards the feet.

    Args:
        centre: `(n, 2)` curve.
        front: Distance of its anterior border, mm; one, or one a point.
        back: Distance of its posterior border, mm.
    """
    tangent = np.gradient(centre, axis=0)
    length = np.maximum(np.hypot(tangent[:, 0], tangent[:, 1]), 1e-9)[:, None]
    posterior = np.column_stack((tangent[:, 1], -tangent[:, 0])) / length
    a = centre - posterior * np.reshape(front, (-1, 1))
    b = centre + posterior * np.reshape(back, (-1, 1))
    return np.vstack((b, a[::-1]))


def ellipse(x: float, y: float, a: float, b: float, turn: float = 0.0, count: int = 48) -> Points:
    """An ellipse with half-axes `a` and `b` in mm, turned by `turn` degrees."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    ring = np.column_stack((a * np.cos(angle), b * np.sin(angle)))
    out: Points = rotated(ring, turn) + np.array((x, y))
    return out


def rotated(points: Points, degrees: float) -> Points:
    """Points turned about the origin, clockwise on screen."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    out: Points = points @ np.array(((c, s), (-s, c)))
    return out
