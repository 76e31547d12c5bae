"""Opening a file written by `torch.save` that nobody vouches for.

Three doors, each shut before the next is reached: the zip's table of contents is judged by
count, size and ratio; the pickle is read as a list of instructions, none obeyed, and may name
nothing but tensors and the few numpy types that published files use; only then
`torch.load(weights_only=True)` builds the object.
"""

from __future__ import annotations

import pickle
import threading
import warnings
import zipfile
from functools import cache
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca._util import opening
from spinemsca.errors import FileFormatError, SpineError, UnsafeFileError
from spinemsca.io.pickle_description import Instruction, describe_pickle, read_instructions
from spinemsca.io.tensor_layout import arrays_in, find_place

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["MAX_BYTES", "load_untrusted"]

MAX_BYTES: Final = 1 << 28
"""Most bytes that a file may hold, packed or unpacked: 256 MiB, 250 cases of 512×512."""

# torch writes six members and one a tensor; a case holds two tensors.
_MAX_MEMBERS: Final = 64
# Bytes of the table of contents: 1 KiB for each of so many members.
_MAX_TABLE: Final = 1 << 16
# Deflate packs zeros by 1032 at most (zlib's technical details); torch does not pack at all.
_MAX_RATIO: Final = 1000
# A dict of two arrays takes 123; room for a hundred times as much beside it.
_MAX_OPERATIONS: Final = 10_000
_SAVE_AGAIN: Final = "Write it again with torch.save, or get the file again"
_LEAVE: Final = "Do not open it by other means; get the file from its publisher"
_HARMLESS: Final = frozenset({"_codecs encode", "collections OrderedDict"})
_NUMPY: Final = frozenset(
    {"numpy ndarray", "numpy dtype"}
    | {
        f"numpy.{core}.multiarray {name}"
        for core in ("core", "_core")
        for name in ("_reconstruct", "scalar")
    }
)
_NAMING: Final = frozenset({"GLOBAL", "INST", "STACK_GLOBAL"})
# Length of the record at a zip's end without a comment: APPNOTE.TXT, 4.3.16.
_END_BYTES: Final = 22
# The allow-list and the warning filters are global to the process.
_LOCK: Final = threading.Lock()


def load_untrusted(path: Path) -> Any:
    """What `torch.save` put into `path`: tensors (on the CPU), numpy arrays, plain containers.

    A file that holds one contiguous tensor and nothing else gives a numpy array.

    Raises:
        UnsafeFileError: If opening it would run code or take more memory than it may.
        FileFormatError: If it is missing, empty, truncated or not written by torch 1.6 or later.
    """
    try:
        with opening(path):
            held = _numbers(path)
    except SpineError:
        raise
    except Exception:
        # zipfile meets damage with whatever error it brings about.
        raise _damaged(path) from None
    return _load(path) if held is None else held


def _numbers(path: Path) -> np.ndarray[Any, Any] | dict[str, np.ndarray[Any, Any]] | None:
    """A lone tensor or a dict of arrays; `None` for anything else that is harmless."""
    size = path.stat().st_size
    _check_size(size, path)
    with path.open("rb") as file:
        _check_start(file, size, path)
        with zipfile.ZipFile(file) as archive:
            _check_members(archive, path)
            described = describe_pickle(_read_pickle(archive, path))
            place = find_place(file, archive, described)
    return arrays_in(described) if place is None else place.read(path)


def _load(path: Path) -> Any:
    import torch

    try:
        with _LOCK, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with torch.serialization.safe_globals(_missing_globals()):
                return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise UnsafeFileError(
            "holds more than tensors and arrays of numbers", where=path, remedy=_LEAVE
        ) from None
    except Exception as error:
        raise FileFormatError(
            f"cannot be read by torch ({_first_line(error)})", where=path, remedy=_SAVE_AGAIN
        ) from None


def _damaged(path: Path) -> FileFormatError:
    return FileFormatError("is truncated or damaged", where=path, remedy=_SAVE_AGAIN)


def _check_size(size: int, path: Path) -> None:
    if size > MAX_BYTES:
        raise UnsafeFileError(
            f"holds {size / 2**20:.0f} MiB, more than the {MAX_BYTES >> 20} MiB allowed",
            where=path,
            remedy="Save one case a file, and a clone of the tensor rather than a view",
        )


def _check_start(file: IO[bytes], size: int, path: Path) -> None:
    if file.read(4) != b"PK\x03\x04":
        raise FileFormatError(
            "is empty" if size == 0 else "was not written by torch 1.6 or later",
            where=path,
            remedy=_SAVE_AGAIN,
        )
    # zipfile builds an object for every entry of the table, so its length is capped first.
    file.seek(max(0, size - _END_BYTES))
    end = file.read(_END_BYTES)
    if end[:4] != b"PK\x05\x06":
        raise _damaged(path)
    if int.from_bytes(end[12:16], "little") > _MAX_TABLE:
        raise UnsafeFileError("holds too many parts", where=path, remedy=_LEAVE)


def _check_members(archive: zipfile.ZipFile, path: Path) -> None:
    members = archive.infolist()
    if len(members) > _MAX_MEMBERS:
        raise UnsafeFileError(f"holds {len(members)} parts", where=path, remedy=_LEAVE)
    _check_size(sum(m.file_size for m in members), path)
    if any(m.file_size > _MAX_RATIO * max(m.compress_size, 1) for m in members):
        raise UnsafeFileError("unpacks to far more than it holds", where=path, remedy=_LEAVE)


def _read_pickle(archive: zipfile.ZipFile, path: Path) -> list[Instruction]:
    names = [n for n in archive.namelist() if n.rpartition("/")[2] == "data.pkl"]
    if len(names) != 1:
        raise FileFormatError(
            "is a zip file, but not one that torch wrote", where=path, remedy=_SAVE_AGAIN
        )
    try:
        instructions = list(islice(read_instructions(archive.read(names[0])), _MAX_OPERATIONS))
    except ValueError:
        raise _damaged(path) from None
    if len(instructions) == _MAX_OPERATIONS:
        raise UnsafeFileError("holds far more than one case", where=path, remedy=_LEAVE)
    for name, argument in instructions:
        if name in _NAMING and not _may_be_named(str(argument)):
            what = str(argument).replace(" ", ".") if argument else "code"
            raise UnsafeFileError(
                f"would run {what} when opened; nothing was run", where=path, remedy=_LEAVE
            )
    return instructions


def _may_be_named(name: str) -> bool:
    # Names inside torch are left to torch's own allow-list.
    module = name.partition(" ")[0]
    return (
        name in _HARMLESS
        or name in _NUMPY
        or module in {"torch", "numpy.dtypes"}
        or module.startswith("torch.")
    )


def _missing_globals() -> list[Any]:
    import torch

    present = torch.serialization.get_safe_globals()
    return [g for g in _numpy_globals() if g not in present]


@cache
def _numpy_globals() -> tuple[Any, ...]:
    dtypes = {type(np.dtype(code)) for code in "?bhilqBHILQefdgFDG"}
    renamed = [
        _renamed(function, f"numpy.{core}.multiarray")
        for core in ("core", "_core")
        for function in (_reconstruct, scalar)
    ]
    return np.ndarray, np.dtype, *sorted(dtypes, key=lambda d: d.__name__), *renamed


def _renamed(function: Callable[..., Any], module: str) -> Callable[..., Any]:
    def stand_in(*arguments: Any) -> Any:
        return function(*arguments)

    # torch looks a function up by these names, whichever numpy wrote or reads the file.
    stand_in.__module__ = module
    stand_in.__name__ = stand_in.__qualname__ = function.__name__
    return stand_in


def _reconstruct(kind: type, shape: object, code: object) -> np.ndarray[Any, Any]:
    del kind, shape, code
    return np.empty(0, dtype=np.uint8)


def scalar(dtype: np.dtype[Any], data: bytes) -> Any:
    """One numpy scalar from its bytes; never an object."""
    return np.frombuffer(data, dtype=dtype, count=1)[0]


def _first_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:160]
