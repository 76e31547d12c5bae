"""Finding the numbers inside a `.pt` file without unpickling anything.

torch stores a tensor's numbers uncompressed, in one piece, and describes them by a pickle; of a
numpy array the pickle holds the numbers themselves, as text. Where a file holds a lone contiguous
tensor or arrays of numbers, no other reader is needed; any other file is left to `torch.load`.
"""

from __future__ import annotations

import math
import zipfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Place", "arrays_in", "find_place"]

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

# Names of torch's storages (torch/storage.py), as numpy writes the same types.
_DTYPES: Final = {
    "torch FloatStorage": "<f4",
    "torch DoubleStorage": "<f8",
    "torch HalfStorage": "<f2",
    "torch ByteStorage": "|u1",
    "torch CharStorage": "|i1",
    "torch ShortStorage": "<i2",
    "torch IntStorage": "<i4",
    "torch LongStorage": "<i8",
}
# Types of real numbers, as numpy pickles them (numpy.dtype.__reduce__).
_CODES: Final = ("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")
# Lead byte of the upper quarter of latin-1 in UTF-8 (RFC 3629, section 3).
_HIGH_LEAD: Final = 0xC3
# Last byte that is no lead byte (same section).
_LAST_POINT: Final = 0xBF
# Bytes of a member's header before its name: APPNOTE.TXT of the zip format, 4.3.7.
_LOCAL_HEADER: Final = 30


@dataclass(frozen=True, slots=True)
class Place:
    """Where an array lies in a file, in one piece and row by row.

    Attributes:
        offset: Of its first byte.
        dtype: As numpy writes it.
        shape: As stored.
    """

    offset: int
    dtype: str
    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize

    def read(self, path: Path) -> Array:
        """Reads the array.

        Raises:
            EOFError: If the file ends before the array does.
        """
        array = np.fromfile(path, self.dtype, math.prod(self.shape), offset=self.offset)
        if array.nbytes != self.nbytes:
            raise EOFError
        return array.reshape(self.shape)


def arrays_in(described: Any) -> dict[str, Array] | None:
    """The arrays of a dict that holds arrays of real numbers and nothing else, else `None`."""
    if not isinstance(described, dict):
        return None
    arrays = {key: _array(value) for key, value in described.items()}
    found = {key: array for key, array in arrays.items() if array is not None}
    return found if len(found) == len(arrays) > 0 else None


def _array(described: Any) -> Array | None:
    match described:
        case (
            ("numpy.core.multiarray _reconstruct" | "numpy._core.multiarray _reconstruct", _),
            (1, shape, (("numpy dtype", (code, _, _)), (3, order, *_)), False, data),
        ) if code in _CODES and order in tuple("<>|") and _whole(shape):
            match data:
                case ("_codecs encode", (text, "latin1")) if isinstance(text, str | memoryview):
                    return _decoded(text, np.dtype(order + code), shape)
    return None


def _decoded(text: str | memoryview, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array | None:
    try:
        numbers = text.encode("latin1") if isinstance(text, str) else _latin1(text)
        return np.frombuffer(numbers, dtype).reshape(shape)
    except ValueError:
        return None


def _latin1(text: memoryview) -> Array:
    """Code points below 256 from their UTF-8, one byte each; `str` takes nearly twice as long."""
    coded = np.frombuffer(text, np.uint8)
    if coded.max() > _HIGH_LEAD:
        raise ValueError
    high = (coded == _HIGH_LEAD).view(np.uint8)
    points = coded.copy()
    points[1:] |= np.left_shift(high, 6, out=high)[:-1]
    return np.compress(coded <= _LAST_POINT, points)


def _whole(numbers: object) -> bool:
    return isinstance(numbers, tuple) and all(type(n) is int and n >= 0 for n in numbers)


def find_place(file: IO[bytes], archive: zipfile.ZipFile, described: Any) -> Place | None:
    """Where the tensor of a file lies, or `None` where the file holds anything else.

    Args:
        file: Opened for reading.
        archive: The zip over it, its table already judged.
        described: What its pickle describes.
    """
    match described:
        case (
            "torch._utils _rebuild_tensor_v2",
            (
                ("storage", str(storage), str(key), "cpu", int(count)),
                start,
                shape,
                strides,
                False,
                _,
            ),
        ) if storage in _DTYPES and _whole((start,)) and _whole(shape):
            dtype = np.dtype(_DTYPES[storage])
        case _:
            return None
    names = [n for n in archive.namelist() if n.rpartition("/")[2] == "byteorder"]
    member = _member(archive, key, count * dtype.itemsize)
    rows = tuple(math.prod(shape[k + 1 :]) for k in range(len(shape)))
    if member is None or strides != rows or any(archive.read(n) != b"little" for n in names):
        return None
    place = Place(_offset(file, member) + start * dtype.itemsize, dtype.str, shape)
    return place if 0 < place.nbytes <= member.file_size - start * dtype.itemsize else None


def _member(archive: zipfile.ZipFile, key: str, size: int) -> zipfile.ZipInfo | None:
    found = [m for m in archive.infolist() if m.filename.endswith(f"/data/{key}")]
    sound = len(found) == 1 and found[0].compress_type == zipfile.ZIP_STORED
    return found[0] if sound and found[0].file_size == found[0].compress_size == size else None


def _offset(file: IO[bytes], member: zipfile.ZipInfo) -> int:
    file.seek(member.header_offset)
    header = file.read(_LOCAL_HEADER)
    name, extra = (int.from_bytes(header[k : k + 2], "little") for k in (26, 28))
    return member.header_offset + _LOCAL_HEADER + name + extra
