"""Label maps from polygon lists in YOLO's format: a class, then x y pairs as fractions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw

from spinemsca.errors import CaseError, FileFormatError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from spinemsca.anatomy import Structure
    from spinemsca.case import LabelMap

__all__ = ["label_from_polygons", "read_polygons"]

# Drawn polygons include their outline, half a pixel too much; on a finer grid it is less.
_FINE: Final = 4
# Chosen, not measured: far beyond the list of one slice.
_MAX_BYTES: Final = 1 << 20


def read_polygons(path: Path) -> str:
    """The text of a list of polygons.

    Raises:
        FileFormatError: If it is no text of at most 1 MiB.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise FileFormatError("is larger than 1 MiB", where=path, remedy="Give YOLO's lists")
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FileFormatError(
            f"is no list of polygons ({type(error).__name__})", where=path
        ) from None


def label_from_polygons(
    text: str, shape: tuple[int, int], structures: Sequence[Structure], where: str = ""
) -> LabelMap:
    """Draws one polygon a structure; sets that skip, repeat or shift a level are refused.

    Args:
        text: A line a polygon: class, then x and y of each corner as fractions of the slice's
            width and height.
        shape: Rows and columns of the slice.
        structures: Of classes 0, 1, 2 …, from top to bottom.
        where: Name for messages.

    Returns:
        `(H, W)` uint8.

    Raises:
        CaseError: If a line cannot be read, a class is missing, repeated or unknown, or the
            centres do not run from top to bottom.
    """
    polygons = [_polygon(line, where) for line in text.splitlines() if line.strip()]
    classes = sorted(index for index, _ in polygons)
    if classes != list(range(len(structures))):
        raise CaseError(
            f"has polygons of the classes {classes}",
            where=where or None,
            remedy=f"Each of 0 to {len(structures) - 1} is needed once",
        )
    rows, columns = shape
    canvas = Image.new("L", (_FINE * columns, _FINE * rows))
    pen = ImageDraw.Draw(canvas)
    for index, corners in polygons:
        # Fractions count from the slice's edge, pixels from the first pixel's centre.
        pixels = _FINE * corners * (columns, rows) - 0.5
        pen.polygon([(float(x), float(y)) for x, y in pixels], fill=structures[index].value)
    label = np.asarray(canvas)[_FINE // 2 :: _FINE, _FINE // 2 :: _FINE].copy()
    _check_order(label, structures, where)
    return label


def _polygon(
    line: str, where: str
) -> tuple[int, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    try:
        first, *rest = line.split()
        corners = np.array(rest, dtype=np.float64).reshape(-1, 2)
        index = int(first)
    except ValueError:
        corners, index = np.empty((0, 2)), 0
    if len(corners) < 3 or not ((corners >= 0) & (corners <= 1)).all():
        raise CaseError(
            f"line {line[:40]!r} is no polygon",
            where=where or None,
            remedy="A class, then at least three pairs of fractions from 0 to 1",
        )
    return index, corners


def _check_order(label: LabelMap, structures: Sequence[Structure], where: str) -> None:
    masks = [label == s.value for s in structures]
    centres = [np.argwhere(mask)[:, 0].mean() if mask.any() else -1.0 for mask in masks]
    if min(centres) < 0 or np.diff(centres).min(initial=1) <= 0:
        raise CaseError(
            "has polygons that do not run from top to bottom",
            where=where or None,
            remedy="Leave the case out, or correct its classes",
        )
