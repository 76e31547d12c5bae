"""Batches filled in place, so that a `DataLoader` need not stack what was just copied.

`torch.stack` of freshly converted items writes every pixel twice, into memory that the system
has to clear page by page; that costs more than reading. Here a batch is one array a key, filled
straight from the cache; its items are views of it, and collating hands the arrays over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils.data import default_collate
from torch.utils.data._utils.collate import default_collate_fn_map

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spinemsca.case import Image, LabelMap

__all__ = ["Batch", "Item", "collate", "fill"]


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


def fill(
    names: Sequence[str], pixels: Sequence[tuple[Image, LabelMap | None]]
) -> Batch | list[Item]:
    """Items of `image` (1, H, W) float32, `label` (1, H, W) int64 where there is one, and `case`.

    Returns:
        A `Batch` where all have one shape and all or none have a label map, else a plain list.
    """
    kinds = {(image.shape, label is None) for image, label in pixels}
    if len(kinds) > 1:
        return [fill([n], [p])[0] for n, p in zip(names, pixels, strict=True)]
    whole: dict[str, Any] = {"image": _stacked([p[0] for p in pixels], np.float32)}
    labels = [label for _, label in pixels if label is not None]
    if labels:
        whole["label"] = _stacked(labels, np.int64)
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


def _stacked(arrays: Sequence[np.ndarray[Any, Any]], dtype: type[np.generic]) -> torch.Tensor:
    # numpy asks the system for large pages here, torch.empty does not.
    stacked = np.empty((len(arrays), 1, *arrays[0].shape), dtype=dtype)
    for k, array in enumerate(arrays):
        stacked[k, 0] = array
    return torch.from_numpy(stacked)


# torch's way to say how a type is collated; the type is ours, so nobody else is affected.
default_collate_fn_map[Item] = collate
