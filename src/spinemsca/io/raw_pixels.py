"""Reading a block of numbers whose size a header claims, never more than that."""

from __future__ import annotations

import gzip
import math
import zlib
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from spinemsca.errors import FileFormatError
from spinemsca.io.limits import check_size, checked

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["read_block", "read_header_lines"]

# Both chosen, not measured: far beyond what tools write into a header.
_MAX_LINE = 1 << 14
_MAX_LINES = 1000


def read_block(
    stream: IO[bytes],
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    path: Path,
    packing: str = "raw",
) -> NDArray[Any]:
    """Reads an array, fastest axis first, from where the stream stands.

    Args:
        stream: Opened for reading.
        shape: As the header claims.
        dtype: As stored, with its byte order.
        path: For messages.
        packing: `raw`, `gzip` or `zlib`.

    Returns:
        Of the shape and of the machine's byte order.

    Raises:
        UnsafeFileError: If it takes more memory than it may.
        FileFormatError: If the stream ends early or is damaged.
        CaseError: If it holds NaN or infinity.
    """
    size = check_size(shape, dtype.itemsize, path)
    try:
        data = _unpacked(stream, size, packing)
    except (OSError, EOFError, zlib.error):
        raise FileFormatError("is damaged", where=path, remedy="Get the file again") from None
    if len(data) != size:
        raise FileFormatError(
            f"is truncated: {len(data)} of {size} bytes of pixels",
            where=path,
            remedy="Get the file again",
        )
    flat = np.frombuffer(data, dtype, math.prod(shape))
    native = flat.astype(dtype.newbyteorder("="), copy=False)
    return checked(native.reshape(shape, order="F"), path)


def _unpacked(stream: IO[bytes], size: int, packing: str) -> bytes:
    if packing == "raw":
        return stream.read(size)
    if packing == "gzip":
        with gzip.GzipFile(fileobj=stream) as unpacked:
            return unpacked.read(size)
    # What cannot be packed grows by less than a hundredth.
    return zlib.decompressobj().decompress(stream.read(size + size // 64 + 4096), size)


def read_header_lines(stream: IO[bytes], path: Path, last: str) -> list[str]:
    """Lines of a text header up to the one that starts with `last`, or up to an empty one.

    Raises:
        FileFormatError: If the header does not end.
    """
    lines: list[str] = []
    while len(lines) < _MAX_LINES:
        line = stream.readline(_MAX_LINE)
        if not line.endswith(b"\n"):
            break
        text = line.decode("latin-1").strip()
        lines.append(text)
        if (last and text.startswith(last)) or not (last or text):
            return lines
    raise FileFormatError("has no complete header", where=path, remedy="Get the file again")
