"""The pixels of a release decoded once, so that no epoch opens an archive or unpickles a file.

All images lie one after the other in one file as float32, all label maps in another as uint8,
exactly as `Case` holds them; both are mapped into memory. Where a case has no label map, there
is a gap of its size.

A cache is a folder named after what it was made of: the paths, sizes and times of the cases'
files. When one of them changes, the name changes with it, so an outdated cache is never read.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import secrets
import shutil
import time
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca._util import Progress, atomic_folder, silent, write_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from spinemsca.case import Case, Image, LabelMap
    from spinemsca.release import Entry

__all__ = ["CACHE_NAME", "Pixels", "cached"]

CACHE_NAME: Final = ".cache"
"""Folder inside a release, hidden so that no layout, package or check counts it in."""

# Part of every cache's name; raised whenever the files below change their form.
_VERSION: Final = 3
# Names of this package.
_IMAGES: Final = "images.f32"
_LABELS: Final = "labels.u8"
_INDEX: Final = "index.json"
# Far longer than any build: 426 cases take seconds (benchmarks/epoch.py).
_ABANDONED_SECONDS: Final = 24 * 3600


class Pixels:
    """The pixels of all cases of a cache, mapped into memory; read when they are asked for.

    Args:
        folder: A cache.

    Raises:
        OSError: If it is missing.
        ValueError: If it is damaged.
        KeyError: If it is damaged.
        TypeError: If it is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        index = json.loads((folder / _INDEX).read_text("utf-8"))
        self._shapes = [(int(rows), int(columns)) for rows, columns in index["shapes"]]
        self._labelled = [bool(there) for there in index["labelled"]]
        ends = [0, *accumulate(math.prod(shape) for shape in self._shapes)]
        self._spans = [slice(start, end) for start, end in pairwise(ends)]
        self._images = np.memmap(folder / _IMAGES, "<f4", "r")
        self._labels = np.memmap(folder / _LABELS, np.uint8, "r")
        sound = len(self._images) == len(self._labels) == ends[-1]
        if not sound or len(self._labelled) != len(self._shapes):
            raise ValueError("pixels are missing")

    def __reduce__(self) -> tuple[type[Pixels], tuple[Path]]:
        # Another process maps the files itself; pickled, a map would be a copy of them.
        return Pixels, (self._folder,)

    def __len__(self) -> int:
        return len(self._shapes)

    def __getitem__(self, index: int) -> tuple[Image, LabelMap | None]:
        """Image, (H, W) float32, and label map, (H, W) uint8, of a case; neither is a copy."""
        here, shape = self._spans[index], self._shapes[index]
        label = self._labels[here].reshape(shape) if self._labelled[index] else None
        return self._images[here].reshape(shape), label


def cached(
    entries: Sequence[Entry],
    load: Callable[[Entry], Case],
    folder: Path,
    *,
    progress: Progress = silent,
) -> Pixels:
    """The pixels of `entries` from the cache below `folder`, which is built where missing.

    Every case is read and checked once while the cache is built. Several processes may call
    this at once: each builds under a name of its own, and the first to finish moves its cache
    into place. Caches of earlier states of the same cases are removed.

    Args:
        entries: Cases.
        load: Reads one of them.
        folder: Where caches are kept; made where missing.
        progress: Told after every case.

    Returns:
        One pair for each entry, in their order.

    Raises:
        SpineError: If a case cannot be read.
        OSError: If `folder` cannot be written.
    """
    path = folder / _cache_name(entries, folder)
    found = _open(path)
    if found is None:
        _discard(path)
        _build(path, entries, load, progress)
        _remove_outdated(path)
        found = Pixels(path)
    return found


def _open(path: Path) -> Pixels | None:
    try:
        return Pixels(path)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _discard(path: Path) -> None:
    """Removes a damaged cache, but not one that another process has just put in its place."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        path.rename(aside)
        if _open(aside) is not None:
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
        if _open(path) is None:
            raise


def _write(
    folder: Path, entries: Sequence[Entry], load: Callable[[Entry], Case], progress: Progress
) -> None:
    index: dict[str, list[Any]] = {"shapes": [], "labelled": []}
    with (folder / _IMAGES).open("wb") as images, (folder / _LABELS).open("wb") as labels:
        # One by one: threads would wait for Python's lock more than they gain.
        for done, entry in enumerate(entries, start=1):
            case = load(entry)
            label = np.zeros(case.shape, np.uint8) if case.label is None else case.label
            images.write(np.ascontiguousarray(case.image, "<f4").data)
            labels.write(np.ascontiguousarray(label).data)
            index["shapes"].append(case.shape)
            index["labelled"].append(case.label is not None)
            progress(done, len(entries))
    write_text(folder / _INDEX, json.dumps(index))


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
    return f"{_digest(paths)}-{_digest([_VERSION, state])}"


def _state(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return -1, -1
    return status.st_size, status.st_mtime_ns


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]
