"""Where every pixel of a release lies, so that no epoch opens an archive or unpickles a file.

`img.pt` and `label.pt` as this package writes them hold their numbers uncompressed in one piece:
those are read from where they lie, and only the place is noted. What is stored in any other way
(dicts, numpy arrays, other types) is copied once, as float32 and uint8, exactly as `Case` holds
it.

A cache is a folder named after what it was made of: the paths, sizes and times of the cases'
files. When one of them changes, the name changes with it, so an outdated cache is never read.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from spinemsca._util.files import atomic_folder, write_text
from spinemsca._util.progress import Progress, silent
from spinemsca.errors import FileFormatError
from spinemsca.io.pt import as_image, as_label
from spinemsca.io.safe_torch import locate
from spinemsca.io.tensor_layout import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from spinemsca.case import Case, Image, LabelMap
    from spinemsca.release.layout import Entry

__all__ = ["CACHE_NAME", "Piece", "StoredCase", "cached"]

CACHE_NAME: Final = ".cache"
"""Folder inside a release, hidden so that no layout, package or check counts it in."""

_VERSION: Final = 2
_PIXELS: Final = "pixels.bin"
_INDEX: Final = "index.json"
_ABANDONED_SECONDS: Final = 24 * 3600
_IMAGE_DTYPE: Final = "<f4"
_LABEL_DTYPE: Final = "|u1"

_At: TypeAlias = tuple[bool, int]
_Record: TypeAlias = tuple[tuple[int, ...], _At, _At | None]


@dataclass(frozen=True, slots=True)
class Piece:
    """An array in a file: which file, and where in it."""

    path: Path
    place: Place

    def read_into(self, array: np.ndarray[Any, Any]) -> None:
        """Fills a contiguous array of the same size and type.

        Raises:
            FileFormatError: If the file is gone or has become too short.
        """
        try:
            self.place.read_into(self.path, array)
        except (OSError, EOFError):
            raise FileFormatError(
                "has changed since it was opened", where=self.path, remedy="Open the dataset again"
            ) from None


@dataclass(frozen=True, slots=True)
class StoredCase:
    """The pixels of one case where they lie; nothing is read until asked for.

    Attributes:
        shape: `(H, W)`.
        image: float32.
        label: uint8, or `None` where there is no label map.
    """

    shape: tuple[int, int]
    image: Piece
    label: Piece | None

    @property
    def labelled(self) -> bool:
        """Whether there is a label map."""
        return self.label is not None

    def read_image(self, out: Image) -> None:
        """Reads the image into `out`, contiguous (H, W) float32."""
        self.image.read_into(out)

    def read_label(self) -> LabelMap | None:
        """Reads the label map, (H, W) uint8."""
        if self.label is None:
            return None
        label = np.empty(self.shape, dtype=np.uint8)
        self.label.read_into(label)
        return label


def cached(
    entries: Sequence[Entry],
    load: Callable[[Entry], Case],
    folder: Path,
    *,
    progress: Progress = silent,
) -> tuple[StoredCase, ...]:
    """Where the pixels of `entries` lie, as the cache below `folder` says; built where missing.

    Every case is read and checked once while the cache is built. Several processes may call
    this at once: each builds under a name of its own, and the first to finish moves its cache
    into place. Caches of earlier states of the same cases are removed.

    Args:
        entries: Cases.
        load: Reads one of them.
        folder: Where caches are kept; made where missing.
        progress: Told after every case.

    Returns:
        One for each entry, in their order.

    Raises:
        SpineError: If a case cannot be read.
        OSError: If `folder` cannot be written.
    """
    path = folder / _cache_name(entries, folder)
    found = _open(path, entries)
    if found is None:
        _discard(path, entries)
        _build(path, entries, load, progress)
        _remove_outdated(path)
        found = _opened(path, entries)
    return found


def _open(path: Path, entries: Sequence[Entry]) -> tuple[StoredCase, ...] | None:
    try:
        return _opened(path, entries)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _opened(path: Path, entries: Sequence[Entry]) -> tuple[StoredCase, ...]:
    index = json.loads((path / _INDEX).read_text("utf-8"))
    if (path / _PIXELS).stat().st_size != index["bytes"]:
        raise ValueError("pixels are missing")
    return tuple(
        _stored(path / _PIXELS, entry, *record)
        for entry, record in zip(entries, index["cases"], strict=True)
    )


def _stored(
    pixels: Path,
    entry: Entry,
    shape: Sequence[int],
    image: Sequence[int],
    label: Sequence[int] | None,
) -> StoredCase:
    rows, columns = shape

    def piece(at: Sequence[int], original: Path | None, dtype: str) -> Piece:
        in_place, offset = at
        path = original if in_place and original is not None else pixels
        return Piece(path, Place(offset, dtype, (rows, columns)))

    return StoredCase(
        (rows, columns),
        piece(image, entry.image_path, _IMAGE_DTYPE),
        None if label is None else piece(label, entry.label_path, _LABEL_DTYPE),
    )


def _discard(path: Path, entries: Sequence[Entry]) -> None:
    """Removes a damaged cache, but not one that another process has just put in its place."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        path.rename(aside)
        if _open(aside, entries) is not None:
            aside.rename(path)
    except OSError:
        # There was none, or yet another process was quicker.
        pass
    shutil.rmtree(aside, ignore_errors=True)


def _build(
    path: Path, entries: Sequence[Entry], load: Callable[[Entry], Case], progress: Progress
) -> None:
    try:
        with atomic_folder(path) as temporary:
            _write(temporary, entries, load, progress)
    except OSError:
        # Another process may have moved the same cache into place first.
        if _open(path, entries) is None:
            raise


def _write(
    folder: Path, entries: Sequence[Entry], load: Callable[[Entry], Case], progress: Progress
) -> None:
    records: list[_Record] = []
    with (folder / _PIXELS).open("wb") as pixels:
        for entry in entries:
            records.append(_in_place(entry) or _copied(load(entry), pixels))
            progress(len(records), len(entries))
        size = pixels.tell()
    write_text(folder / _INDEX, json.dumps({"bytes": size, "cases": records}))


def _in_place(entry: Entry) -> _Record | None:
    """Notes a case whose files hold its pixels ready for use; `None` where one does not."""
    image = _lying(entry.image_path, _IMAGE_DTYPE, as_image)
    if image is None or entry.label_path is None:
        return image and (image[0], (True, image[1]), None)
    label = _lying(entry.label_path, _LABEL_DTYPE, as_label)
    if label is None or label[0] != image[0]:
        return None
    return image[0], (True, image[1]), (True, label[1])


def _lying(
    path: Path, dtype: str, judged: Callable[[object, Path], np.ndarray[Any, Any]]
) -> tuple[tuple[int, ...], int] | None:
    place = locate(path)
    if place is None or place.dtype != dtype:
        return None
    lying = place.read(path)
    array = judged(lying, path)
    # Where judging had to mend a value, its outcome is a copy.
    return (array.shape, place.offset) if np.shares_memory(array, lying) else None


def _copied(case: Case, pixels: IO[bytes]) -> _Record:
    image = pixels.tell()
    pixels.write(np.ascontiguousarray(case.image).data)
    if case.label is None:
        return case.shape, (False, image), None
    label = pixels.tell()
    pixels.write(np.ascontiguousarray(case.label).data)
    return case.shape, (False, image), (False, label)


def _remove_outdated(path: Path) -> None:
    """Removes caches of earlier states of the same cases, and what killed builds left."""
    group = path.name.partition("-")[0]
    stale = [old for old in path.parent.glob(f"{group}-*") if old != path]
    for left in path.parent.glob(f".{group}-*.tmp"):
        if time.time() - left.stat().st_mtime > _ABANDONED_SECONDS:
            stale.append(left)
    for folder in stale:
        shutil.rmtree(folder, ignore_errors=True)


def _cache_name(entries: Sequence[Entry], folder: Path) -> str:
    """`GROUP-STATE`: one hash of which cases these are, one of their files as they are now."""
    paths = [[os.path.relpath(e.image_path, folder), e.label_path is None] for e in entries]
    state = [[_state(e.image_path), e.label_path and _state(e.label_path)] for e in entries]
    return f"{_digest([_VERSION, paths])}-{_digest(state)}"


def _state(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return -1, -1
    return status.st_size, status.st_mtime_ns


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]
