"""A release packed into split archives, with checksums and a card; reproducible to the byte."""

from __future__ import annotations

import io
import shutil
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from spinemsca._util import SUMS_NAME, Progress, atomic_folder, format_sums, sha256, silent
from spinemsca.errors import ReleaseError
from spinemsca.io import pt_image_bytes, pt_label_bytes, read_pt_pair
from spinemsca.release.archive.multipart import PartWriter
from spinemsca.release.case_table import TABLE_NAME, CaseRow, is_companion, write_table
from spinemsca.release.dataset_card import CARD_NAME, Card, render_card
from spinemsca.release.layout import IMAGE_NAME, LABEL_NAME, check_name
from spinemsca.release.release import Release, digest_of
from spinemsca.release.split import Split

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from spinemsca.release.layout import Entry

__all__ = ["pack"]

# The earliest time that a zip can state, so that archives are the same at any time.
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
# A plain file, readable by all, in the upper half as Unix writes it.
_PERMISSIONS: Final = 0o100644 << 16


def pack(
    root: Path,
    out: Path,
    *,
    part_size: int = 50_000_000,
    licence: str = "",
    progress: Progress = silent,
) -> dict[str, str]:
    """Writes `Train.zip.001` …, `Vali.zip`, `Test.zip`, `cases.csv`, a card and `SHA256SUMS`.

    A split without cases gets no archive.

    Members are stored, not deflated: another zlib writes other bytes, and an MR image in
    float32 hardly shrinks. The same release gives the same archives on every machine.

    Args:
        root: A release in any layout; every case comes out as a folder with two files.
        out: A folder that does not exist yet, or is empty.
        part_size: Bytes a part of the training archive.
        licence: Said on the card; "not stated" where empty.
        progress: Told of cases.

    Returns:
        SHA-256 of every file written, by name.

    Raises:
        ReleaseError: If `root` is no release, a case has no label map or a name that `download`
            would refuse, or `out` holds files.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ReleaseError(
            "is not an empty folder", where=out, remedy="Name a new folder, or empty this one"
        )
    release = Release.open(root)
    _check_names(release, root)
    with atomic_folder(out.resolve()) as folder:
        rows: list[CaseRow] = []
        sums: dict[str, str] = {}
        for split in Split:
            if not (entries := release.of(split)):
                continue
            size = part_size if split is Split.TRAIN else None
            with PartWriter(folder / f"{split.folder}.zip", size) as stream:
                for entry, digest in _write_archive(stream, entries):
                    rows.append(replace(release.row(entry), sha256=digest))
                    progress(len(rows), len(release.entries))
            sums |= stream.sums
        sums |= _write_companions(root, folder, rows)
        sizes = {name: (folder / name).stat().st_size for name in sums}
        card = Card.of(rows, files=sizes, sums=sums, licence=licence)
        (folder / CARD_NAME).write_text(render_card(card), encoding="utf-8")
        sums[CARD_NAME] = sha256(folder / CARD_NAME)
        (folder / SUMS_NAME).write_text(format_sums(sums), encoding="utf-8")
    return sums


def _check_names(release: Release, root: Path) -> None:
    """What the extraction of an archive asks of names, asked before it is written."""
    seen: set[tuple[Split, str]] = set()
    for entry in release.entries:
        check_name(entry.name)
        key = entry.split, entry.name.casefold()
        if key in seen:
            raise ReleaseError(
                f"two cases are called {entry.name!r} but for case",
                where=root,
                remedy="Rename one; some file systems cannot hold both",
            )
        seen.add(key)


def _write_companions(root: Path, folder: Path, rows: Sequence[CaseRow]) -> dict[str, str]:
    for path in root.iterdir():
        if is_companion(path.name) and path.name != TABLE_NAME:
            shutil.copyfile(path, folder / path.name)
    write_table(folder, rows)
    return {p.name: sha256(p) for p in folder.iterdir() if is_companion(p.name)}


def _write_archive(stream: PartWriter, entries: Sequence[Entry]) -> Iterator[tuple[Entry, str]]:
    """Writes the cases one at a time; yields each with its digest."""
    # zipfile writes a header in many small pieces.
    with io.BufferedWriter(stream, 1 << 20) as buffer, zipfile.ZipFile(buffer, "w") as archive:
        for entry in entries:
            image, label = _case_bytes(entry)
            for name, data in ((IMAGE_NAME, image), (LABEL_NAME, label)):
                info = zipfile.ZipInfo(f"{entry.split.folder}/{entry.name}/{name}", _EPOCH)
                info.external_attr = _PERMISSIONS
                info.create_system = 3
                archive.writestr(info, data)
            yield entry, digest_of(image, label)


def _case_bytes(entry: Entry) -> tuple[bytes, bytes]:
    """The bytes of `img.pt` and `label.pt`; a folder's files as they are, others rewritten."""
    if entry.label_path is None:
        raise ReleaseError(
            "case has no label map", where=entry.name, remedy="Leave it out of the release"
        )
    if (entry.image_path.name, entry.label_path.name) == (IMAGE_NAME, LABEL_NAME):
        return entry.image_path.read_bytes(), entry.label_path.read_bytes()
    image, label = read_pt_pair(entry.image_path)
    return pt_image_bytes(image), pt_label_bytes(label)
