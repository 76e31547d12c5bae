"""Rules about the files of a case: readable, safe, of the right size."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Final

from spinemsca.errors import CaseError, SpineError, UnsafeFileError
from spinemsca.release.verify.finding import Finding, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from spinemsca.release.layout import Entry

__all__ = ["RULES", "check_files", "unloadable"]

UNREADABLE: Final = Rule(
    "unreadable-file",
    Severity.ERROR,
    "Every file can be read as what torch.save wrote",
    "Get the file again, or write it again with torch.save",
)
UNSAFE: Final = Rule(
    "unsafe-file",
    Severity.ERROR,
    "No file runs code, or takes more memory than a case needs, when opened",
    "Do not open the file by other means; get it again from its publisher",
)
MALFORMED: Final = Rule(
    "malformed-case",
    Severity.ERROR,
    "Image and label map are one slice of the same shape, finite, in [0, 1] and 0 to 11",
    "Write the case again from its source, or leave it out",
)
OVERSIZED: Final = Rule(
    "oversized-file",
    Severity.WARNING,
    "A file holds its arrays and nothing else",
    "Save a clone of the tensor; saving a view stores the whole buffer behind it",
)
RULES: Final = (UNREADABLE, UNSAFE, MALFORMED, OVERSIZED)

# Bytes that torch's types of real numbers take.
_ITEM_SIZES: Final = (1, 2, 4, 8)
# Chosen, not measured: 64 KiB for the zip and the pickle.
_OVERHEAD: Final = 1 << 16


def unloadable(entry: Entry, error: SpineError) -> Finding:
    """The finding that stands for a case that could not be loaded."""
    rule = UNREADABLE
    if isinstance(error, UnsafeFileError):
        rule = UNSAFE
    elif isinstance(error, CaseError):
        rule = MALFORMED
    return rule.broken_by(entry, error.what)


def check_files(entry: Entry, pixels: int) -> Iterator[Finding]:
    """Compares what a case's files hold with its `pixels` (rows × columns)."""
    for path in sorted({entry.image_path, entry.label_path or entry.image_path}):
        held = _stored_bytes(path)
        arrays = 2 if entry.label_path == entry.image_path else 1
        most = pixels * max(_ITEM_SIZES) * arrays
        storages = all(n in {pixels * size for size in _ITEM_SIZES} for n in held)
        if not storages or path.stat().st_size > most + _OVERHEAD:
            size = max(sum(held), path.stat().st_size)
            yield OVERSIZED.broken_by(
                entry, f"{path.name} holds {size:,} bytes for {arrays} × {pixels:,} values"
            )


def _stored_bytes(path: Path) -> list[int]:
    with zipfile.ZipFile(path) as archive:
        return [m.file_size for m in archive.infolist() if "/data/" in m.filename]
