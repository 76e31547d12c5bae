"""Finding the frame around a picture: bars and borders of one grey that are no part of the image.

Black air around a body is no frame. What tells a frame is a grey that is not the image's darkest,
or more black than air leaves around a body.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Box", "inside_frame"]

Box: TypeAlias = tuple[slice, slice]
"""Rows and columns of a part of a picture."""

# A constant grey comes out of JPEG within 1 of 255 (Pillow, qualities 50 to 95); other encoders
# may be worse.
_JPEG: Final = 2.0
# The same as a share of the range.
_CONSTANT: Final = _JPEG / 255
# Air differs by less than this share of an image's range from its darkest: on each of SPIDER's
# and Sudirman's 660 slices whose outermost lines are constant.
_AIR: Final = 0.1
# Black bars above and below that take a fifth of the rows, and 5 % each, are a frame: with such
# a frame, 3 of 30 real slices came out below a Dice of 0.9 to themselves without it, with twice
# as much 21. Of the 660 slices, three are black over a fifth of their rows, on one side alone.
_BARS: Final = (0.2, 0.05)
# Black to the left and right is a frame where the longer side of what lies between is less than
# this share of the picture's. Air leaves 0.65 and more of SPIDER's widest slices.
_BETWEEN: Final = 0.64
# A caption in a white bar covers less of a line than this; two whole lines show the bar before.
_CAPTION: Final = 0.3
# See above: lines, not pixels.
_SURE: Final = 2
# JPEG's blocks are 8 pixels wide, so far does an image's edge ring into its frame; a line's
# middle value stays within a tenth of the image's range then.
_RINGING: Final = 8
# A tenth, as above.
_RINGING_SHARE: Final = 0.1
# Borders around lines around borders: more layers are not looked for.
_LAYERS: Final = 6
# What is smaller than this in pixels shows no spine; the picture is a blank one.
_SMALLEST: Final = 16
# Every third pixel tells an image's range as well as all do.
_EACH: Final = 3


class _Side(NamedTuple):
    axis: int
    last: bool


class _Bar(NamedTuple):
    """Lines of one grey, and by how much that may vary: in them, and where an edge rings."""

    width: int
    grey: float
    constant: float
    ringing: float


_SIDES: Final = tuple(_Side(axis, last) for axis in (0, 1) for last in (False, True))


def inside_frame(pixels: NDArray[Any]) -> Box:
    """The part of a picture that lies inside a frame of one grey, or all of it.

    White and grey borders, bars on some sides and borders within borders count as frames
    whatever their width; black ones only where they take more than air does: a fifth of the rows
    above and below, or so much at the left and right that the longer side shrinks to 0.64.

    Args:
        pixels: `(H, W)`, any real dtype and range, finite.

    Returns:
        Rows and columns of what lies inside.
    """
    values = np.asarray(pixels)
    rows, columns = values.shape
    whole = (slice(0, rows), slice(0, columns))
    box = _without_borders(values, whole)
    if min(_lengths(box)) < _SMALLEST:
        return whole
    inner = _peeled(values, box, dark=True)
    if min(_lengths(inner)) < _SMALLEST or not _is_frame(box, inner):
        return box
    return inner


def _is_frame(box: Box, inner: Box) -> bool:
    """Whether the black between two boxes is too much to be air."""
    rows, columns = _lengths(box)
    bars = (inner[0].start - box[0].start) / rows, (box[0].stop - inner[0].stop) / rows
    if sum(bars) >= _BARS[0] and min(bars) >= _BARS[1]:
        return True
    return max(rows, _lengths(inner)[1]) < _BETWEEN * max(rows, columns)


def _without_borders(values: NDArray[Any], whole: Box) -> Box:
    """Without borders that are not black, and without what black lines lie between them."""
    found = box = whole
    for layer in range(_LAYERS):
        inner = _peeled(values, box, dark=False)
        found = found if inner == box else inner
        if inner == box and layer > 0:
            break
        box, last = _peeled(values, inner, dark=True), box
        if box == last:
            break
    return found


def _peeled(values: NDArray[Any], box: Box, *, dark: bool) -> Box:
    """Without lines of one grey at each side: of the image's darkest, or of any other."""
    bars = []
    for side in _SIDES:
        bar = _bar(_seen_from(values, box, side), dark=dark)
        box = _trimmed(box, side, bar.width)
        bars.append(bar)
    for side, bar in zip(_SIDES, bars, strict=True):
        # Only now do lines hold nothing of the bars beside them.
        if not dark and bar.width >= _SURE:
            box = _trimmed(box, side, _beyond(_seen_from(values, box, side), bar))
    return box


def _seen_from(values: NDArray[Any], box: Box, side: _Side) -> NDArray[Any]:
    """Lines parallel to a side, the outermost first."""
    lines = values[box] if side.axis == 0 else values[box].T
    return lines[::-1] if side.last else lines


def _trimmed(box: Box, side: _Side, width: int) -> Box:
    span = box[side.axis]
    kept = (
        slice(span.start, span.stop - width) if side.last else slice(span.start + width, span.stop)
    )
    return (kept, box[1]) if side.axis == 0 else (box[0], kept)


def _bar(lines: NDArray[Any], *, dark: bool) -> _Bar:
    """The first lines that are of one grey."""
    nothing = _Bar(0, 0, 0, 0)
    if not lines.size:
        return nothing
    grey = float(np.median(lines[0]))
    sample = lines[::_EACH, ::_EACH]
    others = sample[sample != grey]
    if not others.size or _span(lines[0]) > 2 * max(_JPEG, _span(others) * _CONSTANT):
        return nothing
    low, high = (float(v) for v in np.percentile(others, (0.5, 99.5)))
    if dark != (abs(grey - low) <= _AIR * (high - low)):
        return nothing
    constant = _CONSTANT * (high - low)
    constant = max(constant, _JPEG) if lines.dtype == np.uint8 else constant
    width = _constant(lines, grey, constant)
    return _Bar(width, grey, constant, _RINGING_SHARE * (high - low))


def _constant(lines: NDArray[Any], grey: float, tolerance: float) -> int:
    """The number of first lines whose pixels are all of one grey."""
    lows, highs = lines.min(axis=1), lines.max(axis=1)
    off = (lows < grey - tolerance) | (highs > grey + tolerance)
    return int(off.argmax()) if off.any() else len(lines)


def _beyond(lines: NDArray[Any], bar: _Bar) -> int:
    """How far a bar reaches on, under a caption or with the ringing of the image's edge."""
    if not lines.size:
        return 0
    width = rung = 0
    for line in lines:
        off = np.abs(line.astype(np.float64) - bar.grey)
        if (off > bar.constant).mean() <= _CAPTION:
            width, rung = width + rung + 1, 0
        elif rung < _RINGING and np.median(off) <= bar.ringing:
            rung += 1
        else:
            break
    return width + rung


def _span(values: NDArray[Any]) -> float:
    return float(values.max()) - float(values.min())


def _lengths(box: Box) -> tuple[int, int]:
    return box[0].stop - box[0].start, box[1].stop - box[1].start
