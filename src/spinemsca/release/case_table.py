"""`cases.csv`: what a release says about its cases beyond their pixels."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from spinemsca._util import write_text
from spinemsca.anatomy import COLUMN, STRUCTURES, Structure, by_name
from spinemsca.case import Sex, Spacing
from spinemsca.errors import ReleaseError, UsageError
from spinemsca.release.split import Split, unique_names

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["TABLE_NAME", "CaseRow", "is_companion", "read_table", "write_table"]

TABLE_NAME: Final = "cases.csv"
# Chosen, not measured: 64 MiB, far beyond any release.
_MAX_BYTES: Final = 1 << 26
_COLUMNS: Final = (
    "case",
    "split",
    "patient",
    "sex",
    "row_spacing_mm",
    "column_spacing_mm",
    "structures",
    "source",
    "sha256",
)


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One row of `cases.csv`.

    Attributes:
        case: Name of the case, unique in its release.
        split: Where it belongs.
        patient: Pseudonym; the case's name where nothing else is known.
        sex: `None` where unknown.
        spacing: In mm on the released grid, `None` where unknown.
        annotated: Structures that the label map speaks of.
        source: Where the case came from.
        sha256: Of `img.pt` followed by `label.pt`; empty where not computed.
    """

    case: str
    split: Split
    patient: str = ""
    sex: Sex | None = None
    spacing: Spacing | None = None
    annotated: frozenset[Structure] = frozenset(STRUCTURES)
    source: str = ""
    sha256: str = ""


def write_table(root: Path, rows: Iterable[CaseRow]) -> None:
    """Writes `cases.csv` into `root`, ordered by split and name."""
    order = list(Split)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in sorted(rows, key=lambda r: (order.index(r.split), r.case)):
        writer.writerow(_fields(row))
    write_text(root / TABLE_NAME, text.getvalue())


def read_table(root: Path) -> dict[str, CaseRow]:
    """Reads `cases.csv` of a release, by case; empty where there is none.

    Only `case` and `split` must be there. Where the column `structures` is missing, all are
    annotated; where it is empty, none. A name that several splits use is preceded by its
    split, as in [`Entry`][spinemsca.release.layout.Entry].

    Raises:
        ReleaseError: If a row cannot be understood or stands there twice; it is named by line.
    """
    path = root / TABLE_NAME
    if not path.exists():
        return {}
    rows: dict[tuple[Split, str], CaseRow] = {}
    for number, record in enumerate(_records(path), start=2):
        where = f"{path}, line {number}"
        try:
            row = _parse(record)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise ReleaseError(
                f"row cannot be understood ({error})",
                where=where,
                remedy=f"Its columns are {', '.join(_COLUMNS)}",
            ) from None
        if (row.split, row.case) in rows:
            raise ReleaseError(
                f"case {row.case!r} is listed twice", where=where, remedy="Remove one row"
            )
        rows[row.split, row.case] = row
    names = unique_names(list(rows))
    return {n: replace(r, case=n) for n, r in zip(names, rows.values(), strict=True)}


def _records(path: Path) -> list[dict[str, str]]:
    if path.stat().st_size > _MAX_BYTES:
        raise ReleaseError(
            f"is larger than {_MAX_BYTES >> 20} MiB", where=path, remedy="Get the release again"
        )
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return list(csv.DictReader(file, strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise ReleaseError(
            f"is no table ({error})", where=path, remedy="Save it as CSV in UTF-8"
        ) from None


def _fields(row: CaseRow) -> tuple[str, ...]:
    spacing = ("", "") if row.spacing is None else tuple(repr(float(v)) for v in row.spacing)
    names = " ".join(s.name for s in COLUMN if s in row.annotated)
    sex = "" if row.sex is None else row.sex.value
    patient = row.patient or row.case
    return row.case, row.split.value, patient, sex, *spacing, names, row.source, row.sha256


def _parse(record: dict[str, str]) -> CaseRow:
    if None in record or None in record.values():
        raise ValueError("it has more or fewer fields than the header")
    if not record["case"]:
        raise ValueError("it names no case")
    sex, structures = record.get("sex"), record.get("structures")
    return CaseRow(
        case=record["case"],
        split=_split(record["split"]),
        patient=record.get("patient", ""),
        sex=Sex(sex) if sex else None,
        spacing=_spacing(record.get("row_spacing_mm", ""), record.get("column_spacing_mm", "")),
        annotated=frozenset(
            STRUCTURES if structures is None else map(_structure, structures.split())
        ),
        source=record.get("source", ""),
        sha256=record.get("sha256", ""),
    )


def _split(text: str) -> Split:
    try:
        return Split.parse(text)
    except UsageError as error:
        raise ValueError(error.what) from None


def _structure(name: str) -> Structure:
    try:
        return by_name(name)
    except KeyError:
        raise ValueError(f"{name!r} is no structure") from None


def _spacing(row: str, column: str) -> Spacing | None:
    if not row and not column:
        return None
    try:
        return Spacing.checked((float(row), float(column)))
    except UsageError:
        raise ValueError("spacing is two positive numbers in mm, or two empty fields") from None


def is_companion(name: str) -> bool:
    """Whether a file of this name belongs to a release's root and travels with its archives."""
    return name == TABLE_NAME or name.endswith(".jsonl")
