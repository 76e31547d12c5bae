"""Opening files that may be packed with gzip, told by what they hold."""

from __future__ import annotations

import gzip
from typing import IO, TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["is_packed", "opened"]

# The first two bytes of a gzip member (RFC 1952).
_GZIP: Final = b"\x1f\x8b"


def is_packed(path: Path) -> bool:
    """Whether a file begins as gzip does.

    Raises:
        OSError: If it cannot be opened.
    """
    with path.open("rb") as file:
        return file.read(2) == _GZIP


def opened(path: Path) -> IO[bytes]:
    """A file opened for reading, unpacked where it is packed.

    Raises:
        OSError: If it cannot be opened.
    """
    return cast("IO[bytes]", gzip.open(path, "rb")) if is_packed(path) else path.open("rb")
