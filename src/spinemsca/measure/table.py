"""Measurements as tables: a row a case and structure, a row a case, and the codebook."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from spinemsca.anatomy import COLUMN, OTHERS, SPINE
from spinemsca.measure.definitions import Definition, Quantity, Scope
from spinemsca.measure.registry import MEASURES, describe_measure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from spinemsca.measure.measurements import Measurements, Result

__all__ = [
    "codebook",
    "csv_text",
    "tidy_columns",
    "tidy_rows",
    "wide_columns",
    "wide_row",
]

ROWS: Final = (*(s.name for s in COLUMN), "spine")
"""Names of the rows that every case has; a level goes with its disc."""

ALL_ROWS: Final = (*(s.name for s in SPINE), "spine")
"""Names of all rows, in their order: with those of vertebrae that few cases show, as L6."""


def tidy_columns() -> list[str]:
    """Columns of the tidy table; the same for every cohort, with or without spacing."""
    return ["case", "slice", "structure", *_value_columns(), "not_given", "flags"]


def _value_columns() -> list[str]:
    return [column for definition in MEASURES for column in _columns(definition)]


def _columns(definition: Definition) -> Iterator[str]:
    """The value's column and its standard error's, for each unit it may come in."""
    for suffix in definition.quantity.suffixes():
        yield f"{definition.name}_{suffix}"
        if definition.quantity is not Quantity.TEXT:
            yield f"{definition.name}_se_{suffix}"


def tidy_rows(found: Measurements) -> list[dict[str, str]]:
    """A row for each structure, from top to bottom, and one for the spine.

    What is not given is empty. Other vertebrae have rows only where the label map holds them.

    Args:
        found: Of one case.
    """
    names = (*(s.name for s in found.spine.rows), "spine")
    about = {"case": found.case, "slice": _slice(found)}
    rows = {name: about | {"structure": name} for name in names}
    reasons: dict[str, dict[str, list[str]]] = {name: {} for name in names}
    for result in found.results:
        rows[result.structure].update(_cells(result, found.unit))
        if result.reason:
            reasons[result.structure].setdefault(result.reason, []).append(result.definition.name)
    whole = found.flags.get("spine", ())
    for name, row in rows.items():
        row["not_given"] = "; ".join(f"{', '.join(v)}: {k}" for k, v in reasons[name].items())
        row["flags"] = "; ".join(dict.fromkeys((*found.flags.get(name, ()), *whole)))
    return list(rows.values())


def _slice(found: Measurements) -> str:
    return "" if found.slice is None else str(found.slice)


def _cells(result: Result, unit: str) -> dict[str, str]:
    if result.value is None:
        return {}
    name, suffix = result.definition.name, result.definition.quantity.suffix(unit)
    if isinstance(result.value, str):
        return {f"{name}_{suffix}": result.value}
    cells = {f"{name}_{suffix}": f"{result.value:.4f}"}
    if result.error is not None:
        cells[f"{name}_se_{suffix}"] = f"{result.error:.4f}"
    return cells


def wide_columns(rows: Iterable[str] = ROWS) -> list[str]:
    """Columns of the wide table, such as `L4_body_area_mm2` and `D5_slip_share_percent`.

    Args:
        rows: Names of structures; those beyond `ROWS`, such as `L6`, come last.
    """
    others = [s for s in OTHERS if s.name in rows]
    columns = [f"{row}_{c}" for d in MEASURES for row in _own_rows(d) for c in _columns(d)]
    columns += [
        f"{s}_{c}" for s in others for d in MEASURES if d.scope.holds(s) for c in _columns(d)
    ]
    return ["case", "slice", *columns, "flags"]


def _own_rows(definition: Definition) -> list[str]:
    if definition.scope is Scope.SPINE:
        return ["spine"]
    return [structure.name for structure in definition.scope.structures()]


def wide_row(found: Measurements) -> dict[str, str]:
    """One row for a case, as statistics programs want it."""
    row = {"case": found.case, "slice": _slice(found)}
    for result in found.results:
        for column, text in _cells(result, found.unit).items():
            row[f"{result.structure}_{column}"] = text
    row["flags"] = "; ".join(dict.fromkeys(t for texts in found.flags.values() for t in texts))
    return row


def csv_text(columns: list[str], rows: Iterable[Mapping[str, str]], *, header: bool = True) -> str:
    """Rows as CSV; a case name that a spreadsheet would run as a formula gets an apostrophe."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    if header:
        writer.writeheader()
    for row in rows:
        writer.writerow(
            {k: f"'{v}" if k == "case" and v[:1] in "=+-@" else v for k, v in row.items()}
        )
    return text.getvalue()


def codebook() -> list[dict[str, str]]:
    """What each column of the tidy table holds: column, meaning, unit, formula, needs, source."""
    rows = [
        _code("case", "name of the case"),
        _code("slice", "index of the slice in its volume, from the patient's right"),
        _code("structure", "structure, level's disc, or spine"),
    ]
    for definition in MEASURES:
        words = describe_measure(definition)
        for column in _columns(definition):
            kind = "standard error" if f"{definition.name}_se_" in column else "value"
            rows.append(
                {"column": column, "holds": kind} | words | {"unit": column.rpartition("_")[2]}
            )
    rows.append(_code("not_given", "measures that are not given, and why"))
    rows.append(_code("flags", "what a reader should know of the structure or the case"))
    return rows


def _code(column: str, holds: str) -> dict[str, str]:
    return {"column": column, "holds": holds}
