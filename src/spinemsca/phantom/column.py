"""The column of vertebrae and discs: from parameters to outlines.

The origin is the centre of S1's upper endplate; see `geometry` for axes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemsca.phantom.geometry import Frame, Points, edge, inset, outward, rounded

if TYPE_CHECKING:
    from spinemsca.phantom.parameters import Disc, SchmorlNode, Shape, Vertebra

__all__ = ["BodyShape", "build_column", "disc_outline", "nucleus_outline", "rim"]

# Points of a curve; chosen, not measured.
_STEPS: Final = 41
_CORNER_RADIUS: Final = 1.3
"""mm; corners of the body on plain radiographs look sharper than of the bone itself."""

_WALL, _ENDPLATE = 0.5, 0.85
"""mm that look dark at a body's walls and endplates: cortex, and cartilage with it."""


@dataclass(frozen=True, slots=True, eq=False)
class BodyShape:
    """A vertebral body in its place.

    Attributes:
        vertebra: What it was built from.
        upper: Frame of the upper endplate.
        lower: Frame of the lower endplate.
        outline: `(n, 2)` closed outline with rounded corners.
    """

    vertebra: Vertebra
    upper: Frame
    lower: Frame
    outline: Points

    @property
    def centre(self) -> Frame:
        """Frame midway between the endplates."""
        a, b = self.upper, self.lower
        return Frame((a.x + b.x) / 2, (a.y + b.y) / 2, (a.tilt + b.tilt) / 2)

    def upper_edge(self, gap: float = 0.0) -> Points:
        """`(41, 2)` upper endplate from anterior to posterior, `gap` mm outside the bone."""
        v = self.vertebra
        start, end, *_ = _corners(v, self.upper, self.lower)
        return edge(start, end, _endplate(v.concavity[0], v.upper_node, v.depth) - gap)

    def lower_edge(self, gap: float = 0.0) -> Points:
        """`(41, 2)` lower endplate from anterior to posterior, `gap` mm outside the bone."""
        v = self.vertebra
        *_, end, start = _corners(v, self.upper, self.lower)
        return edge(start, end, gap - _endplate(v.concavity[1], v.lower_node, v.lower_depth))


def build_column(shape: Shape) -> dict[str, BodyShape]:
    """Bodies by vertebra's name, from the head down."""
    names = [v.name for v in shape.vertebrae]
    sacrum = names.index("S1")
    top = Frame(0.0, 0.0, shape.sacral_slope)
    bodies = {}
    upper = top
    for i in range(sacrum, len(names)):
        body = _hung(shape.vertebrae[i], upper)
        bodies[names[i]] = body
        if i < len(shape.discs):
            disc = shape.discs[i]
            upper = body.lower.moved(disc.slip, -disc.height, disc.wedge)
    upper = top
    for i in range(sacrum - 1, -1, -1):
        disc = shape.discs[i]
        body = _stood(shape.vertebrae[i], upper.moved(-disc.slip, disc.height, -disc.wedge))
        bodies[names[i]] = body
        upper = body.upper
    return {name: bodies[name] for name in names}


def _stood(vertebra: Vertebra, lower: Frame) -> BodyShape:
    upper = lower.moved(0.0, vertebra.height, -vertebra.wedge)
    return BodyShape(vertebra, upper, lower, _outline(vertebra, upper, lower))


def _hung(vertebra: Vertebra, upper: Frame) -> BodyShape:
    lower = upper.moved(0.0, -vertebra.height, vertebra.wedge)
    return BodyShape(vertebra, upper, lower, _outline(vertebra, upper, lower))


def _corners(v: Vertebra, upper: Frame, lower: Frame) -> tuple[Points, Points, Points, Points]:
    return (
        upper.centre - upper.along * v.depth / 2,
        upper.centre + upper.along * v.depth / 2,
        lower.centre + lower.along * v.lower_depth / 2,
        lower.centre - lower.along * v.lower_depth / 2,
    )


def _outline(v: Vertebra, upper: Frame, lower: Frame) -> Points:
    sa, sp, ip, ia = _corners(v, upper, lower)
    lip_sa, lip_sp, lip_ia, lip_ip = v.lips
    edges = (
        edge(sa, sp, _endplate(v.concavity[0], v.upper_node, v.depth)),
        edge(sp, ip, _wall(v.waist[1], lip_sp, lip_ip, v.height)),
        edge(ip, ia, _endplate(v.concavity[1], v.lower_node, v.lower_depth)[::-1]),
        edge(ia, sa, _wall(v.waist[0], lip_ia, lip_sa, v.height)),
    )
    return rounded(np.vstack([e[:-1] for e in edges]), _CORNER_RADIUS)


def _endplate(concavity: float, node: SchmorlNode | None, depth: float) -> Points:
    t = np.linspace(0, 1, _STEPS)
    # The deepest point of a lumbar endplate lies behind its middle.
    dent = concavity * np.sin(np.pi * t**1.15) ** 0.8
    if node is not None:
        dent = dent + node.depth * np.exp(-0.5 * ((t - node.position) * depth / node.width) ** 2)
    return np.asarray(dent)


def _wall(waist: float, first_lip: float, last_lip: float, height: float) -> Points:
    t = np.linspace(0, 1, _STEPS)
    narrow = 2.4 / max(height, 1.0)
    lips = first_lip * np.exp(-0.5 * (t / narrow) ** 2)
    lips = lips + last_lip * np.exp(-0.5 * ((1 - t) / narrow) ** 2)
    return np.asarray(waist * np.sin(np.pi * t) ** 0.9 - lips)


def disc_outline(
    above: BodyShape, below: BodyShape, disc: Disc, gap: float, shrink: float = 0.0
) -> Points:
    """The closed outline of the disc between two bodies.

    Args:
        above: Body above.
        below: Body below.
        disc: The disc between them.
        gap: Left free at either endplate, mm.
        shrink: Taken off in front and behind, mm.
    """
    roof, floor = above.lower_edge(gap), below.upper_edge(gap)
    front = _bulged(floor[0], roof[0], disc.bulge[0] - shrink)
    back = _bulged(roof[-1], floor[-1], disc.bulge[1] - shrink)
    return rounded(np.vstack((roof, back[1:-1], floor[::-1], front[1:-1])), 0.7)


def _bulged(start: Points, end: Points, bulge: float) -> Points:
    t = np.linspace(0, 1, 13)
    return edge(start, end, -bulge * np.sqrt(np.sin(np.pi * t)))


def nucleus_outline(above: BodyShape, below: BodyShape, disc: Disc, shrink: float = 0.0) -> Points:
    """The closed outline of the nucleus: behind the middle, smaller and flatter with age.

    Args:
        above: Body above.
        below: Body below.
        disc: The disc between them.
        shrink: Taken off all around, as a share of the disc's height.
    """
    gap = (0.1 + shrink) * disc.height + 0.35
    roof, floor = above.lower_edge(gap), below.upper_edge(gap)
    first, last = (6, 37) if disc.grade < 3 else (8, 35)
    first, last = first + round(20 * shrink), last - round(20 * shrink)
    ring = np.vstack((roof[first:last], floor[first:last][::-1]))
    return rounded(ring, 0.28 * disc.height, 80)


def rim(body: BodyShape) -> Points:
    """A body's marrow: its outline less the cortical rim, thicker at the endplates than walls."""
    lengthwise = np.abs(outward(body.outline) @ body.centre.up)
    return inset(body.outline, _WALL + (_ENDPLATE - _WALL) * lengthwise)
