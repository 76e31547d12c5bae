"""Levels made consistent: the bodies of one spine numbered as a whole.

Pixels name levels one by one and can contradict each other; a spine cannot. So the bodies are put
in order, counted, and numbered together: the one numbering that most of them vote for, or the
sacrum's where there is one, since levels are counted upward from it. What the numbering cannot
settle is said in words and never silently decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from spinemsca._util import largest_component
from spinemsca.anatomy import (
    BACKGROUND,
    COLUMN,
    Kind,
    Structure,
    by_name,
)
from spinemsca.segment.labelling.components import Component, find_components
from spinemsca.segment.labelling.curve import bend, sacral_turn
from spinemsca.segment.labelling.doubts import NO_SACRUM, counted_from, doubts, missing
from spinemsca.segment.labelling.numbering import APPEARANCE, SACRUM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spinemsca.case import LabelMap

__all__ = ["Levels", "consistent_levels"]

# What levels are counted from: no other body looks like it.
_SACRUM: Final = by_name("S1")
# Chosen, not measured: as many as the ten other bodies have together.
_SACRUM_VOTES: Final = 10.0
# From one level to the next in sides of the largest body, where fewer than two vertebrae
# are seen. Chosen, not measured.
_PITCH: Final = 1.2


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """A label map whose levels agree with each other.

    Attributes:
        label: `(H, W)` uint8, 0 to 11; each structure is one component without holes.
        agreement: Share of the votes that the chosen numbering has, 0 to 1.
        ambiguous: Whether the levels may be numbered wrongly: no sacrum to count from, another
            numbering nearly as likely, counting from above and from below at odds, or a gap.
        warnings: What a reader should know, one sentence each.
        bend: How far the structures lie in front of the line from the uppermost one to the
            sacrum, see `labelling.curve`.
        counted_from: `SACRUM` or `APPEARANCE` of `spinemsca.segment.labelling.numbering`.
        sacral_turn: Degrees by which the sacrum turns backwards, see `labelling.curve`.
    """

    label: LabelMap
    agreement: float
    ambiguous: bool
    warnings: tuple[str, ...]
    bend: float | None = None
    counted_from: str = APPEARANCE
    sacral_turn: float | None = None


def consistent_levels(label: LabelMap) -> Levels:
    """Numbers the bodies of a label map anew, as one spine.

    Args:
        label: `(H, W)` uint8, 0 to 11, as a network names pixels one by one.
    """
    bodies = find_components(label)
    if not bodies:
        return Levels(np.zeros_like(label), 0.0, True, ("No vertebra or disc was found",))
    steps = _steps(bodies)
    scores = _scores(bodies, steps)
    top = max(scores, key=lambda t: scores[t])
    named = {
        COLUMN[top + step]: body
        for body, step in zip(bodies, steps, strict=True)
        if 0 <= top + step < len(COLUMN)
    }
    agreement = scores[top] / sum(_weight(b) for b in bodies)
    source = counted_from(named)
    said = doubts(bodies, steps, scores, top, agreement)
    warnings = (*said, *_remarks(named, source))
    ambiguous = bool(said or source != SACRUM or missing(named))
    drawn = _drawn(label, named)
    return Levels(
        drawn, float(agreement), ambiguous, warnings, bend(named), source, sacral_turn(named)
    )


def _steps(bodies: Sequence[Component]) -> list[int]:
    """How many structures further down than the first each body is."""
    pitch = _pitch(bodies)
    steps = [0]
    for one, other in pairwise(bodies):
        halves = float(np.linalg.norm(other.centre - one.centre)) / (pitch / 2)
        if one.kind is other.kind:
            steps.append(steps[-1] + 2 * max(1, round(halves / 2)))
        else:
            steps.append(steps[-1] + 1 + 2 * max(0, round((halves - 1) / 2)))
    return steps


def _pitch(bodies: Sequence[Component]) -> float:
    """Pixels from one level to the next: the median where neighbours are seen, else by size."""
    vertebrae = [b for b in bodies if b.kind is Kind.VERTEBRA]
    distances = [
        float(np.linalg.norm(low.centre - high.centre)) for high, low in pairwise(vertebrae)
    ]
    if distances:
        return float(np.median(distances))
    return _PITCH * float(np.sqrt(max(len(b.pixels) for b in bodies)))


def _weight(body: Component) -> float:
    return _SACRUM_VOTES if body.votes.argmax() == _SACRUM.value else 1.0


def _scores(bodies: Sequence[Component], steps: Sequence[int]) -> dict[int, float]:
    """Votes for each rank in the column that the first body can have; it may lie above L1."""
    parity = bodies[0].kind is not COLUMN[0].kind
    tops = [t for t in range(-steps[-1], len(COLUMN)) if t % 2 == parity]
    return {
        top: sum(
            _weight(body) * float(body.votes[COLUMN[top + step].value])
            for body, step in zip(bodies, steps, strict=True)
            if 0 <= top + step < len(COLUMN)
        )
        for top in tops
    }


def _remarks(named: dict[Structure, Component], source: str) -> list[str]:
    """What the numbering rests on, and what is missing in it or in a structure."""
    remarks = [] if source == SACRUM else [NO_SACRUM]
    gaps = [structure.name for structure in missing(named)]
    if gaps:
        remarks.append(f"Not found between its neighbours: {', '.join(gaps)}")
    parted = [structure.name for structure, body in named.items() if body.parted]
    if parted:
        remarks.append(f"Only the largest piece is outlined, others lie apart: {', '.join(parted)}")
    return remarks


def _drawn(label: LabelMap, named: dict[Structure, Component]) -> LabelMap:
    """Each body in its structure's value, holes filled, in one piece."""
    drawn = np.zeros_like(label)
    for structure, body in named.items():
        low, high = body.pixels.min(axis=0), body.pixels.max(axis=0) + 1
        mask = np.zeros(high - low, dtype=bool)
        mask[tuple((body.pixels - low).T)] = True
        part = drawn[low[0] : high[0], low[1] : high[1]]
        filled, free = _filled(mask), part == BACKGROUND
        # What lies in another's hole, or is crossed by a bridge, may fall apart.
        own = filled if (free | ~filled).all() else largest_component(filled & free)
        part[own] = structure.value
    return drawn


def _filled(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """As `ndimage.binary_fill_holes`, several times quicker."""
    around, _ = ndimage.label(np.pad(~mask, 1, constant_values=True))
    return np.asarray(around[1:-1, 1:-1] != around[0, 0])
