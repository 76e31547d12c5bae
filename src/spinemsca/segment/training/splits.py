"""Which patients train, which choose and which judge: drawn once, and read from a list since."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from spinemsca.errors import FileFormatError
from spinemsca.release import Split

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_patients"]


def read_patients(path: Path) -> dict[str, Split]:
    """Reads the split of each patient from a CSV file with the columns `patient` and `split`.

    Raises:
        FileFormatError: If the file is no such table, or names a patient twice.
        UsageError: If it names a split that does not exist.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [(row["patient"], row["split"]) for row in csv.DictReader(file)]
    except (OSError, UnicodeDecodeError, KeyError) as error:
        raise FileFormatError(
            f"is no list of patients ({type(error).__name__})",
            where=path,
            remedy="Its columns are patient and split",
        ) from None
    splits = {patient: Split.parse(split or "") for patient, split in rows}
    if len(splits) < len(rows):
        raise FileFormatError("names a patient twice", where=path)
    return splits
