"""Cases as items, and items as batches, with each pixel copied once.

`torch.stack` of items that were just made writes every pixel a second time, into memory that the
system has to clear first; that costs more than reading. So the items of a batch are made side by
side in memory, and `collate` takes them as the batch that they are already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils.data import default_collate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spinemsca.case import Image, LabelMap

__all__ = ["collate", "make_items"]


def make_items(
    names: Sequence[str], pixels: Sequence[tuple[Image, LabelMap | None]]
) -> list[dict[str, Any]]:
    """Items of copies: `image`, `label` where there is one, and `case`.

    Args:
        names: Of the cases.
        pixels: Of each case the image, (H, W) float32, and the label map, (H, W) uint8.

    Returns:
        `image` as (1, H, W) float32 and `label` as (1, H, W) int64; side by side in memory where
        all have one shape and all or none have a label map.
    """
    if len({(image.shape, label is None) for image, label in pixels}) > 1:
        return [make_items([n], [p])[0] for n, p in zip(names, pixels, strict=True)]
    whole = {"image": np.stack([image for image, _ in pixels])}
    # By numpy: torch wakes its threads for this, which costs more than the copy.
    if labels := [label for _, label in pixels if label is not None]:
        whole["label"] = np.stack(labels, dtype=np.int64)
    tensors = {key: torch.from_numpy(array[:, None]) for key, array in whole.items()}
    return [{k: t[i] for k, t in tensors.items()} | {"case": n} for i, n in enumerate(names)]


def collate(batch: Sequence[Any]) -> Any:
    """As torch's `default_collate`, but tensors that lie side by side are not copied.

    For `DataLoader(dataset, batch_size=8, collate_fn=collate)`. The batch shares its memory with
    such tensors, as those of a `SpineMSCA` without a transform are, which nobody else holds.

    Args:
        batch: Items.

    Returns:
        What `default_collate` gives: of dicts of tensors one dict of tensors with a new first
        axis.
    """
    if not all(isinstance(item, dict) for item in batch):
        return default_collate(list(batch))
    return {key: _collated([item[key] for item in batch]) for key in batch[0]}


def _collated(values: list[Any]) -> Any:
    first = values[0]
    if not all(type(value) is torch.Tensor for value in values) or not _adjacent(values):
        return default_collate(values)
    return first.as_strided((len(values), *first.shape), (first.numel(), *first.stride()))


def _adjacent(tensors: list[torch.Tensor]) -> bool:
    """Whether tensors of one shape and type follow each other in one piece of memory."""
    first = tensors[0]
    if not all(t.layout is torch.strided and t.is_contiguous() for t in tensors):
        return False
    storage, start = first.untyped_storage().data_ptr(), first.storage_offset()
    return all(
        (t.shape, t.dtype, t.untyped_storage().data_ptr()) == (first.shape, first.dtype, storage)
        and t.storage_offset() == start + k * first.numel()
        for k, t in enumerate(tensors)
    )
