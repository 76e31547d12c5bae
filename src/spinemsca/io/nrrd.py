"""NRRD: a text header and the pixels behind it."""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca.errors import CaseError, FileFormatError
from spinemsca.io.orientation import orthonormal, other_world
from spinemsca.io.raw_pixels import read_block, read_header_lines
from spinemsca.io.volume import Volume, as_it_lies, has_plain_axes, on_grid

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["is_nrrd", "read_nrrd"]

# Names in the format's definition, and numpy's codes.
_TYPES: Final = {
    name: code
    for code, names in {
        "i1": "signed char/int8/int8_t",
        "u1": "uchar/unsigned char/uint8/uint8_t",
        "i2": "short/short int/signed short/signed short int/int16/int16_t",
        "u2": "ushort/unsigned short/unsigned short int/uint16/uint16_t",
        "i4": "int/signed int/int32/int32_t",
        "u4": "uint/unsigned int/uint32/uint32_t",
        "i8": "longlong/long long/long long int/signed long long/int64/int64_t",
        "u8": "ulonglong/unsigned long long/unsigned long long int/uint64/uint64_t",
        "f4": "float",
        "f8": "double",
    }.items()
    for name in names.split("/")
}
# Encodings in the format's definition that are read.
_PACKING: Final = {"raw": "raw", "gzip": "gzip", "gz": "gzip"}
# Spaces in the format's definition, brought to RAS.
_SPACES: Final = {
    name: np.diag([*signs, 1.0])
    for names, signs in {
        "left-posterior-superior/lps": (-1.0, -1.0, 1.0),
        "right-anterior-superior/ras": (1.0, 1.0, 1.0),
        "left-anterior-superior/las": (-1.0, 1.0, 1.0),
    }.items()
    for name in names.split("/")
}
# A vector in brackets, or none, as the format writes it.
_VECTOR: Final = re.compile(r"\([^()]*\)|none")


def is_nrrd(start: bytes) -> bool:
    """Whether a file's first bytes are NRRD's."""
    return start.startswith(b"NRRD000")


def read_nrrd(path: Path) -> Volume:
    """Reads a slice or a volume; a single slice of plain axes is taken as it lies.

    Raises:
        UnsafeFileError: If it takes more memory than it may.
        FileFormatError: If it is damaged, or its pixels are packed otherwise than with gzip or
            lie in another file, or a volume states no orientation.
        CaseError: If it is neither slice nor volume of finite real numbers.
        UnsuitableError: If its slices are axial or coronal.
    """
    with path.open("rb") as stream:
        fields = _fields(read_header_lines(stream, path, ""))
        try:
            array = _array(stream, fields, path)
            affine, oriented = _affine(fields, array.ndim)
        except (KeyError, ValueError, IndexError, OverflowError):
            raise FileFormatError(
                "is no readable NRRD file", where=path, remedy="Get the file again"
            ) from None
    spaced = "spacings" in fields or "space directions" in fields
    if has_plain_axes(array.shape, affine):
        return as_it_lies(path.stem, array, affine, transposed=True, known=spaced)
    if not oriented:
        raise FileFormatError(
            "states no orientation",
            where=path,
            remedy="Convert it from the DICOM series again, with its orientation",
        )
    return on_grid(path, path.stem, array, affine, known=spaced)


def _fields(lines: list[str]) -> dict[str, str]:
    pairs = (line.partition(":") for line in lines[1:] if not line.startswith("#"))
    return {key.strip().lower(): value.strip() for key, _, value in pairs}


def _array(stream: IO[bytes], fields: dict[str, str], path: Path) -> NDArray[Any]:
    shape = tuple(int(n) for n in fields["sizes"].split())
    if int(fields["dimension"]) != len(shape) or len(shape) not in (2, 3):
        raise CaseError(
            f"holds an array of shape {shape}",
            where=path,
            remedy="Give one slice or one volume a file",
        )
    elsewhere = {"data file", "datafile", "line skip", "lineskip", "byte skip", "byteskip"}
    if any(fields.get(key, "0") != "0" for key in elsewhere):
        raise FileFormatError(
            "keeps its pixels elsewhere", where=path, remedy="Save it as one .nrrd file"
        )
    big = fields.get("endian", "little").lower() == "big"
    dtype = np.dtype(_TYPES[fields["type"].lower()]).newbyteorder(">" if big else "<")
    packing = _PACKING.get(fields["encoding"].lower())
    if packing is None:
        raise FileFormatError(
            "is packed in a way that is not read here", where=path, remedy="Save it with gzip"
        )
    return read_block(stream, shape, dtype, path, packing)


def _affine(fields: dict[str, str], number: int) -> tuple[NDArray[np.float64], bool]:
    """To RAS, and whether the file says so."""
    affine = np.eye(4)
    space = _SPACES.get(fields.get("space", "").lower())
    if space is None or "space directions" not in fields:
        steps = [float(v) for v in fields.get("spacings", "1 " * number).split()]
        affine[range(number), range(number)] = steps
        return other_world(affine), False
    vectors = [_vector(text) for text in _VECTOR.findall(fields["space directions"])]
    affine[:3, :number] = _straight(np.array(vectors).T)
    if number == 2:
        affine[:3, 2] = np.cross(affine[:3, 0], affine[:3, 1])
        affine[:3, 2] /= np.linalg.norm(affine[:3, 2]) or 1.0
    if "space origin" in fields:
        affine[:3, 3] = _vector(fields["space origin"])
    return space @ affine, True


def _straight(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """The steps along the axes at right angles to each other, where rounding has bent them."""
    lengths = np.linalg.norm(vectors, axis=0)
    directions = orthonormal(vectors / np.where(lengths > 0, lengths, 1))
    return vectors if directions is None else directions * lengths


def _vector(text: str) -> list[float]:
    if text == "none":
        raise ValueError(text)
    return [float(v) for v in text.strip("() ").split(",")]
