"""Whether two structures are neighbours in the picture, not by their names alone.

What lies between is another vertebra where a label map holds one (an L6), and a gap where it
holds none. Bounds were measured on what `predict` makes of 616 slices of SPIDER's and Sudirman's
patients: 3072 pairs of bodies and 6137 of a body and a disc; some pairs beyond the bounds are
landmarks gone wrong, beside the midline.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, degrees, hypot, isfinite
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemsca.anatomy import above, below
from spinemsca.measure import geometry as g
from spinemsca.measure.outlined_structure import OutlinedStructure, is_sacral

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spinemsca.anatomy import Structure
    from spinemsca.measure.contour import Points

__all__ = ["apart", "body_depth", "body_height"]

# Gap of facing endplates in body heights: measured 0.04 to 0.82, 1.6 where a body is missing.
_GAP: Final = (-0.3, 1.1)
# Distance of two bodies' centres in body heights, where the endplates between are not seen:
# measured 0.90 to 1.98; 2.8 where a body of the usual height is missing.
_CENTRES: Final = 2.3
# The same of a body and a disc: measured 0.43 to 1.29; 2.1 where a body is missing.
_DISC_CENTRES: Final = 1.6
# Turn of facing endplates in degrees, open forwards: measured -17.5 to 42.8.
_TURN: Final = (-40.0, 60.0)
# Length of one facing endplate over the other's, either way: 99.8 % of pairs 0.59 to 1.83, beyond
# 0.5 and 2 are four, all of them landmarks gone wrong.
_SIZES: Final = 2.0
# Offset of facing endplates' middles, in their length: measured -0.47 to 0.59; at 1 no part of
# one endplate faces the other.
_OFFSET: Final = 1.0
# Height of a body over its endplate's length, where no body is seen in full: the median of 2600.
_STOCKY: Final = 0.8
# mm, far below every length: keeps divisions finite.
_TINY: Final = 1e-9


def body_height(blocks: Iterable[OutlinedStructure]) -> float | None:
    """Median mid-height of the bodies that are seen in full, the sacrum left out."""
    return _usual(blocks, g.SUPERIOR, g.INFERIOR)


def body_depth(blocks: Iterable[OutlinedStructure]) -> float | None:
    """Median depth of the bodies that are seen in full, between the middles of their walls."""
    return _usual(blocks, g.ANTERIOR, g.POSTERIOR)


def _usual(blocks: Iterable[OutlinedStructure], first: int, second: int) -> float | None:
    bodies = [b for b in blocks if not b.structure.is_disc and not is_sacral(b.structure)]
    lengths = [float(g.distance(b.middle(first)[0], b.middle(second)[0])) for b in bodies]
    lengths = [length for length in lengths if np.isfinite(length)]
    return float(np.median(lengths)) if lengths else None


def apart(
    upper: OutlinedStructure,
    lower: OutlinedStructure,
    others: Iterable[OutlinedStructure],
    height: float | None,
) -> str:
    """Why two structures are no neighbours in the picture; empty where they are.

    Args:
        upper: A vertebra or a disc.
        lower: The one below it by name.
        others: All blocks, the two among them.
        height: Of the spine's bodies, see `body_height`.
    """
    usual = height or _STOCKY * hypot(*_vector(lower.corner(0), lower.corner(1)))
    found = _between(upper, lower, others, usual)
    if found or not isfinite(usual):
        return found
    if upper.structure.is_disc or lower.structure.is_disc:
        far = float(g.distance(upper.centre, lower.centre)) / usual
        return _far(upper, lower, far) if far > _DISC_CENTRES else ""
    return _facing(upper, lower, usual)


def _between(
    upper: OutlinedStructure,
    lower: OutlinedStructure,
    others: Iterable[OutlinedStructure],
    usual: float,
) -> str:
    """Whether another structure's centre lies between the two, near the line that joins them."""
    pair = upper.structure, lower.structure
    (top, left), (bottom, right) = upper.centre.tolist(), lower.centre.tolist()
    down, back = bottom - top, right - left
    length = hypot(down, back)
    for other in sorted(others, key=lambda block: block.structure.is_disc):
        row, column = (other.centre - upper.centre).tolist()
        along, across = row * down + column * back, column * down - row * back
        if not (0 < along < length**2 and abs(across) < usual * length):
            continue
        if other.structure in pair or _joins(other.structure, *pair):
            continue
        kind = "disc" if other.structure.is_disc else "vertebra"
        return f"another {kind}, {other.structure}, lies between {pair[0]} and {pair[1]}"
    return ""


def _joins(disc: Structure, upper: Structure, lower: Structure) -> bool:
    """Whether a structure is the disc of two vertebrae by name."""
    return disc.is_disc and above(disc) == upper and below(disc) == lower


@dataclass(frozen=True, slots=True)
class _Face:
    """How the lower endplate of one body and the upper endplate of the next lie.

    Attributes:
        gap: Between their middles, across them.
        offset: Between their middles, along them.
        lengths: Of both.
        turn: Degrees by which they open forwards.
    """

    gap: float
    offset: float
    lengths: tuple[float, float]
    turn: float


def _face(upper: OutlinedStructure, lower: OutlinedStructure) -> _Face:
    # Plain numbers: arrays of two would take as long as all other checks.
    first = _vector(upper.corner(g.INFERIOR_ANTERIOR), upper.corner(g.INFERIOR_POSTERIOR))
    second = _vector(lower.corner(g.SUPERIOR_ANTERIOR), lower.corner(g.SUPERIOR_POSTERIOR))
    down, right = _vector(upper.middle(g.INFERIOR), lower.middle(g.SUPERIOR))
    one, other = (max(hypot(*side), _TINY) for side in (first, second))
    fall, back = first[0] / one + second[0] / other, first[1] / one + second[1] / other
    norm = max(hypot(fall, back), _TINY)
    return _Face(
        gap=(down * back - right * fall) / norm,
        offset=(down * fall + right * back) / norm,
        lengths=(one, other),
        turn=180 - (180 - degrees(atan2(*first) - atan2(*second))) % 360,
    )


def _facing(upper: OutlinedStructure, lower: OutlinedStructure, usual: float) -> str:
    """What speaks against two bodies' facing endplates belonging together."""
    face = _face(upper, lower)
    least, most = sorted(face.lengths)
    if not isfinite(face.gap + least + most):
        far = float(g.distance(upper.centre, lower.centre)) / usual
        return _far(upper, lower, far - 1) if far > _CENTRES else ""
    pair = f"{upper.structure} and {lower.structure}"
    if face.gap > _GAP[1] * usual:
        return _far(upper, lower, face.gap / usual)
    if face.gap < _GAP[0] * usual or abs(face.offset) > _OFFSET * (least + most) / 2:
        return f"{pair} lie beside each other: their endplates do not face"
    if most > _SIZES * least:
        return f"the facing endplates of {pair} differ {most / least:.1f}-fold in length"
    if not _TURN[0] <= face.turn <= _TURN[1]:
        return f"the facing endplates of {pair} are turned by {abs(face.turn):.0f}° to each other"
    return ""


def _vector(start: Points, end: Points) -> tuple[float, float]:
    """Vector from one best estimate to another."""
    (top, left), (bottom, right) = start[0].tolist(), end[0].tolist()
    return bottom - top, right - left


def _far(upper: OutlinedStructure, lower: OutlinedStructure, heights: float) -> str:
    return (
        f"{upper.structure} and {lower.structure} lie {heights:.1f} body heights apart; "
        "a vertebra may be missing between them"
    )
