"""Finding the numbers of a lone tensor inside its `.pt` file, without unpickling anything.

torch stores numbers uncompressed, in one piece, and describes them by a pickle of a fixed form.
Where a file has exactly that form, its numbers can be read from their place; any other file is
left to `torch.load`.
"""

from __future__ import annotations

import math
import zipfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Place", "find_place"]

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
_HEAD: Final = ("PROTO", "GLOBAL", "MARK", "MARK", "BINUNICODE", "GLOBAL", "BINUNICODE")
_MIDDLE: Final = ("TUPLE", "BINPERSID")
_TAIL: Final = ("NEWFALSE", "GLOBAL", "EMPTY_TUPLE", "REDUCE", "TUPLE", "REDUCE", "STOP")
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

    def read(self, path: Path) -> np.ndarray[Any, Any]:
        """Reads the array.

        Raises:
            EOFError: If the file ends before the array does.
        """
        array = np.empty(self.shape, dtype=self.dtype)
        self.read_into(path, array)
        return array

    def read_into(self, path: Path, array: np.ndarray[Any, Any]) -> None:
        """Reads into a contiguous array of as many bytes.

        Raises:
            EOFError: If the file ends before the array does.
        """
        with path.open("rb", buffering=0) as file:
            file.seek(self.offset)
            if file.readinto(array.data.cast("B")) != self.nbytes:
                raise EOFError


def find_place(
    file: IO[bytes], archive: zipfile.ZipFile, operations: Sequence[tuple[Any, Any, Any]]
) -> Place | None:
    """Where the tensor of a file lies, or `None` where the file holds anything else.

    Args:
        file: Opened for reading.
        archive: The zip over it, its table already judged.
        operations: Of its pickle, as `pickletools.genops` gives them.
    """
    described = _describe([(o.name, a) for o, a, _ in operations if "PUT" not in o.name])
    names = [n for n in archive.namelist() if n.rpartition("/")[2] == "byteorder"]
    if described is None or any(archive.read(n) != b"little" for n in names):
        return None
    key, count, start, dtype, shape = described
    member = _member(archive, key)
    size = np.dtype(dtype).itemsize
    place = Place(_offset(file, member) + start * size, dtype, shape) if member else None
    if member is None or place is None or member.file_size != count * size:
        return None
    return place if 0 < place.nbytes <= member.file_size - start * size else None


def _describe(
    operations: Sequence[tuple[str, Any]],
) -> tuple[str, int, int, str, tuple[int, ...]] | None:
    names = tuple(name for name, _ in operations)
    values = [value for _, value in operations]
    if names[:7] != _HEAD or names[-7:] != _TAIL or names[9:11] != _MIDDLE or len(names) < 19:
        return None
    rebuild, storage, key, count = values[1], values[5], values[6], values[8]
    if (rebuild, values[4], values[7]) != ("torch._utils _rebuild_tensor_v2", "storage", "cpu"):
        return None
    numbers = _numbers(operations[11:-7])
    if storage not in _DTYPES or not isinstance(count, int) or numbers is None:
        return None
    start, shape, strides = numbers
    plain = tuple(math.prod(shape[k + 1 :]) for k in range(len(shape)))
    return (key, count, start, _DTYPES[storage], shape) if strides == plain else None


def _numbers(
    operations: Sequence[tuple[str, Any]],
) -> tuple[int, tuple[int, ...], tuple[int, ...]] | None:
    """Offset, shape and strides of a tensor of two or three axes."""
    names = [name for name, _ in operations]
    axes = {9: 3, 7: 2}.get(len(names))
    if axes is None or names[axes + 1] != f"TUPLE{axes}" or names[-1] != f"TUPLE{axes}":
        return None
    values = [v for n, v in operations if not n.startswith("TUPLE")]
    if len(values) != 2 * axes + 1 or not all(type(v) is int and v >= 0 for v in values):
        return None
    return values[0], tuple(values[1 : axes + 1]), tuple(values[axes + 1 :])


def _member(archive: zipfile.ZipFile, key: str) -> zipfile.ZipInfo | None:
    found = [m for m in archive.infolist() if m.filename.endswith(f"/data/{key}")]
    sound = len(found) == 1 and found[0].compress_type == zipfile.ZIP_STORED
    return found[0] if sound and found[0].file_size == found[0].compress_size else None


def _offset(file: IO[bytes], member: zipfile.ZipInfo) -> int:
    file.seek(member.header_offset)
    header = file.read(_LOCAL_HEADER)
    name, extra = (int.from_bytes(header[k : k + 2], "little") for k in (26, 28))
    return member.header_offset + _LOCAL_HEADER + name + extra
