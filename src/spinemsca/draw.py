"""Pictures of cases: overlays, legends and contact sheets, exact to the pixel.

Vertebrae are filled plain with dark colours, discs hatched with light ones, so that the two stay
apart in grey print and for colour-blind eyes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from spinemsca._util import percentile_window
from spinemsca.anatomy import COLUMN, STRUCTURES, Structure
from spinemsca.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spinemsca.case import Case, LabelMap
    from spinemsca.case import Image as Pixels

__all__ = ["case_figure", "contact_sheet", "legend", "overlay", "windowed"]

_WINDOW: Final = (0.5, 99.5)
_PAPER: Final = (255, 255, 255)
_INK: Final = (28, 36, 48)
_QUIET: Final = (86, 96, 112)
_GAP: Final = 12
_HATCH: Final = 6


def windowed(image: Pixels) -> NDArray[np.uint8]:
    """Grey values for display: the 0.5th to 99.5th percentile spread over 0 to 255.

    Args:
        image: `(H, W)` float32.

    Returns:
        `(H, W)` uint8; a constant image comes out black.
    """
    spread = percentile_window(image, _WINDOW, np.float64, widen=False)
    if spread is None:
        return np.zeros(image.shape, np.uint8)
    return np.asarray(spread * 255 + 0.5).astype(np.uint8)


def overlay(image: Pixels, label: LabelMap, *, opacity: float = 0.55) -> Image.Image:
    """The image in grey with its structures in colour and their outlines inside them.

    Args:
        image: `(H, W)` float32.
        label: `(H, W)` uint8 with values 0 to 11.
        opacity: Of the fill, 0 to 1.

    Returns:
        An RGB picture of the same size; a pixel of background keeps its grey value.

    Raises:
        UsageError: If the shapes differ.
    """
    if image.shape != label.shape:
        raise UsageError(f"image is {image.shape}, label map {label.shape}")
    rgb = np.repeat(windowed(image)[..., None], 3, axis=2).astype(np.float32)
    diagonals = np.add.outer(np.arange(label.shape[0]), np.arange(label.shape[1]))
    stripes = diagonals % _HATCH < _HATCH // 2
    for structure in STRUCTURES:
        mask = label == structure.value
        if mask.any():
            edge = mask & ~_eroded(mask)
            fill = mask & stripes if structure.is_disc else mask
            colour = np.asarray(structure.colour, np.float32)
            rgb[fill] += opacity * (colour - rgb[fill])
            rgb[edge] = colour
    return Image.fromarray((rgb + 0.5).astype(np.uint8))


def legend(structures: Sequence[Structure] = COLUMN, *, size: int = 15) -> Image.Image:
    """A column of swatches with the structures' names, from top to bottom.

    Args:
        structures: What to list.
        size: Of the letters, in pixels.
    """
    step = int(size * 1.7)
    picture = Image.new("RGB", (size * 9, step * len(structures)), _PAPER)
    pen = ImageDraw.Draw(picture)
    for row, structure in enumerate(structures):
        picture.paste(_swatch(structure, size), (0, row * step + (step - size) // 2))
        name = f"{structure.name}  {structure.description.removesuffix(' vertebra')}"
        text = name if structure.is_disc else structure.name
        pen.text((size * 2, row * step + step // 2), text, _INK, _font(size), anchor="lm")
    return picture


def case_figure(case: Case, *, height: int = 512) -> Image.Image:
    """A case: its image, the same with labels, a legend, and what is known of it.

    Args:
        case: With or without a label map.
        height: Of the two panels, in pixels.
    """
    width = max(1, round(case.shape[1] * height / case.shape[0]))
    panels = [_resized(Image.fromarray(windowed(case.image)).convert("RGB"), width, height)]
    if case.label is not None:
        panels += [_labelled(case, width, height), legend(_annotated(case))]
    top = 34
    total = sum(p.width for p in panels) + _GAP * (len(panels) + 1)
    picture = Image.new("RGB", (max(total, 420), height + top + 34), _PAPER)
    pen = ImageDraw.Draw(picture)
    pen.text((_GAP, top // 2), case.name, _INK, _font(17), anchor="lm")
    left = _GAP
    for panel in panels:
        picture.paste(panel, (left, top))
        left += panel.width + _GAP
    pen.text((_GAP, height + top + 16), _known(case), _QUIET, _font(13), anchor="lm")
    return picture


def contact_sheet(cases: Sequence[Case], *, columns: int = 0, tile: int = 240) -> Image.Image:
    """Many cases on one sheet, each with its labels over the image and its name below.

    Args:
        cases: At least one.
        columns: Cases a row; chosen for a wide sheet where 0.
        tile: Height of a case's picture, in pixels.

    Raises:
        UsageError: If there is no case.
    """
    if not cases:
        raise UsageError("no case to draw", remedy="Choose another split or release")
    columns = columns or min(len(cases), max(1, round((1.6 * len(cases)) ** 0.5)))
    rows = -(-len(cases) // columns)
    caption = 22
    sheet = Image.new("RGB", (columns * (tile + 8) + 8, rows * (tile + caption) + 8), _PAPER)
    pen = ImageDraw.Draw(sheet)
    for number, case in enumerate(cases):
        left, top = 8 + number % columns * (tile + 8), 8 + number // columns * (tile + caption)
        picture = _thumbnail(case, tile)
        sheet.paste(picture, (left + (tile - picture.width) // 2, top))
        pen.text((left + tile // 2, top + tile + 9), _short(case.name), _INK, _font(12), "mm")
    return sheet


def _thumbnail(case: Case, tile: int) -> Image.Image:
    grey = Image.fromarray(windowed(case.image)).convert("RGB")
    picture = grey if case.label is None else overlay(case.image, case.label)
    picture.thumbnail((tile, tile), Image.Resampling.LANCZOS)
    return picture


def _labelled(case: Case, width: int, height: int) -> Image.Image:
    """The overlay with each structure's name on its centre."""
    label = case.label
    if label is None:
        raise UsageError("case has no label map", where=case.name)
    picture = _resized(overlay(case.image, label), width, height)
    pen = ImageDraw.Draw(picture)
    for structure in STRUCTURES:
        where = np.argwhere(label == structure.value)
        if len(where):
            centre = (where.mean(axis=0) + 0.5) / case.shape * (height, width)
            style: dict[str, Any] = {"stroke_width": 2, "stroke_fill": (0, 0, 0)}
            place = float(centre[1]), float(centre[0])
            pen.text(place, structure.name, _PAPER, _font(12), "mm", **style)
    return picture


def _annotated(case: Case) -> list[Structure]:
    return [s for s in COLUMN if s in case.annotated]


def _known(case: Case) -> str:
    missing = [s.name for s in COLUMN if s not in case.annotated]
    parts = [
        f"{case.shape[0]} x {case.shape[1]} px",
        "spacing unknown"
        if case.spacing is None
        else f"{case.spacing.row:.3g} x {case.spacing.column:.3g} mm",
        f"not annotated: {', '.join(missing)}" if missing and case.label is not None else "",
        case.source,
    ]
    return "  ·  ".join(p for p in parts if p)


def _short(name: str, longest: int = 34) -> str:
    return name if len(name) <= longest else f"..{name[2 - longest :]}"


def _resized(picture: Image.Image, width: int, height: int) -> Image.Image:
    if picture.size == (width, height):
        return picture
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def _swatch(structure: Structure, size: int) -> Image.Image:
    label = np.full((size, int(size * 1.5)), structure.value, np.uint8)
    return overlay(np.zeros(label.shape, np.float32), label, opacity=0.85)


def _eroded(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels whose four neighbours belong to the mask too; the image's border counts as outside."""
    padded = np.pad(mask, 1)
    inner = padded[1:-1, 1:-1] & padded[:-2, 1:-1] & padded[2:, 1:-1]
    return np.asarray(inner & padded[1:-1, :-2] & padded[1:-1, 2:])


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
