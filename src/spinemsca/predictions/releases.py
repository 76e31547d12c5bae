"""Releases among what is predicted, measured and scored: their cases go by their own names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spinemsca.errors import ReleaseError
from spinemsca.release.store import Release
from spinemsca.release.table import TABLE_NAME

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["opened_release"]


def opened_release(folder: Path) -> Release | None:
    """The release in a folder; `None` where there is none with a case in it.

    Raises:
        ReleaseError: If there is a `cases.csv` that cannot be understood, or one without a case.
    """
    try:
        release = Release.open(folder)
    except ReleaseError:
        if (folder / TABLE_NAME).exists():
            raise
        return None
    return release if release.entries else None
