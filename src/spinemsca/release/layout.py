"""Finding cases on disk: every layout that exists in the wild opens as the same dataset.

- a folder a case with `img.pt` and `label.pt`;
- one `.pt` a case holding a dict with `img` and `label`, under `p*/aug*.pt` or flat;
- inside split folders named `Train`, `Vali`, `Vail`, `Val` or `Test` in any case.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spinemsca.errors import ReleaseError
from spinemsca.release.split import Split

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["IMAGE_NAME", "LABEL_NAME", "Entry", "find_entries"]

IMAGE_NAME: Final = "img.pt"
LABEL_NAME: Final = "label.pt"


@dataclass(frozen=True, slots=True)
class Entry:
    """Where one case lies.

    Attributes:
        name: Name of the case: its path below the split's folder, `/` between parts, without
            `.pt`; a lone `aug0` in its folder takes the folder's name.
        split: Its split.
        image_path: `img.pt`, or the file that holds both.
        label_path: `label.pt`, the same file again, or `None` where there is no label.
    """

    name: str
    split: Split
    image_path: Path
    label_path: Path | None


def find_entries(root: Path) -> list[Entry]:
    """All cases below `root`, ordered by split and name.

    Raises:
        ReleaseError: If `root` is no folder or holds no split folder.
    """
    if not root.is_dir():
        raise ReleaseError(
            "no such folder", where=root, remedy="Run: spine-msca download --root DIR"
        )
    folders = [(s, f) for f in sorted(root.iterdir()) if (s := Split.from_folder(f.name))]
    if not folders:
        raise ReleaseError(
            "holds no Train, Vali or Test folder",
            where=root,
            remedy="Name the folder that holds them, or run: spine-msca download --root DIR",
        )
    order = list(Split)
    entries = [entry for split, folder in folders for entry in _in_split(folder, split)]
    return sorted(entries, key=lambda e: (order.index(e.split), e.name))


def _in_split(folder: Path, split: Split) -> Iterator[Entry]:
    for path in sorted(folder.rglob("*.pt")):
        if path.name == LABEL_NAME and (path.parent / IMAGE_NAME).exists():
            continue
        where = path.parent if path.name == IMAGE_NAME else path.with_suffix("")
        name = where.relative_to(folder).as_posix()
        if path.name == IMAGE_NAME:
            label = path.parent / LABEL_NAME
            yield Entry(name, split, path, label if label.exists() else None)
        else:
            yield Entry(name, split, path, path)
