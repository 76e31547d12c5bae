"""Which prediction belongs to which truth: by name, and what has no partner."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from spinemsca.errors import SpineError, UsageError
from spinemsca.io import stem
from spinemsca.predictions.find import find_label_maps, record_beside
from spinemsca.predictions.names import safe_path_name
from spinemsca.predictions.record import read_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from spinemsca.anatomy import Structure
    from spinemsca.predictions.find import LabelFile
    from spinemsca.predictions.record import Record

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
        spacing_unknown: Whether the scan that was predicted states none, as the record says; the
            header of a label map then states 1 mm that nobody measured.
    """

    name: str
    prediction: Path
    truth: Path
    annotated: frozenset[Structure] | None = None
    patient: str = ""
    spacing: tuple[float, float] | None = None
    spacing_unknown: bool = False


@dataclass(frozen=True, slots=True)
class Pairing:
    """Pairs by name, and the names that only one side has."""

    pairs: tuple[Pair, ...]
    only_predicted: tuple[str, ...]
    only_truth: tuple[str, ...]


def pair_labels(predictions: Path, truth: Path) -> Pairing:
    """Pairs label files of two folders or releases by name.

    A file's name counts with the folders below the one that is given, without its suffix and
    `_label`; `NAME/label.pt` is called `NAME`. A prediction goes by the file that was predicted,
    as its record says.

    Raises:
        UsageError: If a folder is missing, holds one name twice, or nothing pairs.
    """
    found, wanted = _by_name(predictions), _by_name(truth)
    given = _named_as(wanted, found)
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
    files = find_label_maps([folder])
    # A partner of the same name tells a label map as well as `_label` does.
    return {file.name: file for file in (*files.unnamed, *files.found)}


def _named_as(wanted: Mapping[str, LabelFile], found: dict[str, LabelFile]) -> dict[str, LabelFile]:
    """Predictions by the names of their truth, where that is called as the file predicted.

    The name of a result may be another one, for the file's own was unsafe or taken.
    """
    by_input = _by_input(found.values())
    owners = {n: by_input[place] for n, f in wanted.items() if (place := _place(f)) in by_input}
    taken = {file.name for file in owners.values()}
    return {n: file for n, file in found.items() if n not in taken and n not in owners} | owners


def _place(file: LabelFile) -> tuple[str, str]:
    """The folders of a case as safe names, and its own name as records show it."""
    folder, _, last = file.name.rpartition("/")
    parts = file.path.parent.parts[-folder.count("/") - 1 :] if folder else ()
    return safe_path_name(parts), last


def _by_input(found: Iterable[LabelFile]) -> dict[tuple[str, str], LabelFile]:
    """Predictions by folder and name of what was predicted, as far as those are one's alone."""
    places: dict[tuple[str, str], list[LabelFile]] = {}
    for file in found:
        for name in _inputs(file):
            places.setdefault((file.name.rpartition("/")[0], name), []).append(file)
    return {place: files[0] for place, files in places.items() if len(files) == 1}


def _inputs(file: LabelFile) -> set[str]:
    """How the file that was predicted may be called: as it is, or without its suffix."""
    record = _readable(file.record)
    return set() if record is None else {record.input, stem(Path(record.input))}


def _readable(path: Path | None) -> Record | None:
    """The record, or `None` where there is none that can be read."""
    try:
        return None if path is None else read_record(path)
    except SpineError:
        return None


def _spacing_unknown(path: Path | None) -> bool:
    record = _readable(path)
    return record is not None and record.spacing_mm is None


def _pair(given: LabelFile, wanted: LabelFile) -> Pair:
    """A pair with what the truth's release says of the case."""
    unknown = _spacing_unknown(given.record)
    pair = Pair(wanted.name, given.path, wanted.path, spacing_unknown=unknown)
    row = wanted.row
    if row is None:
        return pair
    spacing = None if row.spacing is None else (row.spacing.row, row.spacing.column)
    return replace(pair, annotated=row.annotated, patient=row.patient, spacing=spacing)


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
    unknown = _spacing_unknown(record_beside(files[0]))
    patient = row.get("patient") or ""
    return Pair(name, files[0], files[1], patient=patient, spacing_unknown=unknown)
