"""Measurements of many cases, written as they come, so that memory does not grow with them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from spinemsca._optional import optional
from spinemsca.errors import UsageError
from spinemsca.io.files import atomic_path
from spinemsca.measure import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from spinemsca.measure.measure import Measurements

__all__ = ["write"]


def write(path: Path, cases: Iterable[Measurements], *, wide: bool = False) -> int:
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


def _rows(found: Measurements, wide: bool) -> list[dict[str, str]]:
    return [table.wide_row(found)] if wide else table.tidy_rows(found)


def _columns(wide: bool) -> list[str]:
    return table.wide_columns() if wide else table.tidy_columns()


def _write_csv(path: Path, cases: Iterable[Measurements], wide: bool) -> int:
    count, columns = 0, _columns(wide)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(table.csv_text(columns, []))
        for found in cases:
            file.write(table.csv_text(columns, _rows(found, wide), header=False))
            count += 1
    return count


def _write_json(path: Path, cases: Iterable[Measurements], wide: bool) -> int:
    del wide
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for count, found in enumerate(cases, start=1):
            file.write(",\n" if count > 1 else "[\n")
            json.dump(table.as_json(found), file, ensure_ascii=False, allow_nan=False)
        file.write("\n]\n" if count else "[]\n")
    return count


def _write_parquet(path: Path, cases: Iterable[Measurements], wide: bool) -> int:
    arrow, parquet = optional("pyarrow"), optional("pyarrow.parquet")
    columns = _columns(wide)
    text = ("case", "structure", "not_given", "flags")
    fields = [
        (c, arrow.string() if c in text or c.endswith("_text") else arrow.float64())
        for c in columns
    ]
    schema, count = arrow.schema(fields), 0
    with parquet.ParquetWriter(path, schema) as writer:
        for found in cases:
            count += 1
            rows = [_typed(row, schema) for row in _rows(found, wide)]
            writer.write_table(arrow.Table.from_pylist(rows, schema=schema))
    return count


def _typed(row: dict[str, str], schema: Iterable[object]) -> dict[str, str | float | None]:
    return dict(_cells(row, schema))


def _cells(
    row: dict[str, str], schema: Iterable[object]
) -> Iterator[tuple[str, str | float | None]]:
    for field in schema:
        name, number = str(getattr(field, "name", "")), str(getattr(field, "type", "")) == "double"
        text = row.get(name) or None
        yield name, float(text) if number and text is not None else text
