"""A label map's structures as masks: the main piece of each, and how they lie in the picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from scipy import ndimage

from spinemsca.anatomy import SPINE, STRUCTURES, Structure, by_value
from spinemsca.measure import quality_flags
from spinemsca.measure.contour import main_component
from spinemsca.measure.outlined_structure import is_sacral

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from spinemsca.case import LabelMap
    from spinemsca.measure.contour import Points

__all__ = [
    "Parts",
    "StructureMask",
    "extent",
    "find_again",
    "find_parts",
    "frames_of",
    "quarter_turns",
    "without_islands",
]

Frame: TypeAlias = "tuple[Points, Points, Points]"

# Fewer pixels have no four sides of the least number of points that a line is fitted to.
_LEAST_PIXELS: Final = 24
# Likewise of rows and of columns; chosen, not measured.
_LEAST_WIDTH: Final = 4
# Islands and holes over the main piece: above it the piece is less than half of what was drawn.
# At most 0.92 where SPIDER's masks hold a body and, apart from it, its spinous process.
_SCATTERED: Final = 1.0


@dataclass(frozen=True, slots=True)
class StructureMask:
    """A structure's main piece.

    Attributes:
        mask: `(h, w)` in its box, holes filled.
        corner: Row and column of the box's first pixel.
        centre: Centroid in pixels.
        mended: Pixels of islands and holes.
        size: Pixels of the mask.
    """

    mask: NDArray[np.bool_]
    corner: tuple[int, int]
    centre: tuple[float, float]
    mended: int
    size: int


@dataclass(frozen=True, slots=True)
class Parts:
    """All structures of a label map.

    Attributes:
        found: Those that can be measured.
        centres: `(2,)` centroids of these, in physical units.
        absent: Why each of the others cannot.
        flags: What was mended.
        boxes: Slices that hold each label value, from 1 on, `None` for those not there.
        frames: Of each structure, once `frame` was asked for.
    """

    found: dict[Structure, StructureMask]
    centres: dict[Structure, Points]
    absent: dict[Structure, str]
    flags: dict[Structure, str]
    boxes: tuple[Any, ...]
    frames: dict[Structure, Frame] = field(default_factory=dict)

    def frame(self, structure: Structure) -> Frame:
        """A structure's centre, and unit vectors down and backwards there."""
        if not self.frames:
            self.frames.update(frames_of(self.centres))
        return self.frames[structure]

    @property
    def rows(self) -> tuple[Structure, ...]:
        """The eleven structures and the others that the label map holds, from top to bottom."""
        return tuple(
            s for s in SPINE if s.value <= len(STRUCTURES) or self.boxes[s.value - 1] is not None
        )


def frames_of(centres: Mapping[Structure, Points]) -> dict[Structure, Frame]:
    """Axes of each structure from its neighbours along the spine; upright if there are none.

    Args:
        centres: `(2,)` centroids.
    """
    known = [s for s in SPINE if s in centres]
    found = {}
    for place, structure in enumerate(known):
        upper, lower = known[max(place - 1, 0)], known[min(place + 1, len(known) - 1)]
        down = centres[lower] - centres[upper]
        length = float(np.linalg.norm(down))
        down = down / length if length else np.array([1.0, 0.0])
        found[structure] = (centres[structure], down, np.array([-down[1], down[0]]))
    return found


def find_parts(label: LabelMap, pixel: Points) -> Parts:
    """Each structure's main component, why others have none, and what was mended.

    Args:
        label: `(H, W)` values 0 to 18.
        pixel: `(2,)` height and width of a pixel.
    """
    parts = Parts({}, {}, {}, {}, tuple(ndimage.find_objects(label, max_label=len(SPINE))))
    for value, box in enumerate(parts.boxes, start=1):
        structure = by_value(value)
        if box is None:
            parts.absent[structure] = f"{structure} is not in the label map"
        else:
            _add(parts, structure, _part(label[box] == value, box))
    parts.centres.update({s: np.array(p.centre) * pixel for s, p in parts.found.items()})
    for structure in quality_flags.out_of_order(parts.centres):
        parts.absent[structure] = f"{structure} is out of order along the spine"
        del parts.found[structure], parts.centres[structure]
    return parts


def find_again(label: LabelMap, before: Parts, pixel: Points) -> Parts:
    """The parts of a label map of which something was cut off; what was said before stays.

    Args:
        label: `(H, W)`.
        before: Parts of the label map before.
        pixel: `(2,)` height and width of a pixel.
    """
    parts = find_parts(label, pixel)
    for structure, reason in before.absent.items():
        parts.absent[structure] = reason
        parts.found.pop(structure, None)
        parts.centres.pop(structure, None)
    parts.flags.update(before.flags)
    return parts


def _add(parts: Parts, structure: Structure, part: StructureMask) -> None:
    size = part.size
    if size < _LEAST_PIXELS or min(part.mask.shape) < _LEAST_WIDTH:
        parts.absent[structure] = f"{structure} has only {size} pixels"
        return
    if part.mended > _SCATTERED * size:
        parts.absent[structure] = f"{structure} lies in pieces, none of them half of it"
        return
    parts.found[structure] = part
    if part.mended > quality_flags.MENDED_SHARE * size:
        parts.flags[structure] = f"{structure} has islands or holes of {part.mended} px, left out"


def _part(mask: NDArray[np.bool_], box: tuple[slice, ...]) -> StructureMask:
    kept, mended = main_component(mask)
    rows, columns = np.nonzero(kept)
    top, left = box[0].start, box[1].start
    centre = (rows.mean() + top, columns.mean() + left)
    return StructureMask(kept, (top, left), centre, mended, len(rows))


def extent(part: StructureMask, axis: Points, pixel: Points) -> float:
    """How far a part reaches along an axis, from each row's first and last pixel.

    Args:
        part: Its mask in one piece.
        axis: `(2,)` unit vector.
        pixel: `(2,)` height and width of a pixel.
    """
    mask, rows = part.mask, np.arange(len(part.mask))
    first, last = mask.argmax(axis=1), mask.shape[1] - 1 - mask[:, ::-1].argmax(axis=1)
    down = rows * (pixel[0] * axis[0])
    along = np.concatenate(
        (down + first * (pixel[1] * axis[1]), down + last * (pixel[1] * axis[1]))
    )
    return float(np.ptp(along)) + float(pixel[1])


def without_islands(label: LabelMap, parts: Parts) -> LabelMap:
    """The label map without the islands that a flag says were left out.

    Args:
        label: `(H, W)`; never changed.
        parts: Its parts.
    """
    for structure in parts.flags.keys() & parts.found.keys():
        part, box = parts.found[structure], parts.boxes[structure.value - 1]
        islands = (label[box] == structure.value) & ~part.mask
        if islands.any():
            label = label.copy()
            label[box][islands] = 0
    return label


def quarter_turns(centres: Mapping[Structure, Points]) -> int:
    """How many quarters to turn a picture (as `numpy.rot90`) for its spine to run downwards.

    0 where the line from the uppermost to the lowest structure is less than 45° off. The sacrum
    lies far back and is left out where two others are there.

    Args:
        centres: Centroids.
    """
    known = [s for s in SPINE if s in centres]
    free = [s for s in known if not is_sacral(s)]
    known = free if len(free) > 1 else known
    if len(known) < 2:
        return 0
    down, right = centres[known[-1]] - centres[known[0]]
    if abs(down) >= abs(right):
        return 0 if down >= 0 else 2
    return -1 if right > 0 else 1
