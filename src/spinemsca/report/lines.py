"""Construction lines as a radiologist draws them, between the landmarks that were measured.

Everything here is in the measurements' physical space: (row, column) times the pixel's size.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemsca.anatomy import VERTEBRAE, Structure, level_of
from spinemsca.measure import (
    INFERIOR,
    INFERIOR_ANTERIOR,
    INFERIOR_POSTERIOR,
    SUPERIOR,
    SUPERIOR_ANTERIOR,
    SUPERIOR_POSTERIOR,
    NotGivenError,
    distance,
    unit,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spinemsca.measure import Measurements, OutlinedStructure, Points, Result, Spine

__all__ = ["Line", "LineKind", "alignment_lines", "height_lines", "usual_depth"]

_FIRST, _FIFTH, _SACRUM = VERTEBRAE[0], VERTEBRAE[-2], VERTEBRAE[-1]
_OVERHANG: Final = 0.15
_NEAREST: Final = 0.35
_FARTHEST: Final = 1.6


class LineKind(StrEnum):
    """What a line shows; decides how it is drawn."""

    ENDPLATE = "endplate"
    WALL = "posterior wall"
    HEIGHT = "disc height"
    COBB_S1 = "Cobb L1–S1"
    COBB_L5 = "Cobb L1–L5"
    AUXILIARY = "perpendicular"
    SLOPE = "sacral slope"
    SLIP = "slip"


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One straight line with what is written beside it.

    Attributes:
        kind: What it shows.
        at: Name of the structure or level, or `spine`.
        start: `(2,)`.
        end: `(2,)`.
        text: Beside it, or empty.
        place: `(2,)` where the text goes; its middle where not given.
        anchor: `start`, `middle` or `end`: which part of the text is there.
        measured: Whether both ends are landmarks, rather than prolongations.
    """

    kind: LineKind
    at: str
    start: Points
    end: Points
    text: str = ""
    place: Points | None = None
    anchor: str = "middle"
    measured: bool = False


def usual_depth(spine: Spine) -> float:
    """Median length of the endplates seen, by which drawings are scaled; 0 where none is."""
    found = [
        float(distance(block.corner(first)[0], block.corner(last)[0]))
        for block in spine.blocks.values()
        if not block.structure.is_disc
        for first, last in ((0, 1), (3, 2))
    ]
    finite = [length for length in found if np.isfinite(length)]
    return float(np.median(finite)) if finite else 0.0


def height_lines(found: Measurements) -> list[Line]:
    """Endplates, and each disc's height between facing corners and endplates' middles."""
    spine = found.spine
    bodies = [s for s in spine.rows if not s.is_disc]
    lines = [line for body in bodies for line in _endplates(spine, body)]
    for disc in _discs(spine):
        lines.extend(_heights(found, disc))
    return [line for line in lines if _finite(line)]


def _discs(spine: Spine) -> list[Structure]:
    return [s for s in spine.rows if s.is_disc]


def _endplates(spine: Spine, body: Structure) -> Iterator[Line]:
    if body not in spine.blocks:
        return
    block, name = spine.blocks[body], body.name
    yield _between(LineKind.ENDPLATE, name, block, SUPERIOR_ANTERIOR, SUPERIOR_POSTERIOR)
    if body != _SACRUM:
        yield _between(LineKind.ENDPLATE, name, block, INFERIOR_ANTERIOR, INFERIOR_POSTERIOR)


def _between(kind: LineKind, name: str, block: OutlinedStructure, first: int, last: int) -> Line:
    return Line(kind, name, block.corner(first)[0], block.corner(last)[0], measured=True)


def _heights(found: Measurements, disc: Structure) -> Iterator[Line]:
    spine, name = found.spine, disc.name
    try:
        top, bottom = spine.around(disc)
    except NotGivenError:
        return
    away = 0.08 * usual_depth(spine) * np.array([0.0, 1.0])
    for first, last, side, measure in (
        (INFERIOR_ANTERIOR, SUPERIOR_ANTERIOR, -1, "disc_space_height_anterior"),
        (INFERIOR_POSTERIOR, SUPERIOR_POSTERIOR, 1, "disc_space_height_posterior"),
    ):
        start, end = top.corner(first)[0], bottom.corner(last)[0]
        text = _value(found, measure, name, 1)
        anchor = "start" if side > 0 else "end"
        outer = max(start, end, key=lambda p: side * float(p[1]))
        place = np.array([(start[0] + end[0]) / 2, outer[1]]) + side * away
        yield Line(LineKind.HEIGHT, name, start, end, text, place, anchor, measured=True)
    start, end = top.middle(INFERIOR)[0], bottom.middle(SUPERIOR)[0]
    yield Line(LineKind.HEIGHT, name, start, end, measured=True)


def _value(found: Measurements, measure: str, at: str, digits: int) -> str:
    """A value with its unit, empty where it is not given."""
    result = found.get(measure, at)
    if not isinstance(result.value, float):
        return ""
    return f"{result.value:.{digits}f}{_unit(result, found.unit)}"


def _unit(result: Result, unit: str) -> str:
    suffix = result.definition.quantity.suffix(unit)
    return {"deg": "°", "percent": " %"}.get(suffix, f" {suffix}")


def alignment_lines(found: Measurements) -> list[Line]:
    """Posterior walls, Cobb's lines, sacral slope, and the slips that are named or greatest."""
    spine = found.spine
    lines = [
        _between(LineKind.WALL, s.name, b, SUPERIOR_POSTERIOR, INFERIOR_POSTERIOR)
        for s, b in spine.blocks.items()
        if s in VERTEBRAE[:-1]
    ]
    lines += _lordosis(found, _SACRUM, LineKind.COBB_S1, 1)
    lines += [*_lordosis(found, _FIFTH, LineKind.COBB_L5, -1), *_slope(found)]
    for disc in _slipped(found):
        lines.extend(_slip(found, disc))
    return [line for line in lines if _finite(line)]


def _finite(line: Line) -> bool:
    return bool(np.isfinite([line.start, line.end]).all())


def _lordosis(found: Measurements, low: Structure, kind: LineKind, side: int) -> Iterator[Line]:
    """Cobb's lines from L1's upper endplate to S1's upper or another vertebra's lower one."""
    blocks, measure = found.spine.blocks, f"lordosis_l1_{low.name.lower()}"
    if found.get(measure).value is None:
        return
    superior = (SUPERIOR_ANTERIOR, SUPERIOR_POSTERIOR)
    last = superior if low == _SACRUM else (INFERIOR_ANTERIOR, INFERIOR_POSTERIOR)
    ends = _plate(blocks[_FIRST], *superior), _plate(blocks[low], *last)
    text = f"L1–{low.name} {_value(found, measure, 'spine', 1)}"
    yield from _cobb(found.spine, kind, ends, side, text)


def _plate(block: OutlinedStructure, first: int, last: int) -> tuple[Points, Points]:
    return block.corner(first)[0], block.corner(last)[0]


def _cobb(
    spine: Spine, kind: LineKind, ends: tuple[tuple[Points, Points], ...], side: int, text: str
) -> Iterator[Line]:
    """Two endplates prolonged to one side, and their perpendiculars, which meet there.

    Args:
        spine: Measured.
        kind: Of the prolonged endplates.
        ends: Anterior and posterior end of the upper and the lower endplate.
        side: 1 where the perpendiculars meet behind the spine, -1 before it.
        text: Written where they meet.
    """
    meeting = _meeting(spine, ends, side)
    overhang = _OVERHANG * usual_depth(spine)
    for (front, back), name in zip(ends, text.partition(" ")[0].split("–"), strict=True):
        start, end = (front, back) if side > 0 else (back, front)
        along = unit(end - start)
        reach = float((meeting - start) @ along)
        foot = start + reach * along
        tip = start + (max(reach, float(distance(start, end))) + overhang) * along
        yield Line(kind, name, start, tip)
        yield Line(LineKind.AUXILIARY, name, foot, meeting + overhang * unit(meeting - foot))
    outwards = np.array([0.0, np.sign(side)]) * overhang
    anchor = "start" if side > 0 else "end"
    yield Line(LineKind.AUXILIARY, "spine", meeting, meeting, text, meeting + outwards, anchor)


def _meeting(spine: Spine, ends: tuple[tuple[Points, Points], ...], side: int) -> Points:
    """A point level with the middle of both endplates, so far out that its feet on them are too.

    It stays within some depths of the bodies, however steep the endplates are.
    """
    depth, outwards = usual_depth(spine), np.array([0.0, np.sign(side)])
    corners = np.concatenate(
        [b.landmarks.corners[0] for s, b in spine.blocks.items() if not s.is_disc]
    )
    columns = corners[np.isfinite(corners).all(axis=1)] @ outwards
    row = float(np.mean([end[0] for pair in ends for end in pair]))
    for step in np.arange(_NEAREST, _FARTHEST, 0.05).tolist():
        meeting: Points = np.array([row, 0.0]) + (float(columns.max()) + step * depth) * outwards
        clear = [
            (meeting - outer) @ unit(outer - inner) > 0.1 * depth
            for inner, outer in (pair if side > 0 else pair[::-1] for pair in ends)
        ]
        if all(clear):
            break
    return np.asarray(meeting)


def _slope(found: Measurements) -> Iterator[Line]:
    spine = found.spine
    if found.get("sacral_slope").value is None:
        return
    front, back = _plate(spine.blocks[_SACRUM], SUPERIOR_ANTERIOR, SUPERIOR_POSTERIOR)
    reach = 1.35 * (front - back)
    tilt = np.radians(spine.tilt or 0.0)
    level = back + 1.35 * abs(front[1] - back[1]) * np.array([np.sin(tilt), -np.cos(tilt)])
    text = f"sacral slope {_value(found, 'sacral_slope', 'spine', 1)}"
    yield Line(LineKind.SLOPE, "S1", back, back + reach)
    yield Line(LineKind.SLOPE, "S1", back, level, text, level + (back + reach - level) / 2, "end")


def _slipped(found: Measurements) -> list[Structure]:
    """Levels whose slip is named, and the one with the greatest."""
    discs = _discs(found.spine)
    shares = {d: found.get("slip_share", d.name).value for d in discs}
    known = {d: abs(v) for d, v in shares.items() if isinstance(v, float)}
    if not known:
        return []
    greatest = max(known, key=lambda d: known[d])
    named = [d for d in known if found.get("slip_band", d.name).value != "none beyond noise"]
    return sorted({greatest, *named}, key=discs.index)


def _slip(found: Measurements, disc: Structure) -> Iterator[Line]:
    """The lower endplate, the upper corner's foot on it, and the offset between the corners."""
    spine = found.spine
    upper, lower = spine.around(disc)
    corner, start = upper.corner(INFERIOR_POSTERIOR)[0], lower.corner(SUPERIOR_POSTERIOR)[0]
    front = lower.corner(SUPERIOR_ANTERIOR)[0]
    along = unit(front - start)
    foot = start + ((corner - start) @ along) * along
    share = _value(found, "slip_share", disc.name, 0)
    text = f"{level_of(disc)} {_value(found, 'slip', disc.name, 1)}"
    place = start + 0.12 * usual_depth(spine) * np.array([0.5, 1.0])
    yield Line(LineKind.ENDPLATE, lower.structure.name, front, start, measured=True)
    yield Line(LineKind.AUXILIARY, disc.name, corner, foot)
    yield Line(LineKind.SLIP, disc.name, start, foot, f"{text} ({share})", place, "start")
