"""What a file may ask for, judged before anything is allocated, and what its numbers may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca.errors import CaseError, FileFormatError, UnsafeFileError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["MAX_BYTES", "check_size", "checked"]

MAX_BYTES: Final = 1 << 29
"""Most bytes that the pixels of a file may take unpacked: 512 MiB."""


def check_size(shape: tuple[int, ...], itemsize: int, path: Path) -> int:
    """Bytes that an array takes.

    Raises:
        FileFormatError: If a side is not positive.
        UnsafeFileError: If it takes more than `MAX_BYTES`.
    """
    if not shape or min(shape) < 1:
        raise FileFormatError(f"states the shape {shape}", where=path)
    size = itemsize
    for side in shape:
        size *= side
    if size > MAX_BYTES:
        raise UnsafeFileError(
            f"unpacks to {size / 2**20:.0f} MiB, more than the {MAX_BYTES >> 20} MiB allowed",
            where=path,
            remedy="Save one series a file",
        )
    return size


def checked(array: NDArray[Any], path: Path) -> NDArray[Any]:
    """The array, whose numbers are all finite.

    Raises:
        CaseError: If they are not.
    """
    if array.dtype.kind == "f" and not np.isfinite([array.min(), array.max()]).all():
        raise CaseError("holds NaN or infinity", where=path, remedy="Replace them")
    return array
