"""Telling DICOM by a file's first bytes, with its preamble or without."""

from __future__ import annotations

import struct
from typing import Final

__all__ = ["LOOK", "begins_with_prefix", "is_dicom"]

LOOK: Final = 1024
"""First bytes of a file that are looked at."""

# PS3.10, 7.1: 128 bytes of anything, then the prefix.
_PREFIX: Final = slice(128, 132)
# PS3.5, 6.2: all value representations, and those whose length takes four bytes (7.1.2).
_VRS: Final = frozenset(
    b"AE AS AT CS DA DS DT FL FD IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR "
    b"US UT UV".split()
)
# Value representations whose length takes four bytes: PS3.5, table 7.1-1.
_LONG: Final = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
# A file without preamble begins with file meta information or with the group that identifies.
_FIRST: Final = (0x0002, 0x0008)
# Three elements in a row, each with a tag above the last, a known representation and an even
# length, do not come about by chance; a third may run beyond what was looked at.
_ENOUGH: Final = 3
# An undefined length: PS3.5, 7.1.2.
_UNDEFINED: Final = 0xFFFFFFFF


def begins_with_prefix(start: bytes) -> bool:
    """Whether the preamble and its prefix are there."""
    return start[_PREFIX] == b"DICM"


def is_dicom(start: bytes) -> bool:
    """Whether a file begins as DICOM does.

    Without a preamble only where elements of a plausible tag, representation and length follow
    each other, explicit or implicit, in either byte order.

    Args:
        start: Its first `LOOK` bytes.
    """
    return begins_with_prefix(start) or any(
        _plausible(start, order, explicit=explicit)
        for order, explicit in (("<", True), ("<", False), (">", True))
    )


def _plausible(start: bytes, order: str, *, explicit: bool) -> bool:
    at, found, last = 0, 0, (-1, -1)
    while found < _ENOUGH and at + 12 <= len(start):
        tag = struct.unpack_from(f"{order}HH", start, at)
        size = _size(start, at, order, explicit=explicit)
        if tag <= last or size is None or (not found and tag[0] not in _FIRST):
            return False
        at, found, last = at + size, found + 1, tag
    return found >= _ENOUGH or (found == _ENOUGH - 1 and at > len(start))


def _size(start: bytes, at: int, order: str, *, explicit: bool) -> int | None:
    """Bytes of an element with its header, `None` where it is none."""
    if not explicit:
        (length,) = struct.unpack_from(f"{order}L", start, at + 4)
        return _whole(8, length)
    kind = start[at + 4 : at + 6]
    if kind in _LONG:
        reserved, length = struct.unpack_from(f"{order}HL", start, at + 6)
        return None if reserved else _whole(12, length)
    (length,) = struct.unpack_from(f"{order}H", start, at + 6)
    return _whole(8, length) if kind in _VRS else None


def _whole(header: int, length: int) -> int | None:
    if length == _UNDEFINED:
        return header + LOOK
    return None if length % 2 else header + length
