"""The `.pt` files of the dataset: `img.pt` and `label.pt`, or one dict that holds both.

Reading is safe by construction: `torch.load(weights_only=True)` with the three numpy types
that the published files use allow-listed, so that no pickle ever runs code.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from spinemsca.errors import FileFormatError
from spinemsca.io.files import write_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from spinemsca.case import Image, LabelMap

__all__ = ["read_image", "read_label", "read_pair", "write_image", "write_label"]


def read_image(path: Path) -> Image:
    """Reads `(H, W)` float32 in [0, 1] from a file that holds a tensor, an array or a dict."""
    raise FileFormatError("thin version", where=path)


def read_label(path: Path) -> LabelMap:
    """Reads `(H, W)` uint8 with values 0 to 11 from a tensor, an array or a dict."""
    raise FileFormatError("thin version", where=path)


def read_pair(path: Path) -> tuple[Image, LabelMap]:
    """Reads both from a file that holds a dict with `img` and `label`."""
    return read_image(path), read_label(path)


def write_image(path: Path, image: Image) -> None:
    """Writes `(H, W)` float32; the same image gives the same bytes."""
    _save(path, np.asarray(image, dtype=np.float32))


def write_label(path: Path, label: LabelMap) -> None:
    """Writes `(1, H, W)` uint8; the same label map gives the same bytes."""
    _save(path, np.asarray(label, dtype=np.uint8)[None])


def _save(path: Path, array: np.ndarray[Any, Any]) -> None:
    import torch

    # A buffer, since torch writes a file's own name into it and temporary names are random.
    buffer = io.BytesIO()
    torch.save(torch.from_numpy(array.copy()), buffer)
    write_bytes(path, buffer.getvalue())
