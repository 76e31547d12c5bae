"""What is amiss with a label map, said in words beside the numbers it touches."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemsca.anatomy import SPINE, VERTEBRAE, Structure
from spinemsca.measure.landmarks import SIDES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from spinemsca.measure.contour import Points
    from spinemsca.measure.outlined_structure import OutlinedStructure

__all__ = [
    "MENDED_SHARE",
    "SQUARE_PIXELS",
    "TURNED",
    "UNKNOWN_NUMBERS",
    "chain",
    "cut_sides",
    "notes",
    "out_of_order",
    "unlikely",
    "whole_spine",
]

MENDED_SHARE: Final = 0.02
"""Share of a structure's pixels that may be islands or holes without a flag."""

# Flag of a body, with its name.
_DOUBTFUL: Final = "{} is of unlikely size; its measures are doubtful"
# Flag of lordosis, with the name of a vertebra.
_NO_LEVEL: Final = "{} is not among the levels that it spans"
# Area over the median of the spine's: two in one have 2; chosen, not measured.
_USUAL_SIZE: Final = (0.5, 1.6)
# Sum of segmental angles in degrees, bent backwards; chosen, not measured.
_KYPHOTIC: Final = 15.0

TURNED: Final = (
    "the picture does not stand upright and was turned; a mirror image cannot be told from a "
    "turned one, so that signs (lordosis, slip) assume it was turned"
)
"""Said of a case whose labelled spine runs sideways or upwards."""

UNKNOWN_NUMBERS: Final = "numbers of no known structure were left out: {}"
"""Said of a label map that holds numbers its numbering does not know."""

SQUARE_PIXELS: Final = "assumes square pixels"
"""Said of every case whose spacing and original shape are unknown."""


def out_of_order(centres: Mapping[Structure, Points]) -> list[Structure]:
    """Structures whose place along the spine contradicts their names.

    The longest run of structures in the right order is kept; the others are returned.

    Args:
        centres: `(2,)` centroids.
    """
    known = [s for s in SPINE if s in centres]
    if len(known) < 3:
        return []
    places = np.array([centres[s] for s in known])
    axis = _axis(places)
    kept = _longest_rise(list(places @ axis))
    return [s for i, s in enumerate(known) if i not in kept]


def _axis(places: Points) -> Points:
    """The direction in which structures lie, pointing from most firsts to most lasts."""
    middle = places - places.mean(axis=0)
    main = np.linalg.svd(middle, full_matrices=False)[2][0]
    rank = np.arange(len(places)) - (len(places) - 1) / 2
    return np.asarray(main if rank @ (middle @ main) >= 0 else -main)


def _longest_rise(values: list[float]) -> set[int]:
    """Indices of the longest run, with gaps, whose values rise."""
    best: list[list[int]] = []
    for i, value in enumerate(values):
        runs = [run for run in best if values[run[-1]] < value]
        best.append([*_longest(runs), i])
    return set(_longest(best))


def _longest(runs: list[list[int]]) -> list[int]:
    found: list[int] = []
    for run in runs:
        found = run if len(run) > len(found) else found
    return found


def cut_sides(block: OutlinedStructure) -> list[str]:
    """The sides of a block that the image's edge cuts off, or that cannot be told."""
    return [
        f"{block.structure}'s {side} is cut off or not seen"
        for side, valid in zip(SIDES, block.landmarks.valid, strict=True)
        if not valid
    ]


def unlikely(blocks: Mapping[Structure, OutlinedStructure]) -> set[Structure]:
    """Bodies L1 to L5 far from the others' size, as when two are labelled as one."""
    sizes = {
        s: float(b.area[0])
        for s, b in blocks.items()
        if s in VERTEBRAE[:-1] and np.isfinite(b.area[0])
    }
    if len(sizes) < 3:
        return set()
    usual = float(np.median(list(sizes.values())))
    low, high = _USUAL_SIZE
    return {s for s, size in sizes.items() if not low * usual < size < high * usual}


def notes(
    blocks: Mapping[Structure, OutlinedStructure],
    absent: Mapping[Structure, str],
    mended: Mapping[Structure, str],
    rows: Iterable[Structure],
) -> dict[Structure | None, tuple[str, ...]]:
    """Flags by structure, of those that have a row."""
    doubtful = unlikely(blocks)
    found: dict[Structure | None, tuple[str, ...]] = {}
    for structure in rows:
        said = [absent[structure]] if structure in absent else []
        said += [mended[structure]] if structure in mended else []
        said += cut_sides(blocks[structure]) if structure in blocks else []
        said += [_DOUBTFUL.format(structure)] if structure in doubtful else []
        if said:
            found[structure] = tuple(said)
    return found


def chain(bodies: Sequence[Structure], apart: Callable[..., str]) -> tuple[str, ...]:
    """What a reader should know of lordosis, which spans from L1 to S1.

    Args:
        bodies: Vertebrae that can be measured, from top to bottom.
        apart: Why two of them are no neighbours, empty where they are.
    """
    first, last = VERTEBRAE[0], VERTEBRAE[-1]
    if first not in bodies or last not in bodies:
        return ()
    spanned = bodies[bodies.index(first) : bodies.index(last) + 1]
    said = [apart(a, b) for a, b in pairwise(spanned) if _next(a, b)]
    said += [_NO_LEVEL.format(s) for s in VERTEBRAE if s not in spanned]
    extra = [s.name for s in spanned if s not in VERTEBRAE]
    if extra:
        said.append(f"spans {len(spanned) - 1} levels, with {', '.join(extra)}")
    return tuple(f"lordosis L1–S1: {text}" for text in said if text)


def _next(upper: Structure, lower: Structure) -> bool:
    """Whether none of L1 to S1 lies between two vertebrae by their names."""
    between = SPINE[SPINE.index(upper) + 1 : SPINE.index(lower)]
    return not any(s in VERTEBRAE for s in between)


def whole_spine(segments: Mapping[str, float | str | None]) -> tuple[str, ...]:
    """Flags of the whole spine.

    Args:
        segments: Segmental angles in degrees, by disc.
    """
    angles = [v for v in segments.values() if isinstance(v, float)]
    if len(angles) >= 3 and sum(angles) < -_KYPHOTIC:
        return ("the curve bends backwards: the patient may face right in this image",)
    return ()
