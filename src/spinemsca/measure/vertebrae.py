"""Measures of one vertebral body.

Heights and depths run between corners (six-point morphometry); S1 gets none of these, since
its lower end is no endplate.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemsca.measure import geometry as g
from spinemsca.measure.definitions import Definition, Quantity, Scope, Values, by_level, define
from spinemsca.measure.outlined_structure import NotGivenError, OutlinedStructure, is_sacral

if TYPE_CHECKING:
    from spinemsca.anatomy import Structure
    from spinemsca.measure.spine import Spine

__all__ = ["VERTEBRA_MEASURES", "depth_of", "loss_band", "middle_height"]

# A formula's name, as tables print it.
_SIX_POINT: Final = "six-point morphometry"
# Where grades come from, as tables print it.
_GENANT: Final = "Genant et al., J Bone Miner Res 8:1137, 1993"
# What a measure needs, as tables print it.
_BODY: Final = "all four sides of the body"
# From the source that is named in it.
_L1_L2_WEDGE: Final = (
    by_level((0.89, 0.90), 0.14, "L1 L2"),
    "mean ± 2 SD, n = 115, PubMed 21104252",
)


def _body(spine: Spine, at: Structure) -> OutlinedStructure:
    if is_sacral(at):
        raise NotGivenError(f"{at} has no inferior endplate")
    return spine.block(at)


def middle_height(body: OutlinedStructure) -> Values:
    """Height of a body between the middles of its two endplates."""
    return g.distance(body.middle(g.SUPERIOR), body.middle(g.INFERIOR))


def depth_of(body: OutlinedStructure) -> Values:
    """Mean length of the two endplates."""
    upper = g.distance(body.corner(g.SUPERIOR_ANTERIOR), body.corner(g.SUPERIOR_POSTERIOR))
    lower = g.distance(body.corner(g.INFERIOR_ANTERIOR), body.corner(g.INFERIOR_POSTERIOR))
    return np.asarray((upper + lower) / 2)


def _anterior(body: OutlinedStructure) -> Values:
    return g.distance(body.corner(g.SUPERIOR_ANTERIOR), body.corner(g.INFERIOR_ANTERIOR))


def _posterior(body: OutlinedStructure) -> Values:
    return g.distance(body.corner(g.SUPERIOR_POSTERIOR), body.corner(g.INFERIOR_POSTERIOR))


@define(
    Scope.VERTEBRA, Quantity.LENGTH, "Ha: anterior superior to anterior inferior corner",
    source=_SIX_POINT, needs=_BODY,
)  # fmt: skip
def body_height_anterior(spine: Spine, at: Structure) -> Values:
    return _anterior(_body(spine, at))


@define(
    Scope.VERTEBRA, Quantity.LENGTH, "Hm: between the middles of the endplates",
    source=_SIX_POINT, needs="both endplates",
)  # fmt: skip
def body_height_middle(spine: Spine, at: Structure) -> Values:
    return middle_height(_body(spine, at))


@define(
    Scope.VERTEBRA, Quantity.LENGTH, "Hp: posterior superior to posterior inferior corner",
    source=_SIX_POINT, needs=_BODY,
)  # fmt: skip
def body_height_posterior(spine: Spine, at: Structure) -> Values:
    return _posterior(_body(spine, at))


@define(
    Scope.VERTEBRA, Quantity.LENGTH, "between the middles of the anterior and posterior walls",
    needs="both walls",
)  # fmt: skip
def body_depth_middle(spine: Spine, at: Structure) -> Values:
    body = _body(spine, at)
    return g.distance(body.middle(g.ANTERIOR), body.middle(g.POSTERIOR))


@define(
    Scope.VERTEBRA, Quantity.LENGTH, "length of the superior endplate, corner to corner",
    needs="superior endplate and both walls",
)  # fmt: skip
def endplate_length_superior(spine: Spine, at: Structure) -> Values:
    body = spine.block(at)
    return g.distance(body.corner(g.SUPERIOR_ANTERIOR), body.corner(g.SUPERIOR_POSTERIOR))


@define(
    Scope.VERTEBRA, Quantity.LENGTH, "length of the inferior endplate, corner to corner",
    needs="inferior endplate and both walls",
)  # fmt: skip
def endplate_length_inferior(spine: Spine, at: Structure) -> Values:
    body = _body(spine, at)
    return g.distance(body.corner(g.INFERIOR_ANTERIOR), body.corner(g.INFERIOR_POSTERIOR))


@define(Scope.VERTEBRA, Quantity.AREA, "pixels of the body times the pixel's area", needs=_BODY)
def body_area(spine: Spine, at: Structure) -> Values:
    return _body(spine, at).area


@define(
    Scope.VERTEBRA, Quantity.RATIO, "Ha / Hp", source=_SIX_POINT, needs=_BODY, normal=_L1_L2_WEDGE
)
def wedge(spine: Spine, at: Structure) -> Values:
    body = _body(spine, at)
    return _anterior(body) / _posterior(body)


@define(Scope.VERTEBRA, Quantity.RATIO, "Hm / Hp", source=_SIX_POINT, needs=_BODY)
def biconcavity(spine: Spine, at: Structure) -> Values:
    body = _body(spine, at)
    return middle_height(body) / _posterior(body)


@define(
    Scope.VERTEBRA, Quantity.RATIO, "Hp / mean Hp of the neighbouring bodies",
    source=_SIX_POINT, needs=f"{_BODY}, and of at least one neighbour (L1 to L5)",
)  # fmt: skip
def crush(spine: Spine, at: Structure) -> Values:
    own = _posterior(_body(spine, at))
    others = np.mean([_posterior(body) for body in _neighbours(spine, at)], axis=0)
    return np.asarray(own / others)


def _neighbours(spine: Spine, at: Structure) -> list[OutlinedStructure]:
    """The bodies next above and below, those of them that have their posterior height."""
    bodies = [body for body in spine.bodies() if not is_sacral(body)]
    place = bodies.index(at)
    found: list[OutlinedStructure] = []
    reason = "no neighbouring body to compare with"
    for upper, lower in pairwise(bodies[max(place - 1, 0) : place + 2]):
        try:
            found += [body for body in spine.pair(upper, lower) if body.structure != at]
        except NotGivenError as missing:
            reason = str(missing)
    found = [body for body in found if np.isfinite(_posterior(body)[0])]
    if not found:
        raise NotGivenError(reason)
    return found


@define(
    Scope.VERTEBRA, Quantity.PERCENT,
    "greatest of 1 - Ha/Hp, 1 - Hm/Hp, 1 - Hp/Hp of neighbours; 0 where none is positive",
    source=f"after {_GENANT}", needs=_BODY,
)  # fmt: skip
def height_loss(spine: Spine, at: Structure) -> Values:
    body = _body(spine, at)
    losses = [1 - _anterior(body) / _posterior(body), 1 - middle_height(body) / _posterior(body)]
    with suppress(NotGivenError):
        losses.append(1 - crush(spine, at))
    return np.asarray(100 * np.maximum(np.max(losses, axis=0), 0))


@define(
    Scope.VERTEBRA, Quantity.TEXT,
    "height loss < 20, 20–25, 25–40, > 40 %; a band of height, not a diagnosis of fracture",
    source=_GENANT, needs=_BODY,
)  # fmt: skip
def height_loss_band(spine: Spine, at: Structure) -> str:
    return loss_band(float(height_loss(spine, at)[0]))


def loss_band(percent: float) -> str:
    """Genant's band of a height loss in percent; empty where it is not a number."""
    if not np.isfinite(percent):
        return ""
    bounds = ((20, "< 20 %"), (25, "20–25 %"), (40, "25–40 %"))
    return next((text for bound, text in bounds if percent < bound), "> 40 %")


@define(
    Scope.VERTEBRA, Quantity.LENGTH,
    "greatest depth of the superior endplate below the line through its corners",
    needs="superior endplate and both walls",
)  # fmt: skip
def concavity_superior(spine: Spine, at: Structure) -> Values:
    body = spine.block(at)
    return _hollow(body, g.SUPERIOR_ANTERIOR, g.SUPERIOR_POSTERIOR, g.SUPERIOR)


@define(
    Scope.VERTEBRA, Quantity.LENGTH,
    "greatest depth of the inferior endplate below the line through its corners",
    needs="inferior endplate and both walls",
)  # fmt: skip
def concavity_inferior(spine: Spine, at: Structure) -> Values:
    body = _body(spine, at)
    return _hollow(body, g.INFERIOR_POSTERIOR, g.INFERIOR_ANTERIOR, g.INFERIOR)


def _hollow(body: OutlinedStructure, first: int, last: int, side: int) -> Values:
    """Depth inside its chord of the outline between two corners."""
    start, end = body.corner(first), body.corner(last)
    if not np.isfinite([start[0], end[0]]).all():
        return np.full(len(start), np.nan)
    arc = g.arc(body.outline, start[0], end[0])
    depth = max(float((-g.away(arc, start[0], end[0])).max()), 0.0)
    middle = -g.away(body.middle(side), start, end)
    return np.asarray(np.maximum(depth + middle - middle[0], 0))


@define(
    Scope.VERTEBRA, Quantity.ANGLE, "between the superior and the inferior endplate, open forwards",
    needs=_BODY,
)  # fmt: skip
def body_wedge_angle(spine: Spine, at: Structure) -> Values:
    body = _body(spine, at)
    upper = g.inclination(body.corner(g.SUPERIOR_ANTERIOR), body.corner(g.SUPERIOR_POSTERIOR))
    lower = g.inclination(body.corner(g.INFERIOR_ANTERIOR), body.corner(g.INFERIOR_POSTERIOR))
    return g.turn(upper, lower)


VERTEBRA_MEASURES: Final[tuple[Definition, ...]] = (
    body_height_anterior,
    body_height_middle,
    body_height_posterior,
    body_depth_middle,
    endplate_length_superior,
    endplate_length_inferior,
    body_area,
    wedge,
    biconcavity,
    crush,
    height_loss,
    height_loss_band,
    concavity_superior,
    concavity_inferior,
    body_wedge_angle,
)
"""Measures of vertebrae, in the order of the table."""
