"""A label map as a spine: each structure's landmarks in physical space, and what is amiss."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca.anatomy import COLUMN, Structure, above, below
from spinemsca.measure import neighbours, quality_flags
from spinemsca.measure.arch import cut_arches
from spinemsca.measure.build import build_blocks
from spinemsca.measure.outlined_structure import NotGivenError, OutlinedStructure, is_sacral
from spinemsca.measure.parts import find_parts, quarter_turns, without_islands
from spinemsca.measure.sacrum import trim_sacrum

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spinemsca.case import Image, LabelMap, Spacing
    from spinemsca.measure.contour import Points

__all__ = ["NO_HORIZONTAL", "NotGivenError", "Spine", "spine_of"]

NO_HORIZONTAL: Final = "the picture's horizontal is not the patient's"
"""Why what needs a horizontal is not given."""

# Median depth of L1 to L5 in mm, on the 320 slices of SPIDER's with a plausible spacing.
_USUAL_DEPTH: Final = 32.0


@dataclass(frozen=True, slots=True, eq=False)
class Spine:
    """What the measures are computed from, upright: rows to the feet, columns to the back.

    Attributes:
        blocks: The structures that can be measured.
        absent: Why each of the others cannot.
        label: `(H, W)` the label map as used.
        image: `(H, W)` or `None`.
        pixel: `(2,)` height and width of a pixel in `unit`.
        unit: `mm` or `px`.
        flags: What a reader should know, by structure or `None` for the whole.
        boxes: Slices that hold each label value, from 1 on.
        rows: The eleven structures and the others that the label map holds, from top to bottom.
        tilt: Degrees by which columns fall below the patient's horizontal.
        turned: Whether the picture did not stand upright and was turned.
        cache: What measures share, so that it is computed once.
    """

    blocks: Mapping[Structure, OutlinedStructure]
    absent: Mapping[Structure, str]
    label: LabelMap
    image: Image | None
    pixel: Points
    unit: str
    flags: Mapping[Structure | None, tuple[str, ...]] = field(default_factory=dict)
    boxes: tuple[Any, ...] = ()
    rows: tuple[Structure, ...] = COLUMN
    tilt: float = 0.0
    turned: bool = False
    cache: dict[Any, Any] = field(default_factory=dict)

    def block(self, structure: Structure | None) -> OutlinedStructure:
        """The structure's block; raises `NotGivenError` with the reason where there is none."""
        if structure is None:
            raise NotGivenError("beyond the labelled levels")
        found = self.blocks.get(structure)
        if found is None:
            raise NotGivenError(self.absent[structure])
        return found

    def bodies(self) -> list[Structure]:
        """The vertebrae that can be measured, from top to bottom."""
        return [s for s in self.rows if s in self.blocks and not s.is_disc]

    def pair(
        self, upper: Structure | None, lower: Structure | None
    ) -> tuple[OutlinedStructure, OutlinedStructure]:
        """Two structures that are neighbours in the picture.

        Raises:
            NotGivenError: If one is missing, or if they are no neighbours, with the reason.
        """
        first, second = self.block(upper), self.block(lower)
        reason = self.apart(first.structure, second.structure)
        if reason:
            raise NotGivenError(reason)
        return first, second

    def apart(self, upper: Structure, lower: Structure) -> str:
        """Why two structures with blocks are no neighbours in the picture; empty if they are."""
        key = ("pair", upper.value, lower.value)
        if key not in self.cache:
            blocks = self.blocks
            self.cache[key] = neighbours.apart(
                blocks[upper], blocks[lower], blocks.values(), self._body_height()
            )
        reason: str = self.cache[key]
        return reason

    def around(self, disc: Structure) -> tuple[OutlinedStructure, OutlinedStructure]:
        """The vertebrae above and below a disc, neighbours of each other and of the disc.

        Raises:
            NotGivenError: As `pair`, and where the disc itself lies elsewhere.
        """
        key = ("around", disc.value)
        if key not in self.cache:
            try:
                self.cache[key] = self._around(disc)
            except NotGivenError as missing:
                self.cache[key] = str(missing)
        found: tuple[OutlinedStructure, OutlinedStructure] | str = self.cache[key]
        if isinstance(found, str):
            raise NotGivenError(found)
        return found

    def _around(self, disc: Structure) -> tuple[OutlinedStructure, OutlinedStructure]:
        upper, lower = above(disc), below(disc)
        if is_sacral(upper):
            raise NotGivenError(f"{upper} has no inferior endplate")
        pair = self.pair(upper, lower)
        if disc in self.blocks:
            self.pair(upper, disc)
            self.pair(disc, lower)
        return pair

    def size(self) -> float | None:
        """What lengths in mm of a usual spine are to be multiplied by, for ranges of this one.

        1 in mm; in pixels the median depth of its bodies over a usual one; `None` where no depth
        is known.
        """
        if self.unit == "mm":
            return 1.0
        if "size" not in self.cache:
            depth = neighbours.body_depth(self.blocks.values())
            self.cache["size"] = None if depth is None else depth / _USUAL_DEPTH
        size: float | None = self.cache["size"]
        return size

    def _body_height(self) -> float | None:
        if "body height" not in self.cache:
            self.cache["body height"] = neighbours.body_height(self.blocks.values())
        height: float | None = self.cache["body height"]
        return height


def spine_of(
    label: LabelMap,
    *,
    image: Image | None = None,
    spacing: Spacing | None = None,
    aspect: float = 1.0,
    tilt: float | None = None,
) -> Spine:
    """Finds every structure's landmarks.

    A picture whose spine runs sideways or upwards is turned by quarters until it runs down.

    Args:
        label: `(H, W)` values 0 to 18, in the house's orientation as far as is known.
        image: `(H, W)`, for measures of signal.
        spacing: In mm; without it lengths are in pixels.
        aspect: Height of a pixel over its width, used where spacing is not known.
        tilt: Degrees by which columns fall below the patient's horizontal on their way to the
            back; 0 where it is not known.
    """
    pixel = np.array(spacing) if spacing is not None else np.array([aspect, 1.0]) / aspect**0.5
    parts = find_parts(label, pixel)
    turns = quarter_turns(parts.centres)
    if turns:
        label = np.ascontiguousarray(np.rot90(label, turns))
        image = None if image is None else np.ascontiguousarray(np.rot90(image, turns))
        pixel = pixel[::-1] if turns % 2 else pixel
        parts = find_parts(label, pixel)
    label, parts = cut_arches(label, parts, pixel)
    label, parts = trim_sacrum(label, parts, pixel)
    label = without_islands(label, parts)
    blocks = build_blocks(parts, pixel, label.shape)
    notes = quality_flags.notes(blocks, parts.absent, parts.flags, parts.rows)
    if turns:
        notes[None] = (quality_flags.TURNED,)
    unit = "px" if spacing is None else "mm"
    return Spine(
        blocks, parts.absent, label, image, pixel, unit, notes, parts.boxes, parts.rows,
        tilt or 0.0, bool(turns),
    )  # fmt: skip
