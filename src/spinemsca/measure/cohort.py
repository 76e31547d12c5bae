"""Measurements of many cases, written as they come, so that memory does not grow with them."""

from __future__ import annotations

import json
import tempfile
from typing import TYPE_CHECKING, Any

from spinemsca._util import atomic_path, optional
from spinemsca.errors import UsageError
from spinemsca.measure import table
from spinemsca.measure.schema import as_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from spinemsca.measure.measurements import Measurements

__all__ = ["write_measurements"]


def write_measurements(path: Path, cases: Iterable[Measurements], *, wide: bool = False) -> int:
    """Writes a table of measurements.

    Args:
        path: `.csv`, `.parquet` (needs pyarrow) or `.json` (an array of cases).
        cases: Taken one at a time.
        wide: One row a case instead of one a case and structure.

    Returns:
        How many cases were written.

    Raises:
        UsageError: If the suffix is none of these.
    """
    writers = {".csv": _write_csv, ".parquet": _write_parquet, ".json": _write_json}
    if path.suffix not in writers:
        raise UsageError(
            f"cannot write {path.suffix or 'a file without suffix'}",
            where=path,
            remedy="Give a name that ends in .csv, .parquet or .json",
        )
    with atomic_path(path) as temporary:
        return writers[path.suffix](temporary, cases, wide)


def _counted(
    cases: Iterable[Measurements], wide: bool
) -> Iterator[tuple[list[str], list[dict[str, str]]]]:
    """Columns and rows of each case.

    A wide table's columns depend on which other vertebrae the cases show, so that its rows wait
    on disk until the last case is known.
    """
    if not wide:
        columns = table.tidy_columns()
        yield columns, []
        for found in cases:
            yield columns, table.tidy_rows(found)
        return
    with tempfile.TemporaryFile("w+", encoding="utf-8") as waiting:
        names = set(table.ROWS)
        for found in cases:
            names.update(s.name for s in found.spine.rows)
            waiting.write(json.dumps(table.wide_row(found)) + "\n")
        waiting.seek(0)
        columns = table.wide_columns(names)
        yield columns, []
        for line in waiting:
            yield columns, [json.loads(line)]


def _write_csv(path: Path, cases: Iterable[Measurements], wide: bool) -> int:
    count = -1
    with path.open("w", encoding="utf-8", newline="") as file:
        for count, (columns, rows) in enumerate(_counted(cases, wide)):
            file.write(table.csv_text(columns, rows, header=count == 0))
    return count


def _write_json(path: Path, cases: Iterable[Measurements], wide: bool) -> int:
    del wide
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for count, found in enumerate(cases, start=1):
            file.write(",\n" if count > 1 else "[\n")
            json.dump(as_json(found), file, ensure_ascii=False, allow_nan=False)
        file.write("\n]\n" if count else "[]\n")
    return count


def _write_parquet(path: Path, cases: Iterable[Measurements], wide: bool) -> int:
    arrow, parquet = optional("pyarrow"), optional("pyarrow.parquet")
    parts = _counted(cases, wide)
    schema, count = _schema(arrow, next(parts)[0]), 0
    with parquet.ParquetWriter(path, schema) as writer:
        for _, rows in parts:
            count += 1
            typed = [_typed(row, schema) for row in rows]
            writer.write_table(arrow.Table.from_pylist(typed, schema=schema))
    return count


def _schema(arrow: Any, columns: list[str]) -> Any:
    text = ("case", "slice", "structure", "not_given", "flags")
    return arrow.schema(
        [
            (c, arrow.string() if c in text or c.endswith("_text") else arrow.float64())
            for c in columns
        ]
    )


def _typed(row: dict[str, str], schema: Iterable[object]) -> dict[str, str | float | None]:
    return dict(_cells(row, schema))


def _cells(
    row: dict[str, str], schema: Iterable[object]
) -> Iterator[tuple[str, str | float | None]]:
    for field in schema:
        name, number = str(getattr(field, "name", "")), str(getattr(field, "type", "")) == "double"
        text = row.get(name) or None
        yield name, float(text) if number and text is not None else text
