"""Which prediction belongs to which truth: by name, and what has no partner."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spinemsca.anatomy import STRUCTURES, Structure
from spinemsca.errors import ReleaseError, UsageError
from spinemsca.release.store import Release
from spinemsca.release.table import TABLE_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from spinemsca.release.table import CaseRow

    Rows = Mapping[str, CaseRow]

__all__ = ["Pair", "Pairing", "pair_labels", "read_pairs"]

_SUFFIXES: Final = (".png", ".pt", ".tif", ".tiff", ".nii", ".nii.gz", ".mha", ".nrrd")


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

    A file's name counts without its suffix and `_label`; `NAME/label.pt` is called `NAME`.

    Raises:
        UsageError: If a folder is missing, holds one name twice, or nothing pairs.
    """
    given, _ = _labels(predictions)
    wanted, rows = _labels(truth)
    both = sorted(given.keys() & wanted.keys())
    if not both:
        raise UsageError(
            f"no prediction is called like a label map of {truth}",
            where=predictions,
            remedy="Name them alike: NAME.png or NAME_label.png beside NAME",
        )
    return Pairing(
        tuple(_pair(n, given[n], wanted[n], rows) for n in both),
        tuple(sorted(given.keys() - wanted.keys())),
        tuple(sorted(wanted.keys() - given.keys())),
    )


def _pair(name: str, prediction: Path, truth: Path, rows: Rows | None) -> Pair:
    """A pair with what the truth's release says of the case."""
    if rows is None:
        return Pair(name, prediction, truth)
    row = rows.get(name)
    if row is None:
        return Pair(name, prediction, truth, frozenset(STRUCTURES))
    spacing = None if row.spacing is None else (row.spacing.row, row.spacing.column)
    return Pair(name, prediction, truth, row.annotated, row.patient, spacing)


def _labels(root: Path) -> tuple[dict[str, Path], Rows | None]:
    """Label files by name, and the rows of `cases.csv` if it is a release."""
    if not root.is_dir():
        raise UsageError("no such folder", where=root, remedy="Name a folder of label maps")
    try:
        release = Release.open(root)
    except ReleaseError:
        if (root / TABLE_NAME).exists():
            raise
        return _in_folder(root), None
    return {e.name: e.label_path for e in release.entries if e.label_path}, release.table


def _in_folder(root: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(p for p in root.rglob("*") if p.name.lower().endswith(_SUFFIXES)):
        stem = _stem(path)
        if path.name.startswith(".") or stem == "img" or stem.endswith("_overlay"):
            continue
        inside = path.parent if stem == "label" else path.with_name(stem)
        name = inside.relative_to(root).as_posix().removesuffix("_label")
        if name in found:
            raise UsageError(
                f"{path.name} and {found[name].name} are both called {name!r}",
                where=root,
                remedy="Keep one of the two",
            )
        found[name] = path
    return found


def _stem(path: Path) -> str:
    suffix = max((s for s in _SUFFIXES if path.name.lower().endswith(s)), key=len)
    return path.name[: -len(suffix)]


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
