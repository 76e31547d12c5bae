"""What to predict: files, those in folders, and DICOM series, each with a name of its own."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from spinemsca.errors import FileFormatError, SpineError, UsageError
from spinemsca.io.dicom_series import find_series, read_series
from spinemsca.io.nifti import stem
from spinemsca.io.read import kind_of, read_volume

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from spinemsca.io.volume import Volume

__all__ = ["Input", "find_inputs"]

_SUFFIXES: Final = frozenset(
    [
        ".png",
        ".jpg",
        ".jpeg",
        ".tif",
        ".tiff",
        ".pt",
        ".nii",
        ".gz",
        ".mha",
        ".nrrd",
        ".dcm",
        ".ima",
    ]
)
_WRITTEN: Final = ("_label", "_overlay")
_IMAGE: Final = "img.pt"
_LABEL: Final = "label.pt"


@dataclass(frozen=True, slots=True)
class Input:
    """One thing to predict.

    Attributes:
        name: Stem of the files to be written.
        paths: One file, or the slices of a DICOM series.
    """

    name: str
    paths: tuple[Path, ...]

    @property
    def path(self) -> Path:
        """The file, or a series' folder."""
        return self.paths[0] if len(self.paths) == 1 else self.paths[0].parent

    def read(self) -> Volume:
        """Reads it.

        Raises:
            SpineError: As the format's reader says.
        """
        return (
            read_volume(self.path) if len(self.paths) == 1 else read_series(self.paths, self.name)
        )

    def digest(self) -> str:
        """SHA-256 of its bytes, in hexadecimal.

        Raises:
            FileFormatError: If a file cannot be opened.
        """
        digests = [_digest(path) for path in self.paths]
        whole = digests[0] if len(digests) == 1 else hashlib.sha256(b"".join(digests)).digest()
        return whole.hex()


def _digest(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileFormatError(
            f"cannot be opened ({reason})", where=path, remedy="Check the path and its permissions"
        ) from None


def find_inputs(given: Iterable[Path]) -> list[Input]:
    """Inputs among files and folders, in order; folders are searched to their depths.

    In folders, files of other kinds are left out, and so are label maps beside their images and
    what `predict` wrote itself. DICOM slices of one series in one folder make one input. A file
    that is missing counts as unreadable, unless all are.

    Raises:
        UsageError: If there is nothing to predict.
    """
    named: dict[str, Input] = {}
    for group in _groups(given):
        name = _free_name(group, named)
        named[name] = Input(name, group)
    if not any(item.path.exists() for item in named.values()):
        raise UsageError(
            "there is no image to predict", remedy="Name image files, or a folder that holds some"
        )
    return list(named.values())


def _groups(given: Iterable[Path]) -> Iterator[tuple[Path, ...]]:
    for path in given:
        if not path.is_dir():
            yield (path,)
            continue
        files = sorted(p for p in path.rglob("*") if p.is_file() and _is_input(p, path))
        for _, inside in groupby(files, key=lambda p: p.parent):
            yield from _in_folder(list(inside))


def _is_input(path: Path, top: Path) -> bool:
    if any(part.startswith(".") for part in path.relative_to(top).parts):
        return False
    if path.name == _LABEL and path.with_name(_IMAGE).exists():
        return False
    name = stem(path)
    for ending in _WRITTEN:
        if name.endswith(ending) and path.with_name(f"{name.removesuffix(ending)}.json").exists():
            return False
    return path.suffix.lower() in _SUFFIXES or _holds_dicom(path)


def _holds_dicom(path: Path) -> bool:
    try:
        return kind_of(path) == "dicom"
    except SpineError:
        return False


def _in_folder(files: list[Path]) -> Iterator[tuple[Path, ...]]:
    slices = [path for path in files if _holds_dicom(path)]
    series = {group[0]: group for group in find_series(slices)}
    later = {path for group in series.values() for path in group[1:]}
    for path in files:
        if path not in later:
            yield series.get(path, (path,))


def _free_name(group: tuple[Path, ...], taken: dict[str, Input]) -> str:
    path, folder = group[0], group[0].parent.name
    if len(group) > 1 or path.name == _IMAGE:
        candidates: tuple[str, ...] = (folder,)
    else:
        candidates = (stem(path), f"{folder}_{stem(path)}", path.name.replace(".", "_"))
    for name in candidates:
        if name and name not in taken:
            return name
    own = candidates[0] or stem(path)
    number = next(n for n in range(2, len(taken) + 3) if f"{own}_{n}" not in taken)
    return f"{own}_{number}"
