"""Names that every file system, script and table takes, and that stay apart."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING, Final

from spinemsca.io import stem
from spinemsca.release import Split

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["alike", "ascii_name", "composed", "stem_of"]

# Chosen: what no file system, shell or table has a meaning for is kept.
_UNSAFE: Final = re.compile(r"[^0-9A-Za-z_-]+")
# Devices of Windows, with and without a suffix (Microsoft, "Naming Files, Paths, and Namespaces").
_RESERVED: Final = re.compile(r"(?i)con|prn|aux|nul|(com|lpt)[0-9]")
# Leaves room below the 200 of `check_name`, and below 255 bytes for what other verbs append.
_LONGEST: Final = 100
# 32 bits: of 1000 names two are the same once in 8000 releases, and `build` then refuses.
_HASH_LENGTH: Final = 8


def composed(text: str) -> str:
    """The text in Unicode's form NFC: macOS writes letters and accents apart, others together."""
    return unicodedata.normalize("NFC", text)


def stem_of(path: Path) -> str:
    """A file's name without its suffix, also a double one (`.nii.gz`), in NFC."""
    return composed(stem(path))


def ascii_name(text: str, empty: str) -> str:
    """A name of ASCII letters, digits, `-` and `_`; the same text gives the same name.

    A text that is such a name stays as it is. From any other what is safe is kept, and a hash of
    the whole is appended, so that no two texts become one name.

    Args:
        text: In any script; lone surrogates stand for bytes that are no UTF-8.
        empty: What stands before the hash where nothing is safe.
    """
    text = composed(text)
    kept = _UNSAFE.sub("-", text).strip("-")[:_LONGEST]
    if kept == text and kept and not _is_reserved(kept):
        return kept
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{kept or empty}-{digest[:_HASH_LENGTH]}"


def _is_reserved(name: str) -> bool:
    """Whether it would be a device on Windows, or taken for a split's folder in an archive."""
    return bool(_RESERVED.fullmatch(name)) or Split.from_folder(name) is not None


def alike(texts: Iterable[str], kind: str) -> tuple[str, str] | None:
    """Two texts that a reader or a file system would take for one name; `None` if all differ.

    Args:
        texts: As they were written; repeated ones count once.
        kind: As `safe_name`'s `empty`.
    """
    seen: dict[str, str] = {}
    for text in sorted(set(texts)):
        for key in {text.strip().lower(), ascii_name(text, kind).lower()}:
            other = seen.setdefault(key, text)
            if other != text:
                return other, text
    return None
