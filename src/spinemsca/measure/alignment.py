"""Measures of a level (two bodies and the disc between) and of the whole lumbar spine.

Angles come from lines through corners. Lordosis is positive; slip is positive where the upper
body has moved forwards (anterolisthesis). The patient lies in the scanner, so that all of this
is the supine spine's.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemsca.anatomy import SPINE, VERTEBRAE, Structure
from spinemsca.measure import geometry as g
from spinemsca.measure.definitions import Definition, Quantity, Scope, Values, define
from spinemsca.measure.spine import NO_HORIZONTAL, NotGivenError, Spine

if TYPE_CHECKING:
    from spinemsca.measure.contour import Points
    from spinemsca.measure.outlined_structure import OutlinedStructure

__all__ = ["LEVEL_MEASURES", "SLIP_FLOOR", "SPINE_MEASURES", "meyerding"]

SLIP_FLOOR: Final = 8.0
"""Percent of slip below which no direction or grade is named; no threshold is confirmed."""

# What a measure needs, as tables print it.
_COBB: Final = "Cobb's lines through corners"
# What a measure needs, as tables print it.
_FACING: Final = "the facing endplates of both bodies"
# What a measure needs, as tables print it.
_SUPERIOR: Final = "the superior endplates of both bodies"
# Percent: median over levels without spondylolisthesis of SPIDER's training patients.
_USUAL_SLIP: Final = 4.9
_L1, _L5, _S1 = VERTEBRAE[0], VERTEBRAE[-2], VERTEBRAE[-1]


def _superior(body: OutlinedStructure) -> Values:
    return g.inclination(body.corner(g.SUPERIOR_ANTERIOR), body.corner(g.SUPERIOR_POSTERIOR))


def _inferior(body: OutlinedStructure) -> Values:
    return g.inclination(body.corner(g.INFERIOR_ANTERIOR), body.corner(g.INFERIOR_POSTERIOR))


def _wall(body: OutlinedStructure) -> Values:
    """Inclination of the posterior wall, turned by 90° so that an upright one has 0."""
    lower, upper = body.corner(g.INFERIOR_POSTERIOR), body.corner(g.SUPERIOR_POSTERIOR)
    row, column = np.moveaxis(lower - upper, -1, 0)
    return np.asarray(np.degrees(np.arctan2(-column, row)))


@define(
    Scope.LEVEL, Quantity.ANGLE,
    "inferior endplate of the upper against superior endplate of the lower body, open forwards",
    source=_COBB, needs=_FACING,
)  # fmt: skip
def disc_wedge_angle(spine: Spine, at: Structure) -> Values:
    upper, lower = spine.around(at)
    return g.turn(_inferior(upper), _superior(lower))


@define(
    Scope.LEVEL, Quantity.ANGLE,
    "superior endplate of the upper against superior endplate of the lower body; the five add "
    "up to lordosis L1–S1",
    source=_COBB, needs=_SUPERIOR,
)  # fmt: skip
def segmental_angle(spine: Spine, at: Structure) -> Values:
    upper, lower = spine.around(at)
    return g.turn(_superior(upper), _superior(lower))


def _slip(spine: Spine, at: Structure, upper_corner: int, lower_corner: int) -> Values:
    """Offset of the upper corner from the lower, forwards along the lower superior endplate."""
    upper, lower = spine.around(at)
    forwards = g.unit(lower.corner(g.SUPERIOR_ANTERIOR) - lower.corner(g.SUPERIOR_POSTERIOR))
    offset = upper.corner(upper_corner) - lower.corner(lower_corner)
    return np.asarray((offset * forwards).sum(axis=-1))


def _base(spine: Spine, at: Structure) -> Values:
    lower = spine.around(at)[1]
    return g.distance(lower.corner(g.SUPERIOR_ANTERIOR), lower.corner(g.SUPERIOR_POSTERIOR))


@define(
    Scope.LEVEL, Quantity.LENGTH,
    "posterior inferior corner of the upper body against posterior superior corner of the lower, "
    "along the lower superior endplate; forwards positive",
    source="after Meyerding", needs=_FACING,
)  # fmt: skip
def slip(spine: Spine, at: Structure) -> Values:
    return _slip(spine, at, g.INFERIOR_POSTERIOR, g.SUPERIOR_POSTERIOR)


@define(
    Scope.LEVEL, Quantity.PERCENT, "slip / length of the lower superior endplate",
    source="after Meyerding", needs=_FACING,
)  # fmt: skip
def slip_share(spine: Spine, at: Structure) -> Values:
    return np.asarray(100 * slip(spine, at) / _base(spine, at))


@define(
    Scope.LEVEL, Quantity.TEXT,
    f"direction, and Meyerding's grade of |slip|: I ≤ 25, II ≤ 50, III ≤ 75, IV ≤ 100 %, V beyond; "
    f"below {SLIP_FLOOR:g} % or twice its standard error none is named",
    source="Meyerding; the floor is this package's", needs=_FACING,
)  # fmt: skip
def slip_band(spine: Spine, at: Structure) -> str:
    values = slip_share(spine, at)
    return meyerding(float(values[0]), float(values[1:].std()))


def meyerding(percent: float, error: float = 0.0) -> str:
    """Direction and grade band of a slip; empty where it is not a number.

    Args:
        percent: Of the lower superior endplate's length, forwards positive.
        error: Its standard error.
    """
    if not np.isfinite(percent):
        return ""
    size = abs(percent)
    if size < max(SLIP_FLOOR, 2 * error):
        return "none beyond noise"
    grade = next((n for n, top in zip(("I", "II", "III", "IV"), (25, 50, 75, 100), strict=True)
                  if size <= top), "V")  # fmt: skip
    return f"{'anterior' if percent > 0 else 'posterior'}, grade {grade} band"


@define(
    Scope.LEVEL, Quantity.LENGTH,
    "anterior inferior corner of the upper body against anterior superior corner of the lower, "
    "along the lower superior endplate; forwards positive",
    needs=_FACING,
)  # fmt: skip
def slip_anterior(spine: Spine, at: Structure) -> Values:
    return _slip(spine, at, g.INFERIOR_ANTERIOR, g.SUPERIOR_ANTERIOR)


@define(
    Scope.LEVEL, Quantity.PERCENT, "slip_anterior / length of the lower superior endplate",
    needs=_FACING,
)  # fmt: skip
def slip_anterior_share(spine: Spine, at: Structure) -> Values:
    return np.asarray(100 * slip_anterior(spine, at) / _base(spine, at))


@define(
    Scope.LEVEL, Quantity.PERCENT,
    "mean of slip_share and slip_anterior_share, plus 4.9: how far from the usual place a body "
    "lies, which is a little behind the one below; forwards positive",
    source="this package; 4.9 is the median over levels without spondylolisthesis of SPIDER's "
    "training patients",
    needs=_FACING,
)  # fmt: skip
def offset_from_usual(spine: Spine, at: Structure) -> Values:
    both = slip_share(spine, at) + slip_anterior_share(spine, at)
    return np.asarray(both / 2 + _USUAL_SLIP)


@define(
    Scope.LEVEL, Quantity.LENGTH,
    "distance of the upper body's posterior inferior corner from the line of the lower body's "
    "posterior wall; forwards positive",
    source="posterior wall line (George's line)", needs="both bodies; so S1's posterior wall",
)  # fmt: skip
def wall_offset(spine: Spine, at: Structure) -> Values:
    upper, lower = spine.around(at)
    start, end = lower.corner(g.SUPERIOR_POSTERIOR), lower.corner(g.INFERIOR_POSTERIOR)
    return -g.away(upper.corner(g.INFERIOR_POSTERIOR), start, end)


@define(
    Scope.SPINE, Quantity.ANGLE, "superior endplate of L1 against superior endplate of S1",
    source=_COBB, needs="L1 and S1",
    normal=({"spine": (29.5, 66.3)}, "supine MRI 47.9 ± 9.2°, here ± 2 SD, n = 63 (Benditz 2017)"),
)  # fmt: skip
def lordosis_l1_s1(spine: Spine, _: Structure) -> Values:
    return g.turn(_superior(spine.block(_L1)), _superior(spine.block(_S1)))


@define(
    Scope.SPINE, Quantity.ANGLE, "superior endplate of L1 against inferior endplate of L5",
    source=_COBB, needs="L1 and L5",
)  # fmt: skip
def lordosis_l1_l5(spine: Spine, _: Structure) -> Values:
    return g.turn(_superior(spine.block(_L1)), _inferior(spine.block(_L5)))


@define(
    Scope.SPINE, Quantity.ANGLE, "posterior wall of L1 against posterior wall of L5",
    source="Harrison's posterior tangents", needs="L1 and L5",
)  # fmt: skip
def lordosis_tangents(spine: Spine, _: Structure) -> Values:
    return g.turn(_wall(spine.block(_L1)), _wall(spine.block(_L5)))


@define(
    Scope.SPINE, Quantity.ANGLE,
    "superior endplate of S1 against the patient's horizontal: the image's, less the tilt of its "
    "columns where the file states it; supine",
    source="sacral slope (Ferguson's angle)", needs="S1, in a picture that stands upright",
    normal=({}, "supine MRI about 2° over standing (fsurg.2023.1103952)"),
)  # fmt: skip
def sacral_slope(spine: Spine, _: Structure) -> Values:
    if spine.turned:
        raise NotGivenError(NO_HORIZONTAL)
    return np.asarray(-(_superior(spine.block(_S1)) + spine.tilt))


@define(
    Scope.SPINE, Quantity.ANGLE,
    "long axis of L5, through the middles of its endplates, against the normal of S1's superior "
    "endplate",
    needs="L5 and S1",
)  # fmt: skip
def lumbosacral_angle(spine: Spine, _: Structure) -> Values:
    body, sacrum = spine.pair(_L5, _S1)
    row, column = np.moveaxis(body.middle(g.INFERIOR) - body.middle(g.SUPERIOR), -1, 0)
    axis = np.degrees(np.arctan2(-column, row))
    return g.turn(axis, _superior(sacrum))


def _curve(spine: Spine) -> Points:
    """`(K, P, 2)` middles of endplates from L1's superior to S1's, or L5's inferior."""
    bodies = [spine.block(body) for body in VERTEBRAE[:-1]]
    named = VERTEBRAE if _S1 in spine.blocks else VERTEBRAE[:-1]
    for upper, lower in pairwise(named):
        spine.pair(upper, lower)
    points = [b.middle(side) for b in bodies for side in (g.SUPERIOR, g.INFERIOR)]
    if _S1 in spine.blocks:
        points.append(spine.blocks[_S1].middle(g.SUPERIOR))
    return np.stack(points, axis=1)


@define(
    Scope.SPINE, Quantity.LENGTH,
    "length of the line through the middles of all endplates, from L1's superior to S1's superior",
    needs="L1 to S1",
)  # fmt: skip
def lumbar_length(spine: Spine, _: Structure) -> Values:
    spine.block(_S1)
    steps = np.diff(_curve(spine), axis=1)
    return np.asarray(np.hypot(steps[..., 0], steps[..., 1]).sum(axis=1))


def _arrow(spine: Spine) -> Values:
    """`(K, P)` distance of the curve's points in front of the line between its ends."""
    curve = _curve(spine)
    start, end = curve[:, :1], curve[:, -1:]
    return -g.away(curve, start, end)


@define(
    Scope.SPINE, Quantity.LENGTH,
    "greatest distance of the endplates' middles in front of the line from the first to the last",
    needs="L1 to L5; with S1 the line ends there",
)  # fmt: skip
def curve_depth(spine: Spine, _: Structure) -> Values:
    return np.asarray(_arrow(spine).max(axis=1))


@define(
    Scope.SPINE, Quantity.TEXT, "the structure at the curve's most forward point",
    needs="L1 to L5; with S1 the line ends there",
)  # fmt: skip
def curve_apex(spine: Spine, _: Structure) -> str:
    arrow = _arrow(spine)[0]
    if not np.isfinite(arrow).all():
        return ""
    curve, place = _curve(spine)[0], int(arrow.argmax())
    if arrow[place] <= 0:
        return "none"
    known = [spine.blocks[s] for s in SPINE if s in spine.blocks]
    gaps = [float(np.hypot(*(b.centre - curve[place]))) for b in known]
    return known[int(np.argmin(gaps))].structure.name


@define(
    Scope.SPINE, Quantity.PERCENT,
    "greatest slip of any level, by size, with its sign", needs="at least one level",
)  # fmt: skip
def slip_greatest(spine: Spine, _: Structure) -> Values:
    found = []
    for disc in Scope.LEVEL.of(spine):
        try:
            found.append(slip_share(spine, disc))
        except NotGivenError:
            continue
    found = [values for values in found if np.isfinite(values[0])]
    if not found:
        raise NotGivenError("no level has a slip")
    return max(found, key=lambda values: abs(float(values[0])))


LEVEL_MEASURES: Final[tuple[Definition, ...]] = (
    disc_wedge_angle,
    segmental_angle,
    slip,
    slip_share,
    slip_band,
    slip_anterior,
    slip_anterior_share,
    offset_from_usual,
    wall_offset,
)
"""Measures of levels, in the order of the table."""

SPINE_MEASURES: Final[tuple[Definition, ...]] = (
    lordosis_l1_s1,
    lordosis_l1_l5,
    lordosis_tangents,
    sacral_slope,
    lumbosacral_angle,
    lumbar_length,
    curve_depth,
    curve_apex,
    slip_greatest,
)
"""Measures of the whole spine, in the order of the table."""
