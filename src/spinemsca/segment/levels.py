"""Levels made consistent: the bodies of one spine numbered as a whole.

Pixels name levels one by one and can contradict each other; a spine cannot. So the bodies are put
in order, counted, and numbered together: the one numbering that most of them vote for, or the
sacrum's where there is one, since levels are counted upward from it. What the numbering cannot
settle is said in words and never silently decided.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from spinemsca.anatomy import (
    BACKGROUND,
    COLUMN,
    Kind,
    Structure,
    by_name,
)
from spinemsca.segment.bodies import Body, find_bodies

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spinemsca.case import LabelMap

__all__ = ["Levels", "consistent_levels"]

_SACRUM: Final = by_name("S1")
_RANK: Final = {s.value: rank for rank, s in enumerate(COLUMN)}
_SACRUM_VOTES: Final = 10.0
_CLEAR: Final = 0.5
_PITCH: Final = 1.2
_FEWEST_FOR_A_BEND: Final = 6


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """A label map whose levels agree with each other.

    Attributes:
        label: `(H, W)` uint8, 0 to 11; each structure is one component without holes.
        agreement: Share of the votes that the chosen numbering has, 0 to 1.
        ambiguous: Whether another numbering is nearly as likely, or counting from above and
            from below disagree.
        warnings: What a reader should know, one sentence each.
        bend: How far the structures lie in front of the line from the uppermost one to the
            sacrum: the mean over their centroids, as a share of its length, where column 0 is
            anterior. `None` without the sacrum, or with fewer than six structures.
    """

    label: LabelMap
    agreement: float
    ambiguous: bool
    warnings: tuple[str, ...]
    bend: float | None = None


def consistent_levels(label: LabelMap) -> Levels:
    """Numbers the bodies of a label map anew, as one spine.

    Args:
        label: `(H, W)` uint8, 0 to 11, as a network names pixels one by one.
    """
    bodies = find_bodies(label)
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
    doubts = _doubts(bodies, steps, scores, top)
    warnings = (*doubts, *_remarks(named))
    drawn = _drawn(label, named)
    return Levels(drawn, float(agreement), bool(doubts), warnings, _bend(named))


def _steps(bodies: Sequence[Body]) -> list[int]:
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


def _pitch(bodies: Sequence[Body]) -> float:
    """Pixels from one level to the next: the median where neighbours are seen, else by size."""
    vertebrae = [b for b in bodies if b.kind is Kind.VERTEBRA]
    distances = [
        float(np.linalg.norm(low.centre - high.centre)) for high, low in pairwise(vertebrae)
    ]
    if distances:
        return float(np.median(distances))
    return _PITCH * float(np.sqrt(max(len(b.pixels) for b in bodies)))


def _weight(body: Body) -> float:
    return _SACRUM_VOTES if body.votes.argmax() == _SACRUM.value else 1.0


def _scores(bodies: Sequence[Body], steps: Sequence[int]) -> dict[int, float]:
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


def _doubts(
    bodies: Sequence[Body], steps: Sequence[int], scores: dict[int, float], top: int
) -> list[str]:
    """Why the numbering may be wrong."""
    doubts = []
    second = max((t for t in scores if t != top), key=lambda t: scores[t], default=top)
    if second != top and scores[second] > _CLEAR * scores[top]:
        way = "lower" if second > top else "higher"
        doubts.append(f"LabelScheme all levels {abs(second - top) // 2} {way} fits nearly as well")
    preferred = Counter(
        _RANK[int(body.votes.argmax())] - step
        for body, step in zip(bodies, steps, strict=True)
        if body.kind is Kind.VERTEBRA
    )
    against = {t: number for t, number in preferred.items() if t != top}
    if max(against.values(), default=0) > 1:
        doubts.append(
            "Counting from above and from the sacrum disagree: "
            "an apparent L6 or a sacralised L5 is possible"
        )
    outside = sum(not 0 <= top + step < len(COLUMN) for step in steps)
    if outside:
        doubts.append(f"Vertebrae or discs beyond L1 or S1 left out: {outside}")
    return doubts


def _remarks(named: dict[Structure, Body]) -> list[str]:
    """What the numbering rests on, and what is missing in it or in a structure."""
    remarks = []
    if not named.keys() & set(COLUMN[-2:]):
        remarks.append("The sacrum is not in view; levels rest on appearance, not on counting")
    ranks = [COLUMN.index(structure) for structure in named]
    missing = [s.name for s in COLUMN[min(ranks) : max(ranks)] if s not in named] if ranks else []
    if missing:
        remarks.append(f"Not found between its neighbours: {', '.join(missing)}")
    parted = [structure.name for structure, body in named.items() if body.parted]
    if parted:
        remarks.append(f"Only the largest piece is outlined, others lie apart: {', '.join(parted)}")
    return remarks


def _bend(named: dict[Structure, Body]) -> float | None:
    if _SACRUM not in named or len(named) < _FEWEST_FOR_A_BEND:
        return None
    centres = np.array([named[s].centre for s in COLUMN if s in named])
    ways = centres - centres[0]
    (rows, columns), line = ways.T, ways[-1]
    ahead = (rows * line[1] - columns * line[0]) / float(line @ line)
    return float(ahead.mean())


def _drawn(label: LabelMap, named: dict[Structure, Body]) -> LabelMap:
    """Each body in its structure's value, holes filled, in one piece."""
    drawn = np.zeros_like(label)
    for structure, body in named.items():
        low, high = body.pixels.min(axis=0), body.pixels.max(axis=0) + 1
        mask = np.zeros(high - low, dtype=bool)
        mask[tuple((body.pixels - low).T)] = True
        part = drawn[low[0] : high[0], low[1] : high[1]]
        filled, free = _filled(mask), part == BACKGROUND
        # What lies in another's hole, or is crossed by a bridge, may fall apart.
        own = filled if (free | ~filled).all() else _largest_piece(filled & free)
        part[own] = structure.value
    return drawn


def _largest_piece(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    pieces, number = ndimage.label(mask)
    sizes = np.bincount(pieces.ravel(), minlength=number + 1)
    sizes[0] = 0
    return np.asarray(mask & (pieces == sizes.argmax()))


def _filled(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """As `ndimage.binary_fill_holes`, several times quicker."""
    around, _ = ndimage.label(np.pad(~mask, 1, constant_values=True))
    return np.asarray(around[1:-1, 1:-1] != around[0, 0])
