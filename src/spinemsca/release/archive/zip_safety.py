"""An archive's members, judged by its directory alone, before anything is written.

Nothing of an archive is believed: no name may leave the folder, no member may be a link or a
device, none may share bytes with another, and counts, sizes and compression ratios are capped.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from spinemsca.errors import ArchiveError, ReleaseError
from spinemsca.release.layout import check_name
from spinemsca.release.split import Split

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from zipfile import ZipInfo

__all__ = ["LIMITS", "ArchiveLimits", "judge_members"]

_MIB: Final = 1 << 20
# Length of a member's local header without its name: APPNOTE.TXT, 4.3.7.
_LOCAL_HEADER: Final = 30
_HOSTILE: Final = "Nothing was extracted; do not trust this mirror"


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """What an archive may hold at most.

    Attributes:
        members: Files.
        member_bytes: Of one file, uncompressed.
        total_bytes: Of all files, uncompressed.
        ratio: Uncompressed over compressed size of one file; a blank label map reaches 1000.
    """

    members: int = 200_000
    member_bytes: int = 256 * _MIB
    total_bytes: int = 256 * 1024 * _MIB
    ratio: float = 1100.0


LIMITS: Final = ArchiveLimits()
"""The limits that hold unless a caller gives others."""


def judge_members(
    infos: Sequence[ZipInfo], split: Split, limits: ArchiveLimits, where: Path
) -> dict[str, ZipInfo]:
    """The members to extract, by the name each gets below the split's folder.

    Names are put right first, then judged: every member's, also those that are not extracted.

    Raises:
        ArchiveError: If any of them is hostile, or none is a `.pt` file.
    """
    wanted: dict[str, ZipInfo] = {}
    fault = _fault_of_all(infos, limits)
    for info in infos:
        name = _upright_name(info)
        if fault := fault or _fault(info, name, limits):
            break
        if not name.endswith("/") and _is_case_file(name):
            short = _below_split(name, split, where)
            fault = f"holds {short!r} twice" if short in wanted else ""
            wanted[short] = info
    fault = fault or _clash(wanted)
    if fault:
        raise ArchiveError(fault, where=where, remedy=_HOSTILE)
    if not wanted:
        raise ArchiveError(
            "holds no .pt file", where=where, remedy="Name a mirror of this package's releases"
        )
    return wanted


def _fault_of_all(infos: Sequence[ZipInfo], limits: ArchiveLimits) -> str:
    if len(infos) > limits.members:
        return f"has {len(infos)} members, more than {limits.members}"
    if (total := sum(info.file_size for info in infos)) > limits.total_bytes:
        return f"would fill {total} bytes, more than {limits.total_bytes}"
    for one, other in pairwise(sorted(infos, key=lambda info: info.header_offset)):
        if one.header_offset + _LOCAL_HEADER + one.compress_size > other.header_offset:
            return f"members {one.filename!r} and {other.filename!r} share bytes"
    return ""


def _fault(info: ZipInfo, name: str, limits: ArchiveLimits) -> str:
    kind = stat.S_IFMT(info.external_attr >> 16)
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or any(c in name for c in ":\0"):
        return f"member {name!r} would be written outside the folder"
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        return f"member {name!r} is a link or a device"
    if info.flag_bits & 0x1:
        return f"member {name!r} is encrypted"
    if info.file_size > limits.member_bytes:
        return f"member {name!r} would fill {info.file_size} bytes"
    if info.file_size > limits.ratio * max(info.compress_size, 1) and info.file_size > _MIB:
        return f"member {name!r} unpacks to over {limits.ratio:g} times its size"
    return ""


def _upright_name(info: ZipInfo) -> str:
    """The member's name with `/` between folders; some programs on Windows write backslashes.

    Decoded before that: in GBK the second byte of a character may be a backslash's.
    """
    return _decoded_name(info).replace("\\", "/")


def _decoded_name(info: ZipInfo) -> str:
    """The member's name; archives made on Chinese systems write GBK without saying so."""
    if info.flag_bits & 0x800 or info.orig_filename.isascii():
        return info.orig_filename
    raw = info.orig_filename.encode("cp437")
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


def _below_split(name: str, split: Split, where: Path) -> str:
    """The name without leading folders that are called like the split, in any spelling."""
    parts = PurePosixPath(name).parts
    while len(parts) > 1 and Split.from_folder(parts[0]) is split:
        parts = parts[1:]
    short = "/".join(parts)
    try:
        check_name(short)
    except ReleaseError as error:
        raise ArchiveError(error.what, where=where, remedy=_HOSTILE) from None
    return short


def _clash(names: dict[str, ZipInfo]) -> str:
    """Names that would be one file, or a file and a folder, on some file system."""
    seen: set[str] = set()
    for name in names:
        folded = name.casefold()
        if folded in seen:
            return f"holds {name!r} twice"
        seen.add(folded)
    for name in seen:
        for parent in PurePosixPath(name).parents:
            if str(parent) in seen:
                return f"holds {str(parent)!r} as a file and as a folder"
    return ""
