"""What a case's `source` says: where it came from, and which slice of a volume it is."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["of_slice", "without_slice"]

# As `of_slice` writes it.
_SLICE: Final = re.compile(r"(^|; )slice \d+ of \d+$")


def of_slice(source: str, index: int, count: int) -> str:
    """The source of one slice of `count`, counted from the patient's right; `index` from 0."""
    place = f"slice {index + 1} of {count}" if count > 1 else ""
    return "; ".join(filter(None, (source, place)))


def without_slice(source: str) -> str:
    """The source that the cases of one collection share."""
    return _SLICE.sub("", source)
