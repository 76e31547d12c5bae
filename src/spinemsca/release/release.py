"""A release on disk: opening it, loading its cases, writing one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from operator import length_hint
from typing import TYPE_CHECKING

from spinemsca._util import Progress, atomic_folder, silent
from spinemsca.case import Case
from spinemsca.errors import ReleaseError
from spinemsca.io import read_pt_image, read_pt_label, read_pt_pair, write_pt_image, write_pt_label
from spinemsca.release.case_table import CaseRow, read_table, write_table
from spinemsca.release.layout import IMAGE_NAME, LABEL_NAME, Entry, check_name, find_entries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from spinemsca.case import LabelMap
    from spinemsca.release.split import Split

__all__ = ["Release", "case_digest", "digest_of", "open_release", "write_release"]


@dataclass(frozen=True, slots=True)
class Release:
    """A release that has been found on disk; nothing is loaded yet.

    Attributes:
        root: Its folder.
        entries: Its cases, ordered by split and name.
        table: Rows of `cases.csv` by case; empty where there is none.
    """

    root: Path
    entries: tuple[Entry, ...]
    table: Mapping[str, CaseRow]

    @classmethod
    def open(cls, root: Path) -> Release:
        """Finds the cases below `root` and reads `cases.csv`.

        Raises:
            ReleaseError: If there is no release.
        """
        return cls(root, tuple(find_entries(root)), read_table(root))

    def of(self, split: Split) -> tuple[Entry, ...]:
        """The entries of one split."""
        return tuple(e for e in self.entries if e.split == split)

    def row(self, entry: Entry) -> CaseRow:
        """What `cases.csv` says of a case, or the least that is known without it."""
        return self.table.get(entry.name) or CaseRow(entry.name, entry.split)

    def load(self, entry: Entry) -> Case:
        """Reads one case.

        Raises:
            FileFormatError: If a file cannot be read.
            CaseError: If image and label do not fit.
        """
        row = self.row(entry)
        label: LabelMap | None
        if entry.label_path == entry.image_path:
            image, label = read_pt_pair(entry.image_path)
        else:
            image = read_pt_image(entry.image_path)
            label = None if entry.label_path is None else read_pt_label(entry.label_path)
        return Case(
            name=entry.name,
            image=image,
            label=label,
            spacing=row.spacing,
            patient=row.patient,
            sex=row.sex,
            annotated=row.annotated,
            source=row.source,
        )

    def cases(self) -> Iterator[Case]:
        """Loads all cases, one at a time."""
        return map(self.load, self.entries)


def open_release(root: Path) -> Release:
    """Finds the cases of a release below `root`; nothing is loaded yet.

    Raises:
        ReleaseError: If there is no release.
    """
    return Release.open(root)


def write_release(
    root: Path,
    cases: Iterable[tuple[Split, Case]],
    *,
    total: int = 0,
    progress: Progress = silent,
) -> Release:
    """Writes cases one at a time, then `cases.csv`; `root` appears only when all is written.

    Args:
        root: A folder that does not exist yet, or is empty.
        cases: Each with its split; read once.
        total: Number of cases, for `progress`, where `cases` cannot tell.
        progress: Told after every case.

    Raises:
        ReleaseError: If `root` holds files, a case has no label map, or its name is taken or
            cannot be a folder's.
    """
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise ReleaseError(
            "is not an empty folder", where=root, remedy="Name a new folder, or empty this one"
        )
    rows: dict[str, CaseRow] = {}
    total = total or length_hint(cases)
    with atomic_folder(root.resolve()) as folder:
        for done, (split, case) in enumerate(cases, start=1):
            check_name(case.name)
            # Folders that differ in case only are one folder on some file systems.
            key = case.name.casefold()
            if key in rows:
                raise ReleaseError(
                    f"two cases are called {case.name!r}", where=root, remedy="Rename one"
                )
            rows[key] = _write_case(folder, split, case)
            progress(done, total)
        write_table(folder, rows.values())
    return Release.open(root)


def _write_case(root: Path, split: Split, case: Case) -> CaseRow:
    if case.label is None:
        raise ReleaseError(
            "case has no label map", where=case.name, remedy="Leave it out of the release"
        )
    folder = root / split.folder / case.name
    write_pt_image(folder / IMAGE_NAME, case.image)
    write_pt_label(folder / LABEL_NAME, case.label)
    return CaseRow(
        case=case.name,
        split=split,
        patient=case.patient,
        sex=case.sex,
        spacing=case.spacing,
        annotated=case.annotated,
        source=case.source,
        sha256=case_digest(folder),
    )


def case_digest(folder: Path) -> str:
    """SHA-256 of a case's `img.pt` followed by its `label.pt`, in hexadecimal."""
    return digest_of(*((folder / name).read_bytes() for name in (IMAGE_NAME, LABEL_NAME)))


def digest_of(image: bytes, label: bytes) -> str:
    """SHA-256 of the two files' bytes, one after the other, in hexadecimal."""
    return hashlib.sha256(image + label).hexdigest()
