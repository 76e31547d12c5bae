"""Pixels of a release in two flat files that are mapped into memory, not unpickled.

A cache is a folder named after what it was made of: the paths, sizes and times of the cases'
files. When one of them changes, the name changes with it, so an outdated cache is never read.
Images are kept as float32 and label maps as uint8, exactly as `Case` holds them.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from contextlib import ExitStack
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca.io.files import atomic_folder, write_text
from spinemsca.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from spinemsca.case import Case, Image, LabelMap
    from spinemsca.release.layout import Entry

__all__ = ["CACHE_NAME", "PixelCache", "cached"]

CACHE_NAME: Final = ".cache"
"""Folder inside a release, hidden so that no layout, package or check counts it in."""

_VERSION: Final = 1
_IMAGES: Final = "images.f32"
_LABELS: Final = "labels.u8"
_INDEX: Final = "index.json"
_ABANDONED_SECONDS: Final = 24 * 3600


class PixelCache:
    """Images and label maps of some cases, mapped into memory. Read-only; pickles as its path.

    Args:
        folder: Where it was built.

    Raises:
        ValueError: If what lies there is no whole cache.
        OSError: If it cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        index = json.loads((folder / _INDEX).read_text("utf-8"))
        self.folder = folder
        self._shapes: list[tuple[int, int]] = [(int(r), int(c)) for r, c, _ in index["cases"]]
        self._labelled = [bool(labelled) for _, _, labelled in index["cases"]]
        areas = [rows * columns for rows, columns in self._shapes]
        self._image_at = list(accumulate(areas, initial=0))
        held = (a * has for a, has in zip(areas, self._labelled, strict=True))
        self._label_at = list(accumulate(held, initial=0))
        self._images = _mapped(folder / _IMAGES, np.float32, self._image_at[-1])
        self._labels = _mapped(folder / _LABELS, np.uint8, self._label_at[-1])

    def __len__(self) -> int:
        return len(self._shapes)

    def __reduce__(self) -> tuple[Callable[[Path], PixelCache], tuple[Path]]:
        return PixelCache, (self.folder,)

    @property
    def nbytes(self) -> int:
        """Bytes of pixels on disk."""
        return self._images.nbytes + self._labels.nbytes

    def image(self, index: int) -> Image:
        """`(H, W)` float32 of a case, read-only."""
        image: Image = self._images[self._image_at[index] : self._image_at[index + 1]]
        return image.reshape(self._shapes[index])

    def label(self, index: int) -> LabelMap | None:
        """`(H, W)` uint8 of a case, read-only, or `None` where it has no label map."""
        if not self._labelled[index]:
            return None
        label: LabelMap = self._labels[self._label_at[index] : self._label_at[index + 1]]
        return label.reshape(self._shapes[index])


def cached(
    entries: Sequence[Entry],
    load: Callable[[Entry], Case],
    folder: Path,
    *,
    progress: Progress = silent,
) -> PixelCache:
    """The cache of `entries` below `folder`, built now unless a whole one is there.

    Several processes may call this at once: each builds under a name of its own, and the first
    to finish moves its cache into place. Caches of earlier states of the same cases are removed.

    Args:
        entries: Cases, in the order in which the cache numbers them.
        load: Reads one of them.
        folder: Where caches are kept; made where missing.
        progress: Told after every case.

    Raises:
        SpineError: If a case cannot be read.
        OSError: If `folder` cannot be written.
    """
    path = folder / _cache_name(entries, folder)
    found = _open(path)
    if found is None:
        _build(path, entries, load, progress)
        _remove_outdated(path)
        found = PixelCache(path)
    return found


def _open(path: Path) -> PixelCache | None:
    try:
        return PixelCache(path)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _build(
    path: Path, entries: Sequence[Entry], load: Callable[[Entry], Case], progress: Progress
) -> None:
    try:
        with atomic_folder(path) as temporary:
            _write(temporary, entries, load, progress)
            if _open(path) is None:
                shutil.rmtree(path, ignore_errors=True)
    except OSError:
        # Another process may have moved the same cache into place first.
        if _open(path) is None:
            raise


def _write(
    folder: Path, entries: Sequence[Entry], load: Callable[[Entry], Case], progress: Progress
) -> None:
    index: list[tuple[int, int, bool]] = []
    with ExitStack() as stack:
        images = stack.enter_context((folder / _IMAGES).open("wb"))
        labels = stack.enter_context((folder / _LABELS).open("wb"))
        for entry in entries:
            case = load(entry)
            images.write(np.ascontiguousarray(case.image).data)
            if case.label is not None:
                labels.write(np.ascontiguousarray(case.label).data)
            index.append((*case.shape, case.label is not None))
            progress(len(index), len(entries))
    write_text(folder / _INDEX, json.dumps({"cases": index}))


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


def _mapped(path: Path, dtype: type[np.generic], count: int) -> np.ndarray[Any, Any]:
    size = path.stat().st_size
    if size != count * np.dtype(dtype).itemsize:
        raise ValueError(f"{path} holds {size} bytes")
    if count == 0:
        return np.empty(0, dtype=dtype)
    return np.asarray(np.memmap(path, dtype=dtype, mode="r", shape=(count,)))
