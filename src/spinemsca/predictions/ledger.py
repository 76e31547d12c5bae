"""`predictions.csv`: the ledger of a folder of predictions, a row an input of any run."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from spinemsca._util import write_text
from spinemsca.errors import FileFormatError
from spinemsca.predictions.names import TABLE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

__all__ = ["LedgerRow", "read_ledger", "update_ledger"]

# A million rows of 500 bytes.
_MAX_BYTES: Final = 1 << 29


class LedgerRow(NamedTuple):
    """One input.

    Attributes:
        name: Of the result, safe on every file system.
        status: `segmented`, `refused` or `unreadable`.
        reason: Why not, and what to do about it; else empty.
        ambiguous: `yes` or `no`.
        structures: Names of those found, divided by blanks.
        confidence: Mean over them.
        slices: Of the input.
        slices_segmented: Those that show a lumbar spine.
        slice_shown: Index of the one that is measured.
        warnings: Divided by a semicolon and a blank.
        file: The input as it was given.
        source: Digits that tell where it lay.
    """

    name: str
    status: str
    reason: str = ""
    ambiguous: str = ""
    structures: str = ""
    confidence: str = ""
    slices: str = ""
    slices_segmented: str = ""
    slice_shown: str = ""
    warnings: str = ""
    file: str = ""
    source: str = ""


def read_ledger(folder: Path) -> list[LedgerRow]:
    """The rows of a folder's ledger; none where there is no ledger.

    Raises:
        FileFormatError: If `predictions.csv` is something else.
    """
    path = folder / TABLE_NAME
    if not path.exists():
        return []
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise FileFormatError("is too large for a ledger", where=path)
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file, strict=True)
            _check_columns(table.fieldnames or ())
            return [_row(row) for row in table]
    except (OSError, UnicodeDecodeError, csv.Error, ValueError) as error:
        raise FileFormatError(
            f"is no ledger of predictions ({type(error).__name__})",
            where=path,
            remedy="Move it away, or name another folder with --out",
        ) from None


def _check_columns(names: Sequence[str]) -> None:
    """Refuses a table of somebody else's, whose other columns would be lost."""
    if names and not {"name", "status"} <= {*names} <= {*LedgerRow._fields}:
        raise ValueError("other columns")


def _row(row: dict[str | Any, str | Any]) -> LedgerRow:
    if None in row or not row["name"]:
        raise ValueError("no name, or more values than columns")
    return LedgerRow(**{name: value or "" for name, value in row.items()})


def update_ledger(folder: Path, rows: Iterable[LedgerRow]) -> None:
    """Puts rows into a folder's ledger; those of other inputs stay as they are.

    Raises:
        FileFormatError: If `predictions.csv` is something else.
    """
    new = {row.name: row for row in rows}
    sources = {row.source for row in new.values() if row.source}
    kept = [r for r in read_ledger(folder) if r.name not in new and r.source not in sources]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(LedgerRow._fields)
    writer.writerows(kept)
    writer.writerows(new.values())
    write_text(folder / TABLE_NAME, text.getvalue())
