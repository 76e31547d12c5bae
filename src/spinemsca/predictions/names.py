"""Names of results: safe on every file system, and the files that belong to one name.

A result called `NAME` is `NAME_label.png` or `NAME_label.nii.gz`, `NAME_overlay.png`, `NAME.json`
and, where a spine shows other vertebrae than the eleven structures, `NAME_other` as its label map.
`NAME` may hold folders, divided by `/`.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "LABEL",
    "OTHER",
    "OVERLAY",
    "TABLE_NAME",
    "WRITTEN",
    "safe_name",
    "safe_path_name",
    "source_of",
]

TABLE_NAME: Final = "predictions.csv"
"""The ledger of a folder of predictions."""

LABEL: Final = "_label"
"""Ending of the name of a label map of the eleven structures."""

OTHER: Final = "_other"
"""Ending of the name of a label map of other vertebrae."""

OVERLAY: Final = "_overlay"
"""Ending of the name of a picture with its label map drawn over it."""

WRITTEN: Final = (
    *(f"{part}{suffix}" for part in (LABEL, OTHER) for suffix in (".png", ".nii.gz")),
    f"{OVERLAY}.png",
)
"""Endings of the files that prediction may write beside `NAME.json`."""

# What Windows forbids in a name, and separators and controls of every system.
_FORBIDDEN: Final = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\ud800-\udfff\u2028\u2029]')
# Names of devices on Windows, with any suffix ("Naming Files", Microsoft).
_RESERVED: Final = re.compile(
    r"(?i)(con|conin\$|conout\$|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]) *(\..*)?"
)
# 255 bytes are common to all file systems; endings and the name of a temporary file need 40.
_LONGEST: Final = 200
# Hexadecimal, of a hash: 32 bits tell the long names of a folder apart; chosen.
_DIGITS: Final = 8
# Hexadecimal, of a hash: 64 bits tell all files of a disk apart; chosen.
_SOURCE_DIGITS: Final = 16


def safe_name(name: str) -> str:
    """A name that every file system takes, the same one where it is such already.

    Characters that some system forbids become `_`, as do leading and trailing dots and blanks;
    what is too long is cut and told apart by a few digits of its hash.

    Args:
        name: One part of a path, without separators; bytes that are no UTF-8 as `os.fsdecode`
            gives them.
    """
    plain = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", name))
    plain = re.sub(r"^[. ]+|[. ]+$", lambda found: "_" * len(found[0]), plain) or "_"
    if _RESERVED.fullmatch(plain):
        plain = f"_{plain}"
    if len(plain.encode()) > _LONGEST:
        cut = plain.encode()[: _LONGEST - _DIGITS - 1].decode(errors="ignore")
        plain = f"{cut}-{_hash(name)[:_DIGITS]}"
    return plain


def safe_path_name(parts: tuple[str, ...]) -> str:
    """The name of a result in folders: each part made safe, divided by `/`."""
    return "/".join(map(safe_name, parts))


def source_of(path: Path) -> str:
    """Digits that tell where an input lies, so that another of the same name is told apart.

    Folders are followed to where they are; a link to a file is an input of its own.
    """
    return _hash(str(path.parent.resolve() / path.name))[:_SOURCE_DIGITS]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
