"""What a pixel can be: sets of label values, one bit each, for partially labelled data.

A case that speaks of some structures only says of its background "none of those I annotate". Held
as the set of values that a pixel can still have, one bit a value, every kind of case trains by
one rule: sum the probabilities in the set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spinemsca.anatomy import (
    BACKGROUND,
    NUMBER_OF_CLASSES,
    STRUCTURES,
    UNKNOWN,
    Structure,
    above,
    below,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from spinemsca.case import LabelMap

__all__ = ["ANYTHING", "CandidateMap", "candidate_sets", "with_open_edges"]

CandidateMap = NDArray[np.uint16]

ANYTHING: Final = 2**NUMBER_OF_CLASSES - 1
"""The set of all values: nothing is known of such a pixel."""

# Chosen, not measured: between two neighbours there is less room than beyond a last one.
_BETWEEN: Final = 2.5


def candidate_sets(
    label: LabelMap, annotated: Collection[Structure], reach: float | None = None
) -> CandidateMap:
    """The values that each pixel can have, given what the case annotates.

    Args:
        label: `(H, W)` uint8, 0 to 11, or 255 where nothing is known.
        annotated: Structures that the label map speaks of.
        reach: How far in pixels an unannotated structure at the column's end can lie from its
            annotated neighbour, and 2.5 times how far one between two of them can lie from
            either; background further away is background for certain. `None` leaves all
            background open.

    Returns:
        `(H, W)` uint16; bit `v` is set where the pixel can be of value `v`.
    """
    sets = np.uint16(1) << np.minimum(label, NUMBER_OF_CLASSES).astype(np.uint16)
    sets[label == UNKNOWN] = ANYTHING
    free = label == BACKGROUND
    for structure in STRUCTURES:
        if structure in annotated:
            continue
        possible = free if reach is None else free & _near(label, structure, reach)
        sets[possible] |= np.uint16(1 << structure.value)
    return sets


def with_open_edges(sets: CandidateMap, width: int) -> CandidateMap:
    """Candidate sets opened between a structure and the background near its outline.

    Outlines that a model drew teach where a structure is, but not where exactly it ends.

    Args:
        sets: `(H, W)` uint16, see `candidate_sets`.
        width: How many pixels to either side of an outline are open; 0 changes nothing.

    Returns:
        `(H, W)` uint16.
    """
    opened = sets.copy()
    if not width:
        return opened
    for structure in STRUCTURES:
        mask = sets == 1 << structure.value
        if mask.any():
            inside = ndimage.binary_erosion(mask, iterations=width)
            edge = ndimage.binary_dilation(mask, iterations=width) & ~inside
            opened[edge] |= np.uint16(1 << structure.value | 1 << BACKGROUND)
    return opened


def _near(label: LabelMap, structure: Structure, reach: float) -> NDArray[np.bool_]:
    """Where all neighbours that the label map shows are close enough; everywhere if none."""
    beside = [s.value for s in (above(structure), below(structure)) if s is not None]
    shown = [label == value for value in beside if (label == value).any()]
    limit = reach if len(shown) < 2 else reach / _BETWEEN
    near = np.ones(label.shape, dtype=bool)
    for neighbour in shown:
        near &= _within(neighbour, limit)
    return near


def _within(mask: NDArray[np.bool_], limit: float) -> NDArray[np.bool_]:
    """Pixels at most `limit` from the mask; looks no further around it than that."""
    margin = int(limit) + 1
    window = tuple(
        slice(max(0, where.start - margin), where.stop + margin)
        for where in ndimage.find_objects(mask.astype(np.uint8))[0]
    )
    near = np.zeros(mask.shape, dtype=bool)
    near[window] = ndimage.distance_transform_edt(~mask[window]) <= limit
    return near
