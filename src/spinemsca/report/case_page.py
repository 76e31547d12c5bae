"""The page of one case: the slice with its lines, every number, what is missing and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from spinemsca.anatomy import by_any_name, level_of
from spinemsca.measure import MEASURES, SQUARE_PIXELS, Quantity, Scope, describe_measure
from spinemsca.report.lines import Line, LineKind, alignment_lines, height_lines
from spinemsca.report.picture import STYLES, frame_of, picture_source, svg_parts
from spinemsca.report.templating import render_template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spinemsca.measure import Measurements, Result
    from spinemsca.report.about import About

__all__ = ["case_page", "mark_of", "slice_drawings", "words"]

_TITLES: Final = {
    Scope.DISC: ("Discs", "Value ± standard error."),
    Scope.VERTEBRA: ("Vertebrae", "Value ± standard error. S1 has no inferior endplate."),
    Scope.LEVEL: (
        "Level pairs",
        "Two bodies, named by the disc between them. Lordosis and forward slip are positive.",
    ),
    Scope.SPINE: ("Whole lumbar spine", "Supine. Angles to the horizontal are to the image's."),
}
_CONTENTS: Final = (
    ("slice", "The slice"),
    ("notes", "What to know first"),
    *((scope.value, title) for scope, (title, _) in _TITLES.items()),
    ("absent", "Not given"),
    ("definitions", "Definitions"),
)
_CREDITS: Final = (
    "Definitions, sources and reference values are listed above with their authors. Standard "
    "errors hold what the outline's scatter and the pixel grid leave uncertain, not an outline "
    "that is wrong as a whole, another slice, or a wrongly numbered level."
)
_LEGENDS: Final = {
    LineKind.COBB_S1: "L1 and S1 superior endplates, prolonged",
    LineKind.COBB_L5: "L1 superior and L5 inferior endplate, prolonged",
    LineKind.AUXILIARY: "perpendicular, or foot of a corner",
    LineKind.SLOPE: "S1 superior endplate and the horizontal",
    LineKind.HEIGHT: "disc height: between corners and between endplates' middles",
    LineKind.WALL: "posterior wall of a body",
    LineKind.SLIP: "slip along the lower endplate",
    LineKind.ENDPLATE: "endplate, corner to corner",
}


@dataclass(frozen=True, slots=True)
class _Cell:
    value: str
    error: str = ""
    mark: str = ""
    range: str = ""


def case_page(found: Measurements, about: About) -> str:
    """The page as one HTML document that needs no other file.

    Args:
        found: All measures of the case.
        about: What else is known of it.
    """
    page = _drawings(found) | {
        "name": found.case,
        "back": about.back,
        "pixels": _pixels(found),
        "contents": _CONTENTS,
        "facts": about.facts(),
        "flags": [(place, t) for place, texts in found.flags.items() for t in texts]
        + [("prediction", text) for text in about.warnings],
        "outside": _outside(found),
        "groups": [_group(found, scope) for scope in _TITLES],
        "absent": _absent(found.results),
        "definitions": [_definition(d) for d in map(describe_measure, MEASURES)],
        "credits": " ".join(filter(None, (_CREDITS, about.credit()))),
    }
    return render_template("case.html", page=page)


def slice_drawings(found: Measurements) -> str:
    """The slice with outlines, landmarks and lines: two figures as HTML, for another page."""
    return render_template("panels.html", page=_drawings(found))


def _drawings(found: Measurements) -> dict[str, Any]:
    heights, alignment = height_lines(found), alignment_lines(found)
    frame = frame_of(found.spine, (*heights, *alignment))
    return {
        "frame": frame,
        "source": picture_source(found.spine, frame),
        "panels": _panels(found, heights, alignment),
    }


def words(name: str) -> str:
    """A measure's or column's name for people."""
    return name.replace("_", " ")


def _definition(row: dict[str, str]) -> dict[str, str]:
    reference = row["reference"] + (f" Range used: {row['normal']}." if row["normal"] else "")
    return row | {"measure": words(row["measure"]), "reference": reference or "none known"}


def _pixels(found: Measurements) -> str:
    if SQUARE_PIXELS in found.flags.get("spine", ()):
        return (
            "The pixel spacing is not known: lengths are in pixels, and angles and ratios assume "
            "square pixels."
        )
    if found.unit == "px":
        return (
            "Lengths are in pixels, since the spacing is not known; the pixels' shape follows "
            "from the image's original size."
        )
    row, column = found.spine.pixel
    return f"Measured in millimetres, with pixels of {row:.3g} × {column:.3g} mm (row × column)."


def _alignment_title(drawn: set[LineKind]) -> str:
    """Names only what the picture shows."""
    parts = {
        "lordosis": drawn & {LineKind.COBB_S1, LineKind.COBB_L5},
        "sacral slope": drawn & {LineKind.SLOPE},
        "posterior walls": drawn & {LineKind.WALL},
        "slip": drawn & {LineKind.SLIP},
    }
    shown = [name for name, kinds in parts.items() if kinds]
    return f"Alignment: {', '.join(shown)}" if shown else "Alignment"


def _panels(
    found: Measurements, heights: list[Line], alignment: list[Line]
) -> list[dict[str, Any]]:
    return [
        {
            "title": "Outlines, endplates and disc heights",
            "caption": f"Numbers: anterior and posterior disc-space height in {found.unit}.",
            "description": _described(found, "disc_space_height_anterior", "disc_height_dabbs"),
            "legend": _legend(heights),
            "discs": True,
            "parts": svg_parts(found, heights),
        },
        {
            "title": _alignment_title({line.kind for line in alignment}),
            "caption": "Slip is drawn where it is greatest, and wherever it is beyond noise.",
            "description": _described(
                found, "lordosis_l1_s1", "lordosis_l1_l5", "sacral_slope", "slip_share"
            ),
            "legend": _legend(alignment),
            "discs": False,
            "parts": svg_parts(found, alignment),
        },
    ]


def _described(found: Measurements, *names: str) -> str:
    """The drawing in words: the values that it shows."""
    parts = []
    for r in found.results:
        if r.definition.name in names and isinstance(r.value, float):
            unit = r.definition.quantity.suffix(found.unit)
            parts.append(f"{r.structure} {words(r.definition.name)} {r.value:.1f} {unit}")
    return "; ".join(parts) or "No landmarks were found."


def _legend(lines: Sequence[Line]) -> list[tuple[str, Any]]:
    kinds = {line.kind for line in lines}
    return [(text, STYLES[kind]) for kind, text in _LEGENDS.items() if kind in kinds]


def _group(found: Measurements, scope: Scope) -> dict[str, Any]:
    title, caption = _TITLES[scope]
    names = [s.name for s in scope.of(found.spine)] if scope is not Scope.SPINE else ["spine"]
    cells: dict[str, dict[str, _Cell]] = {}
    for r in found.results:
        if r.definition.scope is scope:
            cells.setdefault(r.definition.name, {})[r.structure] = _cell(r)
    if len(names) > len(scope.structures()):
        # With other vertebrae the table grows too wide; what no cell is given for stands below.
        names = [n for n in names if any(row[n].value for row in cells.values())]
    units = {d.name: d.quantity.suffix(found.unit) for d in MEASURES}
    rows = [
        {"name": words(name), "unit": _unit(units[name]), "cells": [row[n] for n in names]}
        for name, row in cells.items()
        if any(cell.value for cell in row.values())
    ]
    columns = ["Value"] if scope is Scope.SPINE else [_heading(n, scope) for n in names]
    return {
        "id": scope.value, "title": title, "caption": caption, "columns": columns, "rows": rows
    }  # fmt: skip


def _heading(name: str, scope: Scope) -> str:
    if scope is Scope.VERTEBRA:
        return name
    level = level_of(by_any_name(name))
    return name if name == level else f"{name} ({level})"


def _unit(suffix: str) -> str:
    names = {"deg": "°", "percent": "%", "mm2": "mm²", "px2": "px²", "ratio": "ratio", "text": ""}
    return names.get(suffix, suffix)


def _cell(result: Result) -> _Cell:
    if result.value is None:
        return _Cell("")
    if isinstance(result.value, str):
        return _Cell(result.value)
    digits = _digits(result.definition.quantity)
    error = "" if result.error is None else f"{result.error:.{digits}f}"
    span = "" if result.normal is None else f"{result.normal[0]:g} to {result.normal[1]:g}"
    return _Cell(f"{result.value:.{digits}f}", error, mark_of(result), span)


def _digits(quantity: Quantity) -> int:
    return {Quantity.RATIO: 3, Quantity.AREA: 0}.get(quantity, 1)


def mark_of(result: Result) -> str:
    """`▲ above` or `▼ below` where a value lies outside its normal range, else empty."""
    if result.normal is None or not isinstance(result.value, float):
        return ""
    low, high = result.normal
    if result.value > high:
        return "▲ above"
    return "▼ below" if result.value < low else ""


def _outside(found: Measurements) -> list[str]:
    texts = []
    for r in found.results:
        mark = mark_of(r)
        if mark and r.normal is not None:
            cell, unit = _cell(r), _unit(r.definition.quantity.suffix(found.unit))
            texts.append(
                f"{r.structure}: {words(r.definition.name)} {cell.value} {unit}, {mark} the range "
                f"{cell.range} ({r.definition.reference})"
            )
    return texts


def _absent(results: Sequence[Result]) -> list[tuple[str, str, str]]:
    """By structure and reason, the measures that are not given."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for r in results:
        if r.value is None:
            grouped.setdefault((r.structure, r.reason), []).append(words(r.definition.name))
    return [(place, reason, ", ".join(names)) for (place, reason), names in grouped.items()]
