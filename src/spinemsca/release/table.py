"""`cases.csv`: what a release says about its cases beyond their pixels."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spinemsca.anatomy import COLUMN, STRUCTURES, Structure, by_name
from spinemsca.case import Sex, Spacing
from spinemsca.errors import ReleaseError
from spinemsca.io.files import write_text
from spinemsca.release.split import Split

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["TABLE_NAME", "CaseRow", "read_table", "write_table"]

TABLE_NAME: Final = "cases.csv"
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

    Raises:
        ReleaseError: If a row cannot be understood; it is named by its line.
    """
    path = root / TABLE_NAME
    if not path.exists():
        return {}
    rows: dict[str, CaseRow] = {}
    with path.open(newline="", encoding="utf-8-sig") as file:
        for number, record in enumerate(csv.DictReader(file), start=2):
            try:
                row = _parse(record)
            except (KeyError, ValueError, TypeError) as error:
                raise ReleaseError(
                    f"row cannot be understood ({error})",
                    where=f"{path}, line {number}",
                    remedy=f"Its columns are {', '.join(_COLUMNS)}",
                ) from None
            rows[row.case] = row
    return rows


def _fields(row: CaseRow) -> tuple[str, ...]:
    spacing = ("", "") if row.spacing is None else tuple(f"{v:.6g}" for v in row.spacing)
    names = " ".join(s.name for s in COLUMN if s in row.annotated)
    sex = "" if row.sex is None else row.sex.value
    patient = row.patient or row.case
    return row.case, row.split.value, patient, sex, *spacing, names, row.source, row.sha256


def _parse(record: dict[str, str]) -> CaseRow:
    spacing = (record["row_spacing_mm"], record["column_spacing_mm"])
    return CaseRow(
        case=record["case"],
        split=Split(record["split"]),
        patient=record["patient"],
        sex=Sex(record["sex"]) if record["sex"] else None,
        spacing=Spacing(float(spacing[0]), float(spacing[1])) if all(spacing) else None,
        annotated=frozenset(by_name(n) for n in record["structures"].split()),
        source=record["source"],
        sha256=record["sha256"],
    )
