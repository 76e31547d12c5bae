"""The spinal canal: sac, cord, roots, epidural fat and posterior elements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.ndimage import gaussian_filter1d

from spinemsca.phantom import priors
from spinemsca.phantom.geometry import Frame, Points, open_resample, ribbon, rounded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spinemsca.phantom.column import BodyShape
    from spinemsca.phantom.parameters import Process, Shape

__all__ = ["Canal", "build_canal", "process_outline"]

# Points of a curve; chosen, not measured.
_COUNT: Final = 400


@dataclass(frozen=True, slots=True, eq=False)
class Canal:
    """Curves of the canal, all of 400 points from the head down.

    Attributes:
        wall: `(400, 2)` backs of bodies and discs, smoothed.
        level: `(400,)` place along the column: 0 at L1's upper endplate, 1 at L2's, 5 at S1's.
        depth: `(400,)` of the bony canal, mm.
        front: `(400,)` from `wall` to the sac, mm.
        back: `(400,)` from `wall` to the back of the sac, mm.
    """

    wall: Points
    level: Points
    depth: Points
    front: Points
    back: Points

    def at(self, offset: Points | float) -> Points:
        """The curve `offset` mm behind the wall."""
        return ribbon(self.wall, 0.0, offset)[: len(self.wall)]

    def index(self, level: float) -> int:
        """Index of the point nearest to a level."""
        return int(np.argmin(np.abs(self.level - level)))

    def sac(self, inner: float = 0.0) -> Points:
        """Outline of the sac, `inner` mm within its border."""
        return ribbon(self.wall, -(self.front + inner), self.back - inner)


def build_canal(shape: Shape, bodies: Mapping[str, BodyShape]) -> Canal:
    """The canal behind a column."""
    soft = shape.soft
    points, levels = _wall(bodies)
    wall = open_resample(points, _COUNT)
    along = np.linspace(0, 1, _COUNT)
    steps = np.concatenate(([0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))))
    level = np.interp(along, steps / steps[-1], levels)
    wall = gaussian_filter1d(wall, 7, axis=0, mode="nearest")
    first = priors.LEVELS.index("L1")
    depth = np.interp(level, np.arange(len(soft.canal)) - first + 0.5, soft.canal)
    front = np.interp(level, (0.0, 4.5, 6.5), soft.sac_gap)
    end = 5 + soft.sac_end
    taper = np.clip((end - level) / 1.6, 0, 1) ** 0.6
    sac = soft.sac_share * depth * taper
    sac = gaussian_filter1d(sac, 4, mode="nearest")
    return Canal(wall, level, depth, front, front + np.where(level < end, sac, 0.0))


def _wall(bodies: Mapping[str, BodyShape]) -> tuple[Points, Points]:
    points, levels = [], []
    for i, body in enumerate(bodies.values()):
        level = i - priors.LEVELS.index("L1")
        v = body.vertebra
        points.append(body.upper.centre + body.upper.along * v.depth / 2)
        points.append(body.lower.centre + body.lower.along * v.lower_depth / 2)
        levels += [float(level), level + 0.75]
    return np.array(points), np.array(levels)


def process_outline(process: Process, canal: Canal, level: float, tilt: float) -> Points:
    """The outline of a spinous process.

    Args:
        process: Its size.
        canal: Where it starts.
        level: At which its root lies.
        tilt: Of its vertebra's middle, degrees.
    """
    i = canal.index(level)
    root = canal.at(canal.back + process.start)[i]
    frame = Frame(float(root[0]), float(root[1]), tilt - process.tilt)
    n, h = process.length, process.height
    local = np.array(
        (
            (0.0, 0.30 * h),
            (0.30 * n, 0.30 * h),
            (0.75 * n, 0.42 * h),
            (n, 0.30 * h),
            (1.02 * n, -0.25 * h),
            (0.9 * n, -0.55 * h),
            (0.55 * n, -0.48 * h),
            (0.2 * n, -0.42 * h),
            (0.0, -0.38 * h),
        )
    )
    local[:, 1] += process.bumps
    return rounded(frame.at(local), 1.8, 80)
