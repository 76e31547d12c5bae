"""Batches filled in place, so that a `DataLoader` need not stack what was just copied.

`torch.stack` of freshly converted items writes every pixel twice, into memory that the system
has to clear page by page; that costs more than reading. Here a batch is one array a key, filled
straight from the files; its items are views of it, and collating hands the arrays over.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import torch
from torch.utils.data import default_collate
from torch.utils.data._utils.collate import default_collate_fn_map

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spinemsca.case import Image, LabelMap

__all__ = ["Arena", "Batch", "Item", "Source", "collate", "fill"]


_ARENA_ARRAYS: Final = 6


def _references(arrays: list[np.ndarray[Any, Any]], index: int) -> int:
    return sys.getrefcount(arrays[index])


# Measured, since versions of Python differ in what they count.
_ONLY_HERE: Final = _references([np.empty(0)], 0)


class Source(Protocol):
    """Pixels of one case that can be read into place."""

    @property
    def shape(self) -> tuple[int, int]: ...

    @property
    def labelled(self) -> bool: ...

    def read_image(self, out: Image) -> None: ...

    def read_label(self) -> LabelMap | None: ...


class Item(dict[str, Any]):
    """One case as a dict; a type of its own so that `default_collate` finds `collate`."""


class Batch(list[Item]):
    """Items that are views of `whole`, the batch as `default_collate` would build it."""

    def __init__(self, items: Sequence[Item], whole: dict[str, Any]) -> None:
        super().__init__(items)
        self._whole = whole
        self._made = [tuple(item.values()) for item in items]

    @property
    def whole(self) -> dict[str, Any] | None:
        """The batch, unless an item has been given another value since."""
        held = [tuple(item.values()) for item in self]
        same = len(held) == len(self._made) and all(
            len(a) == len(b) and all(x is y for x, y in zip(a, b, strict=True))
            for a, b in zip(held, self._made, strict=True)
        )
        return self._whole if same else None


class Arena:
    """Arrays that are used again once nobody holds them.

    The system clears every new page of memory, which takes longer than reading pixels into it.
    """

    def __init__(self) -> None:
        self._arrays: list[np.ndarray[Any, Any]] = []
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type[Arena], tuple[()]]:
        return Arena, ()

    def take(self, shape: tuple[int, ...], dtype: type[np.generic]) -> np.ndarray[Any, Any]:
        """An array with any content that nobody else holds."""
        with self._lock:
            for k, array in enumerate(self._arrays):
                fits = array.shape == shape and array.dtype == dtype
                del array
                if fits and _references(self._arrays, k) == _ONLY_HERE:
                    return self._arrays[k]
            self._arrays = [np.empty(shape, dtype=dtype), *self._arrays][:_ARENA_ARRAYS]
            return self._arrays[0]


def fill(names: Sequence[str], sources: Sequence[Source], arena: Arena) -> Batch | list[Item]:
    """Items of `image` (1, H, W) float32, `label` (1, H, W) int64 where there is one, and `case`.

    Returns:
        A `Batch` where all have one shape and all or none have a label map, else a plain list.
    """
    if len({(s.shape, s.labelled) for s in sources}) > 1:
        return [fill([n], [s], arena)[0] for n, s in zip(names, sources, strict=True)]
    shape = (len(names), 1, *sources[0].shape)
    images = arena.take(shape, np.float32)
    whole: dict[str, Any] = {"image": torch.from_numpy(images)}
    for image, source in zip(images, sources, strict=True):
        source.read_image(image[0])
    if sources[0].labelled:
        labels = arena.take(shape, np.int64)
        whole["label"] = torch.from_numpy(labels)
        for label, source in zip(labels, sources, strict=True):
            # By numpy: torch wakes its threads for this, which costs more than the copy.
            label[0] = source.read_label()
    whole["case"] = list(names)
    items = [Item({key: whole[key][k] for key in whole}) for k in range(len(names))]
    return Batch(items, whole)


def collate(batch: Sequence[Any], *, collate_fn_map: object = None) -> dict[str, Any]:
    """As `default_collate`, but a whole batch is handed over as it is."""
    del collate_fn_map
    whole = batch.whole if isinstance(batch, Batch) else None
    if whole is not None:
        return whole
    collated: dict[str, Any] = default_collate([dict(item) for item in batch])
    return collated


# torch's way to say how a type is collated; the type is ours, so nobody else is affected.
default_collate_fn_map[Item] = collate
