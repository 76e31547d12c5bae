"""A slice with outlines, landmarks and lines, as SVG over the picture's own pixels."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from spinemsca.draw import windowed
from spinemsca.report.lines import Line, LineKind, usual_depth

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spinemsca.measure import Measurements, Points, Spine

__all__ = ["STYLES", "Stroke", "ViewBox", "frame_of", "picture_source", "svg_parts"]

# Shares of the usual depth of a body; chosen, not measured.
_ASIDE: Final = 0.3
_LETTER: Final = 0.062
_OVER: Final = 0.4


@dataclass(frozen=True, slots=True)
class Stroke:
    """How a kind of line is drawn: colour, width in hundredths of the usual depth, dashes."""

    colour: str
    width: float = 1.4
    dash: str = ""


STYLES: Final = {
    LineKind.ENDPLATE: Stroke("#ffd65c"),
    LineKind.WALL: Stroke("#8fd3ff", 1.6),
    LineKind.HEIGHT: Stroke("#ffffff", 1.6, "5 2"),
    LineKind.COBB_S1: Stroke("#ffd65c", 1.8),
    LineKind.COBB_L5: Stroke("#9be29b", 1.8, "9 2"),
    LineKind.AUXILIARY: Stroke("#d6dce4", 1.1, "2 2.4"),
    LineKind.SLOPE: Stroke("#ff9ec7", 1.8, "7 2 1.5 2"),
    LineKind.SLIP: Stroke("#ff7043", 3.4),
}
"""By kind; each differs in dashes or width from those it is drawn beside, not in colour alone."""


@dataclass(frozen=True, slots=True)
class ViewBox:
    """The part of the slice that is shown, in physical units: x and y grow right and down.

    Attributes:
        x: Left edge.
        y: Upper edge.
        width: In the measurements' unit.
        height: In the measurements' unit.
        unit: The usual depth of a body, by which widths of lines and letters are chosen.
        image: `(x, y, width, height)` of the embedded picture.
        crop: Rows and columns of the slice that are embedded: top, bottom, left, right.
    """

    x: float
    y: float
    width: float
    height: float
    unit: float
    image: tuple[float, float, float, float]
    crop: tuple[int, int, int, int]


def frame_of(spine: Spine, lines: Sequence[Line] = ()) -> ViewBox:
    """The labelled structures and lines, with room around them for numbers.

    Args:
        spine: Measured.
        lines: What will be drawn, with the numbers beside it.
    """
    pixel, shape = spine.pixel, np.array(spine.label.shape)
    unit = usual_depth(spine) or float((shape * pixel).max()) / 8
    outlines = [block.outline for block in spine.blocks.values()]
    outlines += [np.stack((line.start, line.end)) for line in lines]
    outlines += [_extent(line, unit) for line in lines if line.text]
    points = np.concatenate(outlines) if outlines else np.array([[0.0, 0.0], shape * pixel])
    room = unit * np.array([_OVER, _ASIDE])
    low, high = points.min(axis=0) - room, points.max(axis=0) + room
    first = np.clip(np.floor(low / pixel), 0, shape).astype(int)
    last = np.clip(np.ceil(high / pixel) + 1, 0, shape).astype(int)
    corner, size = (first - 0.5) * pixel, (last - first) * pixel
    image = (float(corner[1]), float(corner[0]), float(size[1]), float(size[0]))
    (y, x), (height, width) = low.tolist(), (high - low).tolist()
    crop = (int(first[0]), int(last[0]), int(first[1]), int(last[1]))
    return ViewBox(x, y, width, height, unit, image, crop)


def _extent(line: Line, unit: float) -> Points:
    """Ends of a line's text, for letters of usual width."""
    width = _LETTER * unit * len(line.text)
    left = {"start": 0.0, "middle": -width / 2, "end": -width}[line.anchor]
    middle = (line.start + line.end) / 2 if line.place is None else line.place
    return np.array([[middle[0], middle[1] + left], [middle[0], middle[1] + left + width]])


def picture_source(spine: Spine, frame: ViewBox) -> str:
    """The slice's part in grey as a `data:` URL, PNG; empty where there is no image."""
    top, bottom, left, right = frame.crop
    if spine.image is None or top >= bottom or left >= right:
        return ""
    grey = windowed(np.asarray(spine.image, dtype=np.float32))[top:bottom, left:right]
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def svg_parts(found: Measurements, lines: list[Line]) -> dict[str, object]:
    """What the template draws: outlines, corner points, lines and texts, with their style."""
    blocks = found.spine.blocks
    return {
        "outlines": [
            {
                "d": _path(b.outline),
                "disc": s.is_disc,
                "colour": "#{:02x}{:02x}{:02x}".format(*s.colour),
            }
            for s, b in blocks.items()
        ],
        "points": [_xy(p) for line in lines if line.measured for p in (line.start, line.end)],
        "lines": [_drawn(line) for line in lines if (line.start != line.end).any()],
        "texts": [_text(line) for line in lines if line.text],
        "names": [
            {"text": s.name, "disc": s.is_disc} | dict(zip("xy", _xy(b.centre), strict=True))
            for s, b in blocks.items()
        ],
    }


def _xy(point: Points) -> tuple[float, float]:
    return round(float(point[1]), 3), round(float(point[0]), 3)


def _path(outline: Points) -> str:
    return "M" + "L".join(f"{x:.2f} {y:.2f}" for y, x in outline.tolist()) + "Z"


def _drawn(line: Line) -> dict[str, object]:
    (x1, y1), (x2, y2), style = _xy(line.start), _xy(line.end), STYLES[line.kind]
    return {
        "kind": line.kind.value, "at": line.at, "style": style,
        "x1": x1, "y1": y1, "x2": x2, "y2": y2,
    }  # fmt: skip


def _text(line: Line) -> dict[str, object]:
    place = (line.start + line.end) / 2 if line.place is None else line.place
    x, y = _xy(place)
    return {"x": x, "y": y, "text": line.text, "anchor": line.anchor}
