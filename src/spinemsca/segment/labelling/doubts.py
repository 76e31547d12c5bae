"""Why a numbering may be wrong, as far as the bodies themselves tell.

Counting upward from the sacrum names five vertebrae whatever there is. So what is seen below is
held against what is seen above: votes, the number of bodies, and the steps between them.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemsca.anatomy import COLUMN, VERTEBRAE, Kind, by_name
from spinemsca.segment.labelling.numbering import APPEARANCE, SACRUM

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from spinemsca.anatomy import Structure
    from spinemsca.segment.labelling.components import Component
    from spinemsca.segment.runtime.confidence import Evidence

__all__ = ["NO_SACRUM", "counted_from", "doubts", "missing", "torn"]

NO_SACRUM: Final = "The sacrum is not in view; levels rest on appearance, not on counting"
"""What is said where nothing can be counted from."""

# What levels are counted from.
_SACRUM: Final = by_name("S1")
# Places in the column, by `anatomy`: 0 at L1, 10 at S1.
_RANK: Final = {s.value: rank for rank, s in enumerate(COLUMN)}
# Share of the chosen numbering's votes from which another one is as good as it.
_CLEAR: Final = 0.5
# One body of two minds is put right by its neighbours; below this, two or more are. Of 430 slices
# of SPIDER and Sudirman that lie right nineteen in twenty have 0.998 or more, and 7 less than 0.94.
_AGREED: Final = 0.94
# From one vertebra to the next is at most 0.32 levels more or less than a whole number of them in
# 429 of those 430 slices; in the other one the lowest vertebra is a transitional one.
_UNEVEN: Final = 0.35
# Of 430 slices that lie right 2 have less, and nineteen in twenty 0.998 or more.
_SURE: Final = 0.97


def counted_from(named: Mapping[Structure, Component]) -> str:
    """`SACRUM` where what is named S1 looks like it, else `APPEARANCE`.

    Args:
        named: The body of each structure.
    """
    sacrum = named.get(_SACRUM)
    seen = sacrum is not None and int(sacrum.votes.argmax()) == _SACRUM.value
    return SACRUM if seen else APPEARANCE


def doubts(
    bodies: Sequence[Component],
    steps: Sequence[int],
    scores: Mapping[int, float],
    top: int,
    agreement: float,
) -> list[str]:
    """Why the numbering may be wrong, one sentence a reason; empty where nothing says so.

    Args:
        bodies: In order, from top to bottom.
        steps: How many structures further down than the first each of them is.
        scores: Votes for each rank in the column that the first body can have.
        top: The rank that was chosen.
        agreement: Share of the votes that it has, 0 to 1.
    """
    rival = _rival(scores, top)
    sentences = [rival] if rival else _few(agreement)
    if _otherwise(bodies, steps, top) > 1:
        sentences.append(
            "Counting from above and from the sacrum disagree: "
            "an apparent L6 or a sacralised L5 is possible"
        )
    outside = sum(not 0 <= top + step < len(COLUMN) for step in steps)
    if outside:
        sentences.append(f"Vertebrae or discs beyond L1 or S1 left out: {outside}")
    if _unevenness(bodies) > _UNEVEN:
        sentences.append("Vertebrae lie unevenly; one may be missed or counted twice")
    return sentences


def torn(found: Mapping[Structure, Evidence]) -> str | None:
    """That the network itself wavers between levels, in one sentence; `None` where it does not.

    Args:
        found: Evidence of each structure.
    """
    level = float(np.mean([one.level for one in found.values()])) if found else 1.0
    if level >= _SURE:
        return None
    return f"Levels are uncertain: on average {level:.0%} of a structure's evidence is for its name"


def missing(found: Collection[Structure]) -> list[Structure]:
    """Structures that are not found, but lie between two that are."""
    ranks = [rank for rank, structure in enumerate(COLUMN) if structure in found]
    if not ranks:
        return []
    return [s for s in COLUMN[ranks[0] : ranks[-1]] if s not in found]


def _rival(scores: Mapping[int, float], top: int) -> str | None:
    second = max((t for t in scores if t != top), key=lambda t: scores[t], default=top)
    if second == top or scores[second] <= _CLEAR * scores[top]:
        return None
    way = "lower" if second > top else "higher"
    return f"Numbering all levels {abs(second - top) // 2} {way} fits nearly as well"


def _few(agreement: float) -> list[str]:
    said = f"Only {agreement:.0%} of what was found agrees with the numbering"
    return [said] if agreement < _AGREED else []


def _otherwise(bodies: Sequence[Component], steps: Sequence[int], top: int) -> int:
    """The most vertebrae that agree with each other on another numbering."""
    preferred = Counter(
        _RANK[int(body.votes.argmax())] - step
        for body, step in zip(bodies, steps, strict=True)
        if body.kind is Kind.VERTEBRA
    )
    return max((number for t, number in preferred.items() if t != top), default=0)


def _unevenness(bodies: Sequence[Component]) -> float:
    """How far the steps between vertebrae are from whole ones, in steps; the largest."""
    centres = [b.centre for b in bodies if b.kind is Kind.VERTEBRA]
    if len(centres) < len(VERTEBRAE) // 2:
        return 0.0
    ways = np.array([np.linalg.norm(low - high) for high, low in pairwise(centres)])
    levels = ways / np.median(ways)
    # Half a step is still one: a collapsed vertebra, not two in the place of one.
    return float(np.abs(levels - np.maximum(np.rint(levels), 1)).max())
