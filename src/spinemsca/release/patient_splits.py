"""Lists of patients and their splits: CSV files with the columns `patient` and `split`."""

from __future__ import annotations

import csv
import unicodedata
from typing import TYPE_CHECKING

from spinemsca.errors import UsageError
from spinemsca.release.split import Split

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["patient_key", "read_csv", "read_patient_splits"]


def patient_key(name: str) -> str:
    """A patient's name as lists are searched by it: in Unicode's form NFC, without outer space."""
    return unicodedata.normalize("NFC", name).strip()


def read_patient_splits(path: Path) -> dict[str, Split]:
    """The split of every patient of a list, by `patient_key`.

    Raises:
        UsageError: If the file is no such table, names a split that does not exist, or has a
            patient in two splits; names the line.
    """
    listed: dict[str, Split] = {}
    for number, row in enumerate(read_csv(path, {"patient", "split"}), start=2):
        where = f"{path}, line {number}"
        try:
            split = Split.parse(row["split"])
        except UsageError as error:
            raise UsageError(error.what, where=where, remedy=error.remedy) from None
        if listed.setdefault(patient_key(row["patient"]), split) is not split:
            raise UsageError(
                "puts a patient into a second split", where=where, remedy="Remove one of the rows"
            )
    return listed


def read_csv(path: Path, needed: set[str]) -> list[dict[str, str]]:
    """The rows of a table; a cell that is not there is empty.

    Raises:
        UsageError: If it cannot be read, or lacks a column that is needed.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restval="")
            lacking = needed - set(reader.fieldnames or ())
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(
            f"cannot be read ({error})", where=path, remedy="Save it as CSV in UTF-8"
        ) from None
    if lacking:
        raise UsageError(
            f"has no column {', '.join(sorted(lacking))}",
            where=path,
            remedy="Add the column, or name the right file",
        )
    return rows
