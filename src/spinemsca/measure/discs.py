"""Measures of one disc, from its own outline or between the endplates that face it.

Several definitions of disc height live side by side, since on the same discs they differ by
millimetres; each bears its name and none is *the* disc height.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from spinemsca.anatomy import DISCS, Structure, above, below
from spinemsca.measure import geometry as g
from spinemsca.measure.definitions import Definition, Quantity, Scope, Values, define
from spinemsca.measure.landmarks import DRAWS
from spinemsca.measure.outlined_structure import NotGivenError, is_sacral
from spinemsca.measure.vertebrae import depth_of, middle_height

if TYPE_CHECKING:
    from spinemsca.measure.contour import Points
    from spinemsca.measure.spine import Spine

__all__ = ["DISC_MEASURES"]

# What a measure needs, as tables print it.
_DISC: Final = "the disc's outline"
# What a measure needs, as tables print it.
_FACING: Final = "both facing endplates"
# Where reference values come from, as tables print it.
_ZHENG: Final = "Zheng et al., Nat Commun 13:841, 2022"
# Where reference values come from, as tables print it.
_FOURTEEN: Final = "L1/2 to L5/S1, n = 14 (anatomyjournal.ir A-10-159-1); 106 others are lower"
# Of healthy men from L1/2 to L5/S1, from the means of Zheng et al.
_HEALTHY_INDEX: Final = (0.277, 0.308, 0.340, 0.369, 0.372)
# Share of the disc's axis, to either side, that a height is taken over; chosen, not measured.
_WINDOW: Final = 0.05
# In pixels: what few points of outline leave uncertain beyond the error of the whole border.
_LOCAL_ERROR: Final = 0.2
# Where the names of methods come from, as tables print it.
_NAMES: Final = "methods compared in Thieme a-1994-0879"


@define(
    Scope.DISC, Quantity.LENGTH, "thickness of the disc across its axis, a fifth of its depth from "
    "its anterior end", needs=_DISC,
    normal=({}, f"10.8, 13.1, 15.2, 18.1, 18.7 mm at the anterior end; {_FOURTEEN}"),
)  # fmt: skip
def disc_height_anterior(spine: Spine, at: Structure) -> Values:
    return _shared_thickness(spine, at, 0.2)


@define(
    Scope.DISC, Quantity.LENGTH, "thickness of the disc across its axis, at half its depth",
    needs=_DISC, normal=({}, f"10.0, 11.6, 12.5, 13.8, 13.0 mm; {_FOURTEEN}"),
)  # fmt: skip
def disc_height_middle(spine: Spine, at: Structure) -> Values:
    return _shared_thickness(spine, at, 0.5)


@define(
    Scope.DISC, Quantity.LENGTH, "thickness of the disc across its axis, a fifth of its depth from "
    "its posterior end", needs=_DISC,
    normal=({}, f"7.3, 8.6, 9.1, 10.1, 8.5 mm at the posterior end; {_FOURTEEN}"),
)  # fmt: skip
def disc_height_posterior(spine: Spine, at: Structure) -> Values:
    return _shared_thickness(spine, at, 0.8)


def _shared_thickness(spine: Spine, at: Structure, place: float) -> Values:
    key = ("thickness", at.value, place)
    if key not in spine.cache:
        spine.cache[key] = _thickness(spine, at, place)
    found: Values = spine.cache[key]
    return found


def _thickness(spine: Spine, at: Structure, place: float) -> Values:
    """Distance of the lower from the upper border near a place on the axis, 0 to 1."""
    disc = spine.block(at)
    front, back = disc.middle(g.ANTERIOR)[0], disc.middle(g.POSTERIOR)[0]
    if not np.isfinite([front, back]).all():
        return np.full(DRAWS + 1, np.nan)
    along = g.unit(back - front)
    near = np.abs((disc.outline - front) @ along / g.distance(front, back) - place) < _WINDOW
    heights = g.away(disc.outline[near], front, back)
    upper = heights > (heights.max() + heights.min()) / 2 if near.any() else near[:0]
    if upper.all() or not upper.any():
        raise NotGivenError("the disc's borders cannot be told apart")
    draws = np.random.default_rng(at.value).standard_normal(DRAWS + 1)
    draws[0] = 0
    middle = middle_height(disc) + _LOCAL_ERROR * spine.pixel.mean() * draws
    return np.asarray(heights[upper].mean() - heights[~upper].mean() + middle - middle[0])


def _three(spine: Spine, at: Structure) -> Values:
    heights = (disc_height_anterior, disc_height_middle, disc_height_posterior)
    return np.asarray(np.mean([height(spine, at) for height in heights], axis=0))


@define(Scope.DISC, Quantity.LENGTH, "disc area / disc depth", needs=_DISC)
def disc_height_mean_area(spine: Spine, at: Structure) -> Values:
    return spine.block(at).area / disc_depth(spine, at)


@define(
    Scope.DISC, Quantity.LENGTH, "between the facing anterior corners of the bodies",
    needs=_FACING,
)  # fmt: skip
def disc_space_height_anterior(spine: Spine, at: Structure) -> Values:
    return _facing(spine, at)[0]


@define(
    Scope.DISC, Quantity.LENGTH, "between the facing posterior corners of the bodies",
    needs=_FACING,
)  # fmt: skip
def disc_space_height_posterior(spine: Spine, at: Structure) -> Values:
    return _facing(spine, at)[1]


@define(
    Scope.DISC, Quantity.LENGTH,
    "between the middles of the facing endplates, corners of the bodies",
    source=f"Hurxthal, {_NAMES}", needs=_FACING,
)  # fmt: skip
def disc_height_hurxthal(spine: Spine, at: Structure) -> Values:
    upper, lower = spine.around(at)
    return g.distance(upper.middle(g.INFERIOR), lower.middle(g.SUPERIOR))


@define(
    Scope.DISC, Quantity.LENGTH,
    "(anterior + posterior distance between facing corners of the bodies) / 2",
    source=f"Dabbs, {_NAMES}", needs=_FACING,
)  # fmt: skip
def disc_height_dabbs(spine: Spine, at: Structure) -> Values:
    front, back = _facing(spine, at)
    return np.asarray((front + back) / 2)


@define(
    Scope.DISC, Quantity.LENGTH,
    "(anterior + middle + posterior distance between the facing endplates) / 3",
    source=f"Fyllos, {_NAMES}; its three points taken as these", needs=_FACING,
)  # fmt: skip
def disc_height_fyllos(spine: Spine, at: Structure) -> Values:
    front, back = _facing(spine, at)
    return np.asarray((front + back + disc_height_hurxthal(spine, at)) / 3)


def _facing(spine: Spine, at: Structure) -> tuple[Values, Values]:
    """Anterior and posterior distance between the corners that face each other."""
    upper, lower = spine.around(at)
    return (
        g.distance(upper.corner(g.INFERIOR_ANTERIOR), lower.corner(g.SUPERIOR_ANTERIOR)),
        g.distance(upper.corner(g.INFERIOR_POSTERIOR), lower.corner(g.SUPERIOR_POSTERIOR)),
    )


@define(
    Scope.DISC, Quantity.RATIO,
    "(anterior + posterior distance between facing corners) / disc depth",
    source="Farfan's ratio; its name is not confirmed", needs=f"{_FACING} and {_DISC}",
)  # fmt: skip
def disc_height_farfan(spine: Spine, at: Structure) -> Values:
    front, back = _facing(spine, at)
    return np.asarray((front + back) / disc_depth(spine, at))


@define(
    Scope.DISC, Quantity.RATIO,
    "distances of the two facing anterior corners from the bisector of the bodies' mid-planes, "
    "summed, over the upper body's depth; unlike the source's, not corrected to a standard angle",
    source="after Frobin et al., Clin Biomech 1997; deviates: the source's correction for the "
    "angle between the bodies, by level, is left out, since its coefficients are not confirmed, so "
    "that values of differently bent levels are not comparable with the source's norms",
    needs="both bodies; so not given at L5/S1",
)  # fmt: skip
def disc_height_frobin(spine: Spine, at: Structure) -> Values:
    upper, lower = spine.around(at)
    if is_sacral(lower.structure):
        raise NotGivenError(f"{lower.structure} has no mid-plane")
    directions = [g.unit(b.middle(g.POSTERIOR) - b.middle(g.ANTERIOR)) for b in (upper, lower)]
    bisector = g.unit(directions[0] + directions[1])
    across = upper.corner(g.INFERIOR_ANTERIOR) - lower.corner(g.SUPERIOR_ANTERIOR)
    height = np.abs(across[..., 0] * bisector[..., 1] - across[..., 1] * bisector[..., 0])
    return np.asarray(height / depth_of(upper))


@define(
    Scope.DISC, Quantity.RATIO,
    "mean of the disc's three heights / mean mid-height of both bodies; at L5/S1, of L5 alone",
    source=_ZHENG, needs=f"{_DISC} and the endplates of both bodies",
    normal=({}, "healthy men's means .277, .308, .340, .369, .372 from L1/2 to L5/S1 (Zheng 2022)"),
)  # fmt: skip
def disc_height_index(spine: Spine, at: Structure) -> Values:
    return np.asarray(_three(spine, at) / _bodies_height(spine, at))


@define(
    Scope.DISC, Quantity.RATIO,
    "disc_height_middle / mean mid-height of both bodies (at L5/S1, of L5), over the height index "
    "of healthy men at the same level, .277, .308, .340, .369, .372: falls as a disc narrows",
    source=f"this package, with means of {_ZHENG}",
    needs=f"{_DISC} and the endplates of both bodies",
)  # fmt: skip
def disc_height_to_healthy(spine: Spine, at: Structure) -> Values:
    if at not in DISCS:
        raise NotGivenError(f"no healthy discs to compare {at} with")
    healthy = _HEALTHY_INDEX[DISCS.index(at)]
    return np.asarray(disc_height_middle(spine, at) / _bodies_height(spine, at) / healthy)


def _bodies_height(spine: Spine, at: Structure) -> Values:
    sacral = is_sacral(below(at))
    bodies = (spine.pair(above(at), at)[0],) if sacral else spine.around(at)
    return np.asarray(np.mean([middle_height(body) for body in bodies], axis=0))


@define(
    Scope.DISC, Quantity.RATIO, "mean of the disc's three heights / mid-height of the body above",
    needs=f"{_DISC} and the endplates of the body above",
)  # fmt: skip
def disc_height_index_above(spine: Spine, at: Structure) -> Values:
    return _three(spine, at) / middle_height(spine.pair(above(at), at)[0])


@define(
    Scope.DISC, Quantity.RATIO, "mean of the disc's three heights / disc depth",
    source=_ZHENG, needs=_DISC,
    normal=({}, "healthy men's means .216, .232, .247, .257, .271 from L1/2 to L5/S1 (Zheng 2022)"),
)  # fmt: skip
def disc_height_to_depth(spine: Spine, at: Structure) -> Values:
    return _three(spine, at) / disc_depth(spine, at)


@define(
    Scope.DISC, Quantity.LENGTH, "between the middles of the anterior and posterior border",
    needs=_DISC,
)  # fmt: skip
def disc_depth(spine: Spine, at: Structure) -> Values:
    disc = spine.block(at)
    return g.distance(disc.middle(g.ANTERIOR), disc.middle(g.POSTERIOR))


@define(Scope.DISC, Quantity.AREA, "pixels of the disc times the pixel's area", needs=_DISC)
def disc_area(spine: Spine, at: Structure) -> Values:
    return spine.block(at).area


@define(
    Scope.DISC, Quantity.LENGTH,
    "farthest reach of the disc behind the line through the facing posterior corners",
    needs=f"{_DISC} and {_FACING}",
)  # fmt: skip
def disc_bulge_posterior(spine: Spine, at: Structure) -> Values:
    upper, lower = spine.around(at)
    start, end = upper.corner(g.INFERIOR_POSTERIOR), lower.corner(g.SUPERIOR_POSTERIOR)
    return _reach(spine, at, start, end)


@define(
    Scope.DISC, Quantity.LENGTH,
    "farthest reach of the disc before the line through the facing anterior corners",
    needs=f"{_DISC} and {_FACING}",
)  # fmt: skip
def disc_bulge_anterior(spine: Spine, at: Structure) -> Values:
    upper, lower = spine.around(at)
    start, end = upper.corner(g.INFERIOR_ANTERIOR), lower.corner(g.SUPERIOR_ANTERIOR)
    return _reach(spine, at, end, start)


def _reach(spine: Spine, at: Structure, start: Points, end: Points) -> Values:
    """How far the disc reaches to the left of a line, looking along it."""
    outline = spine.block(at).outline
    if not np.isfinite(start[0]).all() or not np.isfinite(end[0]).all():
        return np.full(len(start), np.nan)
    return g.beyond(outline, start, end)


DISC_MEASURES: Final[tuple[Definition, ...]] = (
    disc_height_anterior,
    disc_height_middle,
    disc_height_posterior,
    disc_height_mean_area,
    disc_space_height_anterior,
    disc_space_height_posterior,
    disc_height_hurxthal,
    disc_height_dabbs,
    disc_height_fyllos,
    disc_height_farfan,
    disc_height_frobin,
    disc_height_index,
    disc_height_to_healthy,
    disc_height_index_above,
    disc_height_to_depth,
    disc_depth,
    disc_area,
    disc_bulge_posterior,
    disc_bulge_anterior,
)
"""Measures of discs, in the order of the table."""
