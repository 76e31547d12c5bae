"""A split's archive: its members are judged before anything is written, then extracted whole.

Nothing of an archive is believed: no name may leave the folder, no member may be a link or a
device, and counts, sizes and compression ratios are capped.
"""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from spinemsca.errors import ArchiveError, ReleaseError
from spinemsca.io.files import atomic_folder
from spinemsca.progress import Progress, silent
from spinemsca.release.layout import check_name
from spinemsca.release.parts import PartReader, check_parts
from spinemsca.release.split import Split

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

__all__ = ["LIMITS", "Limits", "extract_split"]

_CHUNK: Final = 1 << 20
_DAMAGED: Final = "Download it again; if that does not help, the mirror's copy is damaged"
_HOSTILE: Final = "Nothing was extracted; do not trust this mirror"


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may hold at most.

    Attributes:
        members: Files.
        member_bytes: Of one file, uncompressed.
        total_bytes: Of all files, uncompressed.
        ratio: Uncompressed over compressed size of one file; a blank label map reaches 1000.
    """

    members: int = 200_000
    member_bytes: int = 256 * 2**20
    total_bytes: int = 256 * 2**30
    ratio: float = 1100.0


LIMITS: Final = Limits()
"""The limits that hold unless a caller gives others."""


def extract_split(
    parts: Sequence[Path],
    root: Path,
    split: Split,
    *,
    limits: Limits = LIMITS,
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
        ArchiveError: If the archive is incomplete, damaged or hostile.
        ReleaseError: If the split's folder holds files already.
    """
    check_parts(parts)
    target = root / split.folder
    if target.exists() and any(target.iterdir()):
        raise ReleaseError("is not empty", where=target, remedy="Move it away, or name a new root")
    try:
        with (
            io.BufferedReader(PartReader(parts), _CHUNK) as stream,
            zipfile.ZipFile(stream) as file,
        ):
            members = _judge(file.infolist(), split, limits, parts[0])
            with atomic_folder(target.resolve()) as folder:
                _write_all(file, members, folder, progress)
            return len(members)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise ArchiveError(
            f"is no sound zip archive ({error})", where=_names(parts), remedy=_DAMAGED
        ) from None


def _names(parts: Sequence[Path]) -> str:
    return f"{parts[0]} to {parts[-1].name}" if len(parts) > 1 else str(parts[0])


def _judge(
    infos: Iterable[zipfile.ZipInfo], split: Split, limits: Limits, where: Path
) -> dict[str, zipfile.ZipInfo]:
    """The members to extract by the name each gets below the split's folder."""
    wanted: dict[str, zipfile.ZipInfo] = {}
    seen: set[str] = set()
    total = 0
    for count, info in enumerate(infos, start=1):
        name = _decoded_name(info)
        fault = _fault(info, name, limits)
        total += info.file_size
        if count > limits.members:
            fault = f"has more than {limits.members} members"
        elif total > limits.total_bytes:
            fault = f"would fill more than {limits.total_bytes} bytes"
        if fault:
            raise ArchiveError(fault, where=where, remedy=_HOSTILE)
        if info.is_dir() or not _is_case_file(name):
            continue
        short = _below_split(name, split)
        if short.casefold() in seen:
            raise ArchiveError(f"holds {short!r} twice", where=where, remedy=_HOSTILE)
        seen.add(short.casefold())
        wanted[short] = info
    if not wanted:
        raise ArchiveError("holds no .pt file", where=where, remedy=_DAMAGED)
    return wanted


def _fault(info: zipfile.ZipInfo, name: str, limits: Limits) -> str:
    kind = stat.S_IFMT(info.external_attr >> 16)
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or "\0" in name:
        return f"member {name!r} would be written outside the folder"
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        return f"member {name!r} is a link or a device"
    if info.flag_bits & 0x1:
        return f"member {name!r} is encrypted"
    if info.file_size > limits.member_bytes:
        return f"member {name!r} would fill {info.file_size} bytes"
    if info.file_size > limits.ratio * max(info.compress_size, 1) and info.file_size > _CHUNK:
        return f"member {name!r} unpacks to over {limits.ratio:g} times its size"
    return ""


def _decoded_name(info: zipfile.ZipInfo) -> str:
    """The member's name; archives made on Chinese systems write GBK without saying so."""
    if info.flag_bits & 0x800 or info.orig_filename.isascii():
        return info.orig_filename
    raw = info.orig_filename.encode("cp437", errors="replace")
    for encoding in ("utf-8", "gbk"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.orig_filename


def _is_case_file(name: str) -> bool:
    path = PurePosixPath(name)
    hidden = any(p.startswith(".") or p == "__MACOSX" for p in path.parts)
    return path.suffix == ".pt" and not hidden


def _below_split(name: str, split: Split) -> str:
    parts = PurePosixPath(name).parts
    while len(parts) > 1 and Split.from_folder(parts[0]) is split:
        parts = parts[1:]
    short = "/".join(parts)
    try:
        check_name(short)
    except ReleaseError as error:
        raise ArchiveError(error.what, remedy=_HOSTILE) from None
    return short


def _write_all(
    file: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], folder: Path, progress: Progress
) -> None:
    total = sum(info.file_size for info in members.values())
    done = 0
    for name, info in members.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            _write_member(file, info, target)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise ArchiveError(
                f"member {name!r} is damaged ({error})", where=file.filename, remedy=_DAMAGED
            ) from None
        done += info.file_size
        progress(done, total)


def _write_member(file: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
    # The size in the directory may lie: never write more than it says.
    left = info.file_size
    with file.open(info) as source, target.open("wb") as sink:
        while chunk := source.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                raise zipfile.BadZipFile("longer than it says")
            sink.write(chunk)
    if left:
        raise EOFError("shorter than it says")
