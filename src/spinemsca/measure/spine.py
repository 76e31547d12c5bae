"""A label map as a spine: each structure's landmarks in physical space, and what is amiss."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import ndimage

from spinemsca.anatomy import COLUMN, Structure, above, below, by_value
from spinemsca.measure import quality
from spinemsca.measure.block import Block
from spinemsca.measure.contour import (
    Points,
    boundary,
    main_component,
    raggedness,
    smooth,
)
from spinemsca.measure.landmarks import SIGMAS, Landmarks, Outlines, locate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from spinemsca.case import Image, LabelMap, Spacing

__all__ = ["NotGivenError", "Spine", "spine_of"]

_LEAST_PIXELS: Final = 24
# The longer outlines are, the more they are smoothed, as far as corners stay.
_SIGMAS_LONG: Final = 85.0


class NotGivenError(Exception):
    """A measure cannot be given; its text is the reason that tables print."""


@dataclass(frozen=True, slots=True, eq=False)
class Spine:
    """What the measures are computed from.

    Attributes:
        blocks: The structures that can be measured.
        absent: Why each of the others cannot.
        label: `(H, W)` the label map as used.
        image: `(H, W)` or `None`.
        pixel: `(2,)` height and width of a pixel in `unit`.
        unit: `mm` or `px`.
        posterior: +1 where the patient's back is towards higher columns, -1 where lower.
        flags: What a reader should know, by structure or `None` for the whole.
        boxes: Slices that hold each label value, from 1 on.
        cache: What measures share, so that it is computed once.
    """

    blocks: Mapping[Structure, Block]
    absent: Mapping[Structure, str]
    label: LabelMap
    image: Image | None
    pixel: Points
    unit: str
    posterior: int = 1
    flags: Mapping[Structure | None, tuple[str, ...]] = field(default_factory=dict)
    boxes: tuple[Any, ...] = ()
    cache: dict[Any, Any] = field(default_factory=dict)

    def block(self, structure: Structure | None) -> Block:
        """The structure's block; raises `NotGivenError` with the reason where there is none."""
        if structure is None:
            raise NotGivenError("beyond the labelled levels")
        if structure not in self.blocks:
            raise NotGivenError(self.absent[structure])
        return self.blocks[structure]

    def around(self, disc: Structure) -> tuple[Block, Block]:
        """The vertebrae above and below a disc."""
        return self.block(above(disc)), self.block(below(disc))


def spine_of(
    label: LabelMap,
    *,
    image: Image | None = None,
    spacing: Spacing | None = None,
    aspect: float = 1.0,
    posterior: int = 1,
) -> Spine:
    """Finds every structure's landmarks.

    Args:
        label: `(H, W)` values 0 to 11.
        image: `(H, W)`, for measures of signal.
        spacing: In mm; without it lengths are in pixels.
        aspect: Height of a pixel over its width, used where spacing is not known.
        posterior: -1 for an image whose patient faces right.
    """
    pixel = np.array(spacing) if spacing is not None else np.array([aspect, 1.0]) / aspect**0.5
    boxes = tuple(ndimage.find_objects(label, max_label=len(COLUMN)))
    parts, absent, flags = _parts(label, boxes)
    centres = {s: (np.array(p.centre)) * pixel for s, p in parts.items()}
    for structure in quality.out_of_order(centres):
        absent[structure] = f"{structure} is out of order along the spine"
        del parts[structure], centres[structure]
    blocks = _blocks(parts, centres, pixel, label.shape, posterior)
    notes = quality.notes(blocks, absent, flags)
    unit = "px" if spacing is None else "mm"
    return Spine(blocks, absent, label, image, pixel, unit, posterior, notes, boxes)


@dataclass(frozen=True, slots=True)
class _Part:
    mask: NDArray[np.bool_]
    corner: tuple[int, int]
    centre: tuple[float, float]
    mended: int


def _parts(
    label: LabelMap, boxes: tuple[Any, ...]
) -> tuple[dict[Structure, _Part], dict[Structure, str], dict[Structure, str]]:
    """Each structure's main component, why others have none, and what was mended."""
    parts, absent, flags = {}, {}, {}
    for value, box in enumerate(boxes, start=1):
        structure = by_value(value)
        if box is None:
            absent[structure] = f"{structure} is not in the label map"
            continue
        part = _part(label[box] == value, box)
        size = np.count_nonzero(part.mask)
        if size < _LEAST_PIXELS or min(part.mask.shape) < 4:
            absent[structure] = f"{structure} has only {size} pixels"
            continue
        parts[structure] = part
        if part.mended > quality.MENDED_SHARE * size:
            flags[structure] = f"{structure} has islands or holes of {part.mended} px, left out"
    return parts, absent, flags


def _part(mask: NDArray[np.bool_], box: tuple[slice, ...]) -> _Part:
    kept, mended = main_component(mask)
    rows, columns = np.nonzero(kept)
    top, left = box[0].start, box[1].start
    return _Part(kept, (top, left), (rows.mean() + top, columns.mean() + left), mended)


def _axes(
    structure: Structure, centres: Mapping[Structure, Points], posterior: int
) -> tuple[Points, Points, Points]:
    """Centre, down and back, from the neighbours along the spine; upright if there are none."""
    known = [s for s in COLUMN if s in centres]
    place = known.index(structure)
    upper, lower = known[max(place - 1, 0)], known[min(place + 1, len(known) - 1)]
    down = centres[lower] - centres[upper]
    length = float(np.linalg.norm(down))
    down = down / length if length else np.array([1.0, 0.0])
    return centres[structure], down, posterior * np.array([-down[1], down[0]])


def _blocks(
    parts: Mapping[Structure, _Part],
    centres: Mapping[Structure, Points],
    pixel: Points,
    shape: tuple[int, ...],
    posterior: int,
) -> dict[Structure, Block]:
    if not parts:
        return {}
    lines = [boundary(part.mask) + part.corner for part in parts.values()]
    outlines = _outlines(lines, [_axes(s, centres, posterior) for s in parts], pixel, shape)
    found = locate(outlines)
    return {
        structure: Block(
            structure,
            landmarks := found.of(i),
            outlines.smooth[i, : len(lines[i])],
            _areas(parts[structure], pixel, landmarks, len(lines[i]), structure.value),
            centres[structure],
        )
        for i, structure in enumerate(parts)
    }


def _outlines(
    lines: list[Points],
    axes: list[tuple[Points, Points, Points]],
    pixel: Points,
    shape: tuple[int, ...],
) -> Outlines:
    """Pads outlines, given in pixels, to one length, and brings them into physical space."""
    longest = max(map(len, lines))
    sigma = float(np.clip(np.median([len(line) for line in lines]) / _SIGMAS_LONG, *SIGMAS))
    raw = np.zeros((len(lines), longest, 2))
    smoothed, smoother = np.zeros_like(raw), np.zeros_like(raw)
    ragged = np.zeros(len(lines))
    used = np.arange(longest) < np.array([len(line) for line in lines])[:, None]
    for i, line in enumerate(lines):
        once = smooth(line, sigma)
        raw[i, : len(line)], smoothed[i, : len(line)] = line, once
        smoother[i, : len(line)] = smooth(once, sigma)
        ragged[i] = raggedness(line)
    cut = ((raw <= 0.5) | (raw >= np.array(shape) - 1.5)).any(axis=-1) & used
    centre, down, back = (np.stack(part) for part in zip(*axes, strict=True))
    return Outlines(
        raw * pixel, smoothed * pixel, smoother * pixel, ragged * float(pixel.mean()),
        used, cut, centre, down, back, pixel, sigma,
    )  # fmt: skip


def _areas(
    part: _Part, pixel: Points, landmarks: Landmarks, length: int, seed: int
) -> NDArray[np.float64]:
    """The area and its draws: each pixel of outline is off by the outline's scatter."""
    if not landmarks.valid.all():
        return np.full(len(landmarks.corners), np.nan)
    size, pixels = float(pixel.prod()), np.count_nonzero(part.mask)
    scatter = float(np.sqrt(np.mean(landmarks.residual**2)) / pixel.mean())
    error = size * max(scatter, 0.29) * np.sqrt(3.0 * length)
    draws = np.random.default_rng(100 + seed).standard_normal(len(landmarks.corners))
    draws[0] = 0
    return np.asarray(pixels * size + error * draws)
