"""Finding the numbers inside a `.pt` file without unpickling anything.

torch stores a tensor's numbers uncompressed, in one piece, and describes them by a pickle; of a
numpy array the pickle holds the numbers themselves, as text. `describe` turns the instructions of
such a pickle into plain tuples, importing and calling nothing; where those are a lone contiguous
tensor or arrays of numbers, no other reader is needed. Any other file is left to `torch.load`.
"""

from __future__ import annotations

import io
import math
import pickletools
import zipfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final, Self, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["Instruction", "Place", "arrays_in", "describe", "find_place", "read_instructions"]

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Instruction: TypeAlias = tuple[str, Any]

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
# Instructions of pickle protocol 2, which torch.save writes (Lib/pickletools.py).
_VALUES: Final = frozenset({"BINUNICODE", "BININT", "BININT1", "BININT2", "GLOBAL"})
_CONSTANTS: Final = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_MARKED: Final = frozenset(
    {"MARK", "EMPTY_DICT", "TUPLE", "SETITEM", "SETITEMS", "PROTO", "BINPERSID", "STOP"}
)
_TUPLES: Final = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
# Characters; longer ones hold numbers, and to decode them as text takes longer than all else.
_LONG: Final = 4096
# Lead byte of the upper quarter of latin-1 in UTF-8 (RFC 3629, section 3).
_HIGH_LEAD: Final = 0xC3
# Last byte that is no lead byte (same section).
_LAST_POINT: Final = 0xBF
# Bytes of a member's header before its name: APPNOTE.TXT of the zip format, 4.3.7.
_LOCAL_HEADER: Final = 30
_MARK: Final = object()


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


class _Skipped(bytes):
    """Stands for bytes that nobody reads: as long as they are, but empty."""

    def __new__(cls, size: int) -> Self:
        skipped = super().__new__(cls)
        skipped.size = size
        return skipped

    size: int

    def __len__(self) -> int:
        return self.size


class _Skimmed(io.BytesIO):
    """A file whose long pieces are skipped, as new memory for them costs more than all else."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size <= _LONG:
            return super().read(size)
        start, end = self.tell(), self.seek(0, io.SEEK_END)
        return _Skipped(self.seek(min(start + size, end)) - start)


def read_instructions(pickled: bytes) -> Iterator[Instruction]:
    """Names and arguments of a pickle's instructions; long text as a view of its UTF-8.

    Raises:
        ValueError: If it is no pickle.
    """
    for operation, argument, position in pickletools.genops(_Skimmed(pickled)):
        # After the instruction's byte come four of the length.
        start = (position or 0) + 5
        length = int.from_bytes(pickled[start - 4 : start], "little")
        if operation.name == "BINUNICODE" and length > _LONG:
            yield operation.name, memoryview(pickled)[start : start + length]
        else:
            yield operation.name, argument


def describe(instructions: Iterable[Instruction]) -> Any:
    """What a pickle would build, as tuples; nothing is imported or called.

    Args:
        instructions: From `read_instructions`.

    Returns:
        Numbers, strings, tuples and dicts as they are; a global as its name; a call as
        `(function, arguments)`; an object with a state as `(object, state)`. `None` where the
        pickle does anything else.
    """
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    try:
        for name, argument in instructions:
            if not _step(name, argument, stack, memo):
                return None
        return stack[0] if len(stack) == 1 else None
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return None


def _step(name: str, argument: Any, stack: list[Any], memo: dict[int, Any]) -> bool:
    """Carries out one instruction; whether it is one of those known."""
    if name in _VALUES:
        stack.append(argument)
    elif name in _CONSTANTS:
        stack.append(_CONSTANTS[name])
    elif name in {"BINPUT", "LONG_BINPUT"}:
        memo[argument] = stack[-1]
    elif name in {"BINGET", "LONG_BINGET"}:
        stack.append(memo[argument])
    elif name in {"REDUCE", "BUILD", *_TUPLES}:
        stack.append(_taken(stack, _TUPLES.get(name, 2)))
    else:
        return _marked(name, stack)
    return True


def _marked(name: str, stack: list[Any]) -> bool:
    """Carries out an instruction that works on a mark or on a dict."""
    if name == "MARK":
        stack.append(_MARK)
    elif name == "EMPTY_DICT":
        stack.append({})
    elif name == "TUPLE":
        stack.append(_to_mark(stack))
    elif name in {"SETITEM", "SETITEMS"}:
        pairs = _taken(stack, 2) if name == "SETITEM" else _to_mark(stack)
        # Only strings are keys, as the hash of nested tuples could take for ever.
        stack[-1].update((str.__str__(k), v) for k, v in zip(pairs[::2], pairs[1::2], strict=True))
    return name in _MARKED


def _taken(stack: list[Any], count: int) -> tuple[Any, ...]:
    taken = tuple(stack[-count:])
    if len(taken) < count:
        raise IndexError
    del stack[-count:]
    return taken


def _to_mark(stack: list[Any]) -> tuple[Any, ...]:
    count = 0
    while stack[-1 - count] is not _MARK:
        count += 1
    return _taken(stack, count + 1)[1:]


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
    """Code points below 256 from their UTF-8, one byte each; `str` takes twice as long."""
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
