"""A split's archive, in one file or in parts: opened, judged, and extracted all or nothing."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from contextlib import contextmanager
from lzma import LZMAError
from typing import TYPE_CHECKING, Final

from spinemsca._util import Progress, atomic_folder, silent
from spinemsca.errors import ArchiveError, ReleaseError
from spinemsca.release.archive.multipart import PartReader, check_parts
from spinemsca.release.archive.zip_safety import LIMITS, ArchiveLimits, judge_members

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from spinemsca.release.split import Split

__all__ = ["extract_split"]

# Chosen, not measured: 1 MiB.
_CHUNK: Final = 1 << 20
# Starts of a zip with members and of an empty one: APPNOTE.TXT, 4.3.7 and 4.3.16.
_MAGIC: Final = (b"PK\x03\x04", b"PK\x05\x06")
_DAMAGED: Final = "Get it again; if that does not help, the mirror's copy is damaged"

# What zipfile raises, by experiment, on bytes that are no sound archive.
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


def extract_split(
    parts: Sequence[Path],
    root: Path,
    split: Split,
    *,
    limits: ArchiveLimits = LIMITS,
    progress: Progress = silent,
) -> int:
    """Extracts a split's archive into `root / split.folder`, all of it or nothing.

    Only `.pt` files are taken. A leading folder named after the split, in any spelling, is
    dropped, so that the result is the same whatever the archive's shape.

    Args:
        parts: The archive's files in order.
        root: Folder of the release.
        split: Which split the archive holds.
        limits: Caps on what is extracted.
        progress: Told of bytes written.

    Returns:
        Number of files extracted.

    Raises:
        ArchiveError: If the archive is incomplete, damaged or hostile; names the part.
        ReleaseError: If the split's folder holds files already.
    """
    check_parts(parts)
    target = root / split.folder
    if target.exists() and any(target.iterdir()):
        raise ReleaseError("is not empty", where=target, remedy="Move it away, or name a new root")
    raw = PartReader(parts)
    with _opened(raw, parts) as archive:
        members = judge_members(archive.infolist(), split, limits, parts[0])
        with atomic_folder(target.resolve()) as folder:
            for name, info in _told(members, progress):
                with _damage(f"member {name!r} is damaged", raw.part_at(info.header_offset)):
                    _write_member(archive, info, folder / name)
    return len(members)


@contextmanager
def _opened(raw: PartReader, parts: Sequence[Path]) -> Iterator[zipfile.ZipFile]:
    """The archive; its directory lies at the end, so where that is missing the last part is."""
    with io.BufferedReader(raw, _CHUNK) as stream:
        if stream.read(4) not in _MAGIC:
            raise ArchiveError("does not begin as a zip archive", where=parts[0], remedy=_DAMAGED)
        with _damage("does not end as a zip archive; it is cut off or parts lack", parts[-1]):
            archive = zipfile.ZipFile(stream)
        with archive:
            yield archive


@contextmanager
def _damage(what: str, where: Path) -> Iterator[None]:
    """Turns what zipfile raises on damaged bytes into an error that names their place."""
    try:
        yield
    except _BROKEN as error:
        raise ArchiveError(f"{what} ({error})", where=where, remedy=_DAMAGED) from None
    except OSError as error:
        # With an error number it is the disk that failed, not the archive.
        if error.errno is not None:
            raise
        raise ArchiveError(f"{what} ({error})", where=where, remedy=_DAMAGED) from None


def _told(
    members: Mapping[str, zipfile.ZipInfo], progress: Progress
) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    """The members one after the other, each reported when it has been written."""
    total = sum(info.file_size for info in members.values())
    done = 0
    for name, info in members.items():
        yield name, info
        done += info.file_size
        progress(done, total)


def _write_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
    # The size in the directory may lie: never write more than it says.
    target.parent.mkdir(parents=True, exist_ok=True)
    left = info.file_size
    with archive.open(info) as source, target.open("wb") as sink:
        while chunk := source.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                raise zipfile.BadZipFile("longer than it says")
            sink.write(chunk)
    if left:
        raise EOFError("shorter than it says")
