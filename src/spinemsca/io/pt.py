"""The `.pt` files of the dataset: `img.pt` and `label.pt`, or one dict that holds both.

Tensors and numpy arrays of any real dtype are read, with or without a leading channel axis of
one, views included; `(H, W)` may be any size. What is written is `img.pt`, a `(H, W)` float32
tensor, and `label.pt`, a `(1, H, W)` uint8 tensor.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca._util import write_bytes
from spinemsca.errors import CaseError, FileFormatError
from spinemsca.io.limits import checked
from spinemsca.io.safe_torch import load_untrusted
from spinemsca.label_values import as_label_map, whole_numbers

if TYPE_CHECKING:
    from pathlib import Path

    from spinemsca.case import Image, LabelMap

__all__ = [
    "pt_image_bytes",
    "pt_label_bytes",
    "read_array",
    "read_pt_image",
    "read_pt_label",
    "read_pt_pair",
    "write_pt_image",
    "write_pt_label",
]

Array = np.ndarray[Any, np.dtype[Any]]

# Chosen: ten roundings of float32 near 1 (1.2e-7 each) are within it.
_TOLERANCE: Final = 1e-6
# Of what safe_torch.MAX_BYTES lets through, float32.
_MAX_PIXELS: Final = 1 << 26
# The same in float64, the widest type.
_MAX_BYTES: Final = 8 * _MAX_PIXELS


def read_pt_image(path: Path) -> Image:
    """Reads an image from a file that holds a tensor, an array or a dict with `img`.

    Values that leave [0, 1] by no more than 1e-6, as rounding makes them, are clipped.

    Returns:
        `(H, W)` float32 in [0, 1].

    Raises:
        UnsafeFileError: If opening the file would run code or take too much memory.
        FileFormatError: If it cannot be read, or holds no image.
        CaseError: If what it holds is no slice with finite values in [0, 1].
    """
    return as_image(_pick(load_untrusted(path), "img", path), path)


def read_pt_label(path: Path) -> LabelMap:
    """Reads a label map from a file that holds a tensor, an array or a dict with `label`.

    Returns:
        `(H, W)` uint8 with values 0 to 11.

    Raises:
        UnsafeFileError: If opening the file would run code or take too much memory.
        FileFormatError: If it cannot be read, or holds no label map.
        CaseError: If what it holds is no slice of whole numbers from 0 to 11.
    """
    return as_label(_pick(load_untrusted(path), "label", path), path)


def read_array(path: Path) -> Array:
    """Reads whole numbers of any range from a file that holds a tensor, an array or `label`.

    Returns:
        `(H, W)`, an integer dtype.

    Raises:
        UnsafeFileError: If opening the file would run code or take too much memory.
        FileFormatError: If it cannot be read, or holds no label map.
        CaseError: If what it holds is no slice of whole numbers.
    """
    array = _as_slice(_pick(load_untrusted(path), "label", path), "label map", path)
    return whole_numbers(checked(array, path), path)


def read_pt_pair(path: Path) -> tuple[Image, LabelMap]:
    """Reads both from a file that holds a dict with `img` and `label`.

    Returns:
        As `read_image` and `read_label`.

    Raises:
        UnsafeFileError: If opening the file would run code or take too much memory.
        FileFormatError: If it cannot be read, or holds no such dict.
        CaseError: If image and label map are not what they should be, or differ in shape.
    """
    held = load_untrusted(path)
    if not isinstance(held, Mapping):
        raise FileFormatError(
            f"holds {_describe(held)}, not an image and its label map",
            where=path,
            remedy="Save a dict with 'img' and 'label'",
        )
    image = as_image(_pick(held, "img", path), path)
    label = as_label(_pick(held, "label", path), path)
    if image.shape != label.shape:
        raise CaseError(
            f"label map has shape {label.shape}, the image {image.shape}",
            where=path,
            remedy="Bring both onto the same pixel grid",
        )
    return image, label


def write_pt_image(path: Path, image: Image) -> None:
    """Writes `(H, W)` float32; the same image gives the same bytes."""
    write_bytes(path, pt_image_bytes(image))


def write_pt_label(path: Path, label: LabelMap) -> None:
    """Writes `(1, H, W)` uint8; the same label map gives the same bytes."""
    write_bytes(path, pt_label_bytes(label))


def pt_image_bytes(image: Image) -> bytes:
    """The bytes that `write_image` writes."""
    return _encoded(np.asarray(image, dtype=np.float32))


def pt_label_bytes(label: LabelMap) -> bytes:
    """The bytes that `write_label` writes."""
    return _encoded(np.asarray(label, dtype=np.uint8)[None])


def _encoded(array: Array) -> bytes:
    import torch

    # A buffer, since torch writes a file's own name into it and temporary names are random.
    buffer = io.BytesIO()
    torch.save(torch.from_numpy(array.copy()), buffer)
    return buffer.getvalue()


def _pick(held: object, key: str, path: Path) -> object:
    if not isinstance(held, Mapping):
        return held
    if key not in held:
        keys = ", ".join(repr(k) for k in list(held)[:8]) or "nothing"
        raise FileFormatError(
            f"holds no {key!r} (it holds {keys})",
            where=path,
            remedy="Save a dict with 'img' and 'label'",
        )
    return held[key]


def as_image(held: object, path: Path) -> Image:
    """What `path` held, as `read_image` returns and judges it; copied only where it must be."""
    array = _as_slice(held, "image", path)
    # min and max carry NaN along, so one pass settles finiteness and range.
    low, high = float(array.min()), float(array.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise CaseError(
            "image holds NaN or infinity", where=path, remedy="Replace or leave out the case"
        )
    if low < -_TOLERANCE or high > 1 + _TOLERANCE:
        raise CaseError(
            f"image spans {low:.4g} to {high:.4g}, not [0, 1]",
            where=path,
            remedy="Normalise it to [0, 1]",
        )
    image: Image = np.ascontiguousarray(array, dtype=np.float32)
    return image if low >= 0 and high <= 1 else image.clip(0, 1)


def as_label(held: object, path: Path) -> LabelMap:
    """What `path` held, as `read_label` returns and judges it; copied only where it must be."""
    return as_label_map(_as_slice(held, "label map", path), path)


def _as_slice(held: object, what: str, path: Path) -> Array:
    array = _as_array(held, what, path)
    shape = array.shape[1:] if array.ndim == 3 and array.shape[0] == 1 else array.shape
    if len(shape) != 2 or 0 in shape or shape[0] * shape[1] > _MAX_PIXELS:
        raise CaseError(
            f"{what} has shape {tuple(array.shape)}",
            where=path,
            remedy="Save one slice of shape (rows, columns) or (1, rows, columns)",
        )
    return array.reshape(shape) if array.ndim == 3 else array


def _as_array(held: object, what: str, path: Path) -> Array:
    array = held if isinstance(held, np.ndarray) else _plain(held)
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
        raise FileFormatError(
            f"{what} is {_describe(held)}",
            where=path,
            remedy="Save a dense tensor or array of real numbers",
        )
    return array


def _plain(tensor: Any) -> object:
    import torch

    if not isinstance(tensor, torch.Tensor):
        return tensor
    dense = tensor.layout is torch.strided and tensor.device.type == "cpu"
    if not dense or tensor.is_complex() or tensor.is_quantized:
        return tensor
    tensor = tensor.detach().resolve_neg()
    if tensor.untyped_storage().nbytes() > tensor.numel() * tensor.element_size() <= _MAX_BYTES:
        # A view would keep all that it was cut from in memory.
        tensor = tensor.clone()
    known = tensor.dtype in {torch.float16, torch.float32, torch.float64}
    if tensor.is_floating_point() and not known:
        tensor = tensor.float()
    return tensor.numpy()


def _describe(held: object) -> str:
    import torch

    if isinstance(held, torch.Tensor):
        kind = str(held.layout).removeprefix("torch.")
        return f"a {kind} tensor of {held.dtype} on {held.device}"
    if isinstance(held, np.ndarray):
        return f"an array of {held.dtype}"
    return f"a {type(held).__name__}"
