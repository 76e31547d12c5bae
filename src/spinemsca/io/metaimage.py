"""MetaImage (`.mha`): a text header and the pixels behind it."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca.errors import CaseError, FileFormatError
from spinemsca.io.orientation import orthonormal, other_world
from spinemsca.io.raw_pixels import read_block, read_header_lines
from spinemsca.io.volume import Volume, as_it_lies, has_plain_axes, on_grid

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["is_mha", "read_mha"]

# Names of the format's element types, and numpy's codes.
_TYPES: Final = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG": "i4",
    "MET_ULONG": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
# The key that ends the header.
_LAST: Final = "ElementDataFile"


def is_mha(start: bytes) -> bool:
    """Whether a file's first bytes are a MetaImage's."""
    return start.startswith((b"ObjectType", b"NDims", b"Comment"))


def read_mha(path: Path) -> Volume:
    """Reads a slice or a volume; a single slice of plain axes is taken as it lies.

    Raises:
        UnsafeFileError: If it takes more memory than it may.
        FileFormatError: If it is damaged, or its pixels lie in another file.
        CaseError: If it is neither slice nor volume of finite real numbers.
        UnsuitableError: If its slices are axial or coronal.
    """
    with path.open("rb") as stream:
        fields = _fields(read_header_lines(stream, path, _LAST), path)
        try:
            array = _array(stream, fields, path)
            affine = _affine(fields, array.ndim)
        except (KeyError, ValueError, OverflowError):
            raise _unreadable(path) from None
    spaced = any(key in fields for key in ("ElementSpacing", "ElementSize"))
    if has_plain_axes(array.shape, affine):
        return as_it_lies(path.stem, array, affine, transposed=True, known=spaced)
    return on_grid(path, path.stem, array, affine, known=spaced)


def _unreadable(path: Path) -> FileFormatError:
    return FileFormatError("is no readable MHA file", where=path, remedy="Get the file again")


def _fields(lines: list[str], path: Path) -> dict[str, str]:
    pairs = (line.partition("=") for line in lines)
    fields = {key.strip(): value.strip() for key, _, value in pairs}
    if fields[lines[-1].partition("=")[0].strip()].upper() != "LOCAL":
        raise FileFormatError(
            "keeps its pixels in another file", where=path, remedy="Save it as one .mha file"
        )
    return fields


def _array(stream: IO[bytes], fields: dict[str, str], path: Path) -> NDArray[Any]:
    shape = tuple(int(n) for n in fields["DimSize"].split())
    kind = fields["ElementType"]
    if int(fields.get("ElementNumberOfChannels", "1")) != 1 or kind.endswith("_ARRAY"):
        raise CaseError("has several channels", where=path, remedy="Save it in grey")
    if int(fields["NDims"]) != len(shape) or len(shape) not in (2, 3):
        raise CaseError(
            f"holds an array of shape {shape}",
            where=path,
            remedy="Give one slice or one volume a file",
        )
    if int(fields.get("HeaderSize", "0")) != 0 or not _yes(fields.get("BinaryData", "True")):
        raise _unreadable(path)
    order = fields.get("BinaryDataByteOrderMSB", fields.get("ElementByteOrderMSB", "False"))
    dtype = np.dtype(_TYPES[kind]).newbyteorder(">" if _yes(order) else "<")
    packing = "zlib" if _yes(fields.get("CompressedData", "False")) else "raw"
    return read_block(stream, shape, dtype, path, packing)


def _yes(value: str) -> bool:
    return value.lower() == "true"


def _affine(fields: dict[str, str], number: int) -> NDArray[np.float64]:
    """To RAS; a field's older names count as well."""

    def numbers(names: tuple[str, ...], default: NDArray[np.float64]) -> NDArray[np.float64]:
        text = next((fields[name] for name in names if name in fields), None)
        return default if text is None else np.array([float(v) for v in text.split()])

    flat = numbers(("TransformMatrix", "Orientation", "Rotation"), np.eye(number).ravel())
    spacing = numbers(("ElementSpacing", "ElementSize"), np.ones(number))
    affine = np.eye(4)
    # Each row of the matrix is the direction of one axis.
    directions = flat.reshape(number, number).T
    straight = orthonormal(directions)
    affine[:number, :number] = (directions if straight is None else straight) * spacing
    affine[:number, 3] = numbers(("Offset", "Origin", "Position"), np.zeros(number))
    return other_world(affine)
