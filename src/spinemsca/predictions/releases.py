"""Releases among what is predicted, measured and scored: their cases go by their own names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from spinemsca.errors import ReleaseError

if TYPE_CHECKING:
    from pathlib import Path

    from spinemsca.release import CaseRow, Entry, Release

__all__ = ["ReleaseCase", "case_of", "cases_of", "opened_release"]

# A case's folder lies in its split's, that in the release's; `p0/aug1` is one deeper.
_DEEPEST: Final = 4


@dataclass(frozen=True, slots=True)
class ReleaseCase:
    """A case of a release, and what its table says of it."""

    entry: Entry
    row: CaseRow


def opened_release(folder: Path) -> Release | None:
    """The release in a folder; `None` where there is none with a case in it.

    Raises:
        ReleaseError: If there is a `cases.csv` that cannot be understood, or one without a case.
    """
    # A picture alone needs no release, nor the 0.3 s in which that room is imported.
    from spinemsca.release import TABLE_NAME, Release

    try:
        release = Release.open(folder)
    except ReleaseError:
        if (folder / TABLE_NAME).exists():
            raise
        return None
    return release if release.entries else None


def cases_of(release: Release) -> list[ReleaseCase]:
    """The cases of a release, in its order."""
    return [ReleaseCase(entry, release.row(entry)) for entry in release.entries]


def case_of(path: Path) -> ReleaseCase | None:
    """The case that a `.pt` file belongs to, where a release with a table lies around it.

    Raises:
        ReleaseError: If that table cannot be understood.
    """
    if path.suffix != ".pt":
        return None
    from spinemsca.release import TABLE_NAME

    absolute = path.absolute()
    for folder in list(absolute.parents)[1 : _DEEPEST + 1]:
        table = folder / TABLE_NAME
        if table.is_file():
            return _by_path(folder, table.stat().st_mtime_ns).get(absolute)
    return None


@lru_cache(maxsize=8)
def _by_path(root: Path, _changed: int) -> dict[Path, ReleaseCase]:
    """Cases by the paths of their files; `_changed` tells states of the table apart."""
    release = opened_release(root)
    found = [] if release is None else cases_of(release)
    images = {case.entry.image_path: case for case in found}
    return images | {c.entry.label_path: c for c in found if c.entry.label_path is not None}
