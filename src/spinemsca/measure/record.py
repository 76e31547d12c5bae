"""What `predict` wrote beside a label map: anything unexpected in it is left out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from spinemsca.case import Spacing

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_record", "stated_faces", "stated_spacing"]

_LARGEST: Final = 1 << 20


def read_record(path: Path) -> Any:
    """The content of a prediction's JSON, of any form; `None` where there is none to be read."""
    try:
        if path.stat().st_size > _LARGEST:
            return None
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def stated_spacing(record: Any) -> Spacing | None:
    """Spacing in mm as a record states it, where that can be one."""
    stated = record.get("spacing_mm") if isinstance(record, dict) else None
    try:
        row, column = (float(v) for v in stated or ())
    except (TypeError, ValueError):
        return None
    known = 0 < row < float("inf") and 0 < column < float("inf")
    return Spacing(row, column) if known else None


def stated_faces(record: Any) -> str | None:
    """Where the patient looks as a record states it."""
    stated = record.get("faces") if isinstance(record, dict) else None
    return stated if stated in ("left", "right") else None
