"""Finding cases on disk: every layout that exists in the wild opens as the same dataset.

- a folder a case with `img.pt` and, where it is labelled, `label.pt`;
- one `.pt` a case holding a dict with `img` and `label`, under `p*/aug*.pt` or flat;
- inside split folders named `Train`, `Vali`, `Vail`, `Val` or `Test` in any case, also where an
  archive brought the folder along once more (`Train/Train`).

Hidden files and what macOS leaves in archives (`__MACOSX`, `._img.pt`) are no cases.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from spinemsca.errors import ReleaseError
from spinemsca.release.split import Split, unique_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["IMAGE_NAME", "LABEL_NAME", "Entry", "check_name", "find_entries"]

# Names in the published dataset.
IMAGE_NAME: Final = "img.pt"
LABEL_NAME: Final = "label.pt"

# The folder that macOS adds to a zip.
_JUNK: Final = "__MACOSX"
# Characters that Windows refuses (Microsoft, "Naming Files, Paths, and Namespaces").
_FORBIDDEN: Final = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\]')
# Chosen, not measured: file systems take 255 bytes, and other verbs append to a name.
_LONGEST_NAME: Final = 200
_DOWNLOAD: Final = "Run: spine-msca download --root DIR"


@dataclass(frozen=True, slots=True)
class Entry:
    """Where one case lies.

    Attributes:
        name: Name of the case: its path below the split's folder, `/` between parts, without
            `.pt`; a lone `aug0` in its folder takes the folder's name. A name that several
            splits use is preceded by its split: `train-p0`.
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
        ReleaseError: If `root` is no folder, holds no split folder, holds one split under two
            spellings, or two cases share a name.
    """
    if not root.is_dir():
        raise ReleaseError("no such folder", where=root, remedy=_DOWNLOAD)
    folders = _split_folders(root)
    found = {split: list(_in_split(folder, split)) for split, folder in folders.items()}
    entries = [entry for split in Split for entry in found.get(split, [])]
    _refuse_same_names(entries, root)
    names = unique_names([(e.split, e.name) for e in entries])
    order = {split: rank for rank, split in enumerate(Split)}
    renamed = (replace(e, name=name) for e, name in zip(entries, names, strict=True))
    return sorted(renamed, key=lambda e: (order[e.split], e.name))


def check_name(name: str) -> None:
    """Refuses a case name that could not be a path of its own inside a split's folder.

    One that begins with a split's folder would lose it where an archive is extracted.

    Raises:
        ReleaseError: If it is empty or too long, climbs out, is hidden, is a split's name, or
            holds a character that some file system forbids.
    """
    parts = name.split("/")
    sound = (
        len(name) <= _LONGEST_NAME
        and not _FORBIDDEN.search(name)
        and not any(p in {"", _JUNK} or p.startswith(".") or p[-1] in ". " for p in parts)
        and not Split.from_folder(parts[0])
    )
    if not sound:
        raise ReleaseError(
            f"{name!r} cannot be the name of a case",
            remedy="Use letters, digits, '-' and '_', '/' between folders, and no split's name",
        )


def _split_folders(root: Path) -> dict[Split, Path]:
    folders: dict[Split, Path] = {}
    for folder in sorted(f for f in root.iterdir() if f.is_dir()):
        split = Split.from_folder(folder.name)
        if split is None:
            continue
        if split in folders and any(_files(folder)) and any(_files(folders[split])):
            raise ReleaseError(
                f"both {folders[split].name} and {folder.name} hold the {split.value} split",
                where=root,
                remedy="Keep one of the two",
            )
        if split not in folders or any(_files(folder)):
            folders[split] = folder
    if not folders:
        raise ReleaseError(
            "holds no Train, Vali or Test folder",
            where=root,
            remedy=f"Name the folder that holds them, or {_DOWNLOAD[0].lower()}{_DOWNLOAD[1:]}",
        )
    return folders


def _files(folder: Path) -> Iterator[PurePosixPath]:
    """The `.pt` files below `folder`, relative to it, in no particular order."""
    for where, folders, files in os.walk(folder):
        folders[:] = [f for f in folders if f != _JUNK and not f.startswith(".")]
        below = PurePosixPath(Path(where).relative_to(folder).as_posix())
        yield from (below / f for f in files if f.endswith(".pt") and not f.startswith("."))


def _in_split(folder: Path, split: Split) -> Iterator[Entry]:
    files = set(_files(folder))
    in_folder = Counter(f.parent for f in files)
    for file in files:
        name = _without_split(_name(file, alone=in_folder[file.parent] == 1), split)
        path, image, label = folder / file, file.with_name(IMAGE_NAME), file.with_name(LABEL_NAME)
        if file == image:
            yield Entry(name, split, path, folder / label if label in files else None)
        elif file != label:
            yield Entry(name, split, path, path)
        elif image not in files:
            yield Entry(name, split, folder / image, path)


def _name(file: PurePosixPath, *, alone: bool) -> PurePosixPath:
    is_folder = file.name in {IMAGE_NAME, LABEL_NAME} or (alone and file.name == "aug0.pt")
    return file.parent if is_folder and file.parent.name else file.with_suffix("")


def _without_split(name: PurePosixPath, split: Split) -> str:
    parts = name.parts
    while len(parts) > 1 and Split.from_folder(parts[0]) is split:
        parts = parts[1:]
    return "/".join(parts)


def _refuse_same_names(entries: Iterable[Entry], root: Path) -> None:
    first: dict[tuple[Split, str], Entry] = {}
    for entry in entries:
        other = first.setdefault((entry.split, entry.name), entry)
        if other is not entry:
            paths = " and ".join(str(e.image_path.relative_to(root)) for e in (other, entry))
            raise ReleaseError(
                f"{paths} would both be case {entry.name!r}", where=root, remedy="Rename one"
            )
