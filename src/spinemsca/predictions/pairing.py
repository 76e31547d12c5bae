"""Which prediction belongs to which truth: by name, and what has no partner."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spinemsca.errors import UsageError
from spinemsca.predictions.find import find_label_maps

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from spinemsca.anatomy import Structure
    from spinemsca.predictions.find import LabelFile

__all__ = ["Pair", "Pairing", "pair_labels", "read_pairs"]


@dataclass(frozen=True, slots=True)
class Pair:
    """One case's two files, and what `cases.csv` says of it, where there is one.

    Attributes:
        name: Of the case.
        prediction: Label file.
        truth: Label file.
        annotated: Structures that the truth speaks of; `None` where nothing says so.
        patient: Whose case it is, or empty.
        spacing: Of rows and columns in mm, or `None`.
    """

    name: str
    prediction: Path
    truth: Path
    annotated: frozenset[Structure] | None = None
    patient: str = ""
    spacing: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Pairing:
    """Pairs by name, and the names that only one side has."""

    pairs: tuple[Pair, ...]
    only_predicted: tuple[str, ...]
    only_truth: tuple[str, ...]


def pair_labels(predictions: Path, truth: Path) -> Pairing:
    """Pairs label files of two folders or releases by name.

    A file's name counts with the folders below the one that is given, without its suffix and
    `_label`; `NAME/label.pt` is called `NAME`.

    Raises:
        UsageError: If a folder is missing, holds one name twice, or nothing pairs.
    """
    given, wanted = _by_name(predictions), _by_name(truth)
    both = sorted(given.keys() & wanted.keys())
    if not both:
        raise UsageError(
            f"no prediction is called like a label map of {truth}",
            where=predictions,
            remedy="Name them alike: NAME.png or NAME_label.png beside NAME",
        )
    return Pairing(
        tuple(_pair(given[name], wanted[name]) for name in both),
        tuple(sorted(given.keys() - wanted.keys())),
        tuple(sorted(wanted.keys() - given.keys())),
    )


def _by_name(folder: Path) -> dict[str, LabelFile]:
    if not folder.is_dir():
        raise UsageError("no such folder", where=folder, remedy="Name a folder of label maps")
    return {file.name: file for file in find_label_maps([folder]).found}


def _pair(given: LabelFile, wanted: LabelFile) -> Pair:
    """A pair with what the truth's release says of the case."""
    pair = Pair(wanted.name, given.path, wanted.path)
    row = wanted.row
    if row is None:
        return pair
    spacing = None if row.spacing is None else (row.spacing.row, row.spacing.column)
    return Pair(wanted.name, given.path, wanted.path, row.annotated, row.patient, spacing)


def read_pairs(table: Path) -> Pairing:
    """Pairs as a CSV lists them, with the columns `prediction` and `truth`.

    Paths are relative to the table. The columns `case` and `patient` may be there.

    Raises:
        UsageError: If the table cannot be read, misses a column or a file, or names a case twice.
    """
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            pairs = [_listed(row, table) for row in csv.DictReader(file)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"is no readable CSV ({type(error).__name__})", where=table) from None
    names = [p.name for p in pairs]
    if not pairs or len(set(names)) < len(names):
        raise UsageError(
            "lists no pair, or a case twice", where=table, remedy="Give each case a row"
        )
    return Pairing(tuple(pairs), (), ())


def _listed(row: Mapping[str, str | None], table: Path) -> Pair:
    try:
        files = [table.parent / str(row[key] or "") for key in ("prediction", "truth")]
    except KeyError as error:
        raise UsageError(
            f"has no column {error}", where=table, remedy="Its columns are prediction and truth"
        ) from None
    for file in files:
        if not file.is_file():
            raise UsageError("no such file", where=file, remedy=f"Mend its row in {table.name}")
    name = row.get("case") or files[1].stem
    return Pair(name, files[0], files[1], patient=row.get("patient") or "")
