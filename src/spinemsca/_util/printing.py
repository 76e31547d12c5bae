"""Names of files as text that any program can show."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["printable"]

# What would move a terminal's cursor, colour its text or break a table's line.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def printable(path: Path | str) -> str:
    """A path as tables and messages show it: controls and bytes that are no UTF-8 as numbers."""
    text = os.fsencode(path).decode(errors="backslashreplace")
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)
