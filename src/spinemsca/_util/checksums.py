"""Digests of files: SHA-256, git's blob SHA-1, and `SHA256SUMS`."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from spinemsca.errors import DownloadError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["SUMS_NAME", "blob_sha1", "format_sums", "parse_sums", "sha256"]

# A file's name, and its lines, as the tool sha256sum reads and writes them.
SUMS_NAME: Final = "SHA256SUMS"
_LINE: Final = re.compile(r"([0-9a-fA-F]{64}) [ *]([^/\\\x00-\x1f]{1,255})")
# Chosen, not measured: 1 MiB.
_CHUNK: Final = 1 << 20


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def blob_sha1(path: Path) -> str:
    """The SHA-1 by which git identifies a file's bytes: of `blob SIZE`, NUL and the bytes."""
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def format_sums(sums: Mapping[str, str]) -> str:
    """Text of `SHA256SUMS`, as the tool `sha256sum` writes and checks it."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))


def parse_sums(text: str, where: str) -> dict[str, str]:
    """SHA-256 by file name from the text of a `SHA256SUMS`.

    Raises:
        DownloadError: If a line is none, or names a file in another folder.
    """
    sums: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        match = _LINE.fullmatch(line)
        if match is None or match[2] in {".", ".."}:
            raise DownloadError(
                f"line {number} is no checksum and file name",
                where=where,
                remedy="Ask the mirror's owner to write it again with sha256sum",
            )
        sums[match[2]] = match[1].lower()
    return sums
