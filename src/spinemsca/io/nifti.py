"""NIfTI-1 and NIfTI-2 in one file, packed or not."""

from __future__ import annotations

import gzip
import io
import zlib
from typing import IO, TYPE_CHECKING, Any, Final, Literal, cast

import numpy as np

from spinemsca.errors import CaseError, FileFormatError
from spinemsca.io.block import read_block
from spinemsca.io.files import write_bytes
from spinemsca.io.volume import Volume, as_it_lies, is_plain, on_grid

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["is_nifti", "read_nifti", "stem", "write_nifti"]

_GZIP: Final = b"\x1f\x8b"
_SIZES: Final = {348: 344, 540: 4}
_MAX_OFFSET: Final = 1 << 20


def stem(path: Path) -> str:
    """File name without `.nii`, `.nii.gz` or any other suffix."""
    name = path.name[:-3] if path.name.lower().endswith(".nii.gz") else path.name
    return name.rpartition(".")[0] or name


def is_nifti(path: Path) -> bool:
    """Whether a file begins as NIfTI does; `False` where it cannot be read."""
    try:
        with _opened(path) as stream:
            return _kind(stream.read(348)) is not None
    except (OSError, EOFError, zlib.error):
        return False


def read_nifti(path: Path) -> Volume:
    """Reads a slice or a volume.

    A single slice without a usable orientation is taken as it lies: where ITK wrote it, its
    second axis runs down, else its first.

    Raises:
        UnsafeFileError: If it takes more memory than it may.
        FileFormatError: If it is damaged, or states no usable orientation.
        CaseError: If it is neither slice nor volume of finite real numbers.
        UnsuitableError: If its slices are axial or coronal.
    """
    with _opened(path) as stream:
        header = _header(stream, path)
        shape = _shape(header, path)
        dtype = _dtype(header, path)
        _skip(stream, header, path)
        array = _scaled(read_block(stream, shape, dtype, path), header)
    oriented = bool(header["qform_code"] > 0 or header["sform_code"] > 0)
    affine = _affine(header, path)
    known = _in_mm(header)
    if not oriented or is_plain(array.shape, affine):
        return _unturned(array, affine, path, known=known)
    return on_grid(path, stem(path), array, affine, known=known)


def write_nifti(path: Path, label: NDArray[np.uint8], affine: NDArray[np.float64]) -> None:
    """Writes label values as NIfTI-1; the same values give the same bytes.

    Args:
        path: Packed where it ends in `.gz`.
        label: `(I, J, K)` or `(I, J)` uint8.
        affine: `(4, 4)` to RAS in mm.
    """
    import nibabel

    kit: Any = nibabel
    image = kit.Nifti1Image(label, affine)
    image.header.set_xyzt_units("mm")
    image.set_qform(affine, 1)
    image.set_sform(affine, 1)
    data = image.to_bytes()
    if path.suffix == ".gz":
        packed = io.BytesIO()
        with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=6, mtime=0, filename="") as out:
            out.write(data)
        data = packed.getvalue()
    write_bytes(path, data)


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    return cast("IO[bytes]", gzip.open(path, "rb")) if packed else path.open("rb")


def _kind(start: bytes) -> int | None:
    """Bytes of the header, `None` where it is none."""
    orders: tuple[Literal["little", "big"], ...] = ("little", "big")
    for order in orders:
        size = int.from_bytes(start[:4], order)
        at = _SIZES.get(size)
        if at is not None and start[at : at + 3] in (b"n+1", b"n+2"):
            return size
    return None


def _header(stream: IO[bytes], path: Path) -> Any:
    import nibabel

    try:
        start = stream.read(348)
        size = _kind(start)
        whole = start + stream.read((size or 348) - 348)
        if size is not None and len(whole) == size:
            kit: Any = nibabel
            return (kit.Nifti2Header if size == 540 else kit.Nifti1Header)(whole, check=False)
    except Exception:  # noqa: S110
        # Whatever damage brings about, in gzip or nibabel, ends the same way.
        pass
    raise FileFormatError("is no readable NIfTI file", where=path, remedy="Get the file again")


def _shape(header: Any, path: Path) -> tuple[int, ...]:
    """Two or three sides; longer shapes only with ones behind."""
    number = int(header["dim"][0])
    sides = tuple(int(n) for n in header["dim"][1 : number + 1])
    if not 2 <= number <= 7 or any(n != 1 for n in sides[3:]):
        raise CaseError(
            f"holds an array of shape {sides}",
            where=path,
            remedy="Give one slice or one volume a file",
        )
    return sides[:3]


def _dtype(header: Any, path: Path) -> np.dtype[Any]:
    try:
        dtype: np.dtype[Any] = np.dtype(header.get_data_dtype())
    except Exception:
        raise FileFormatError("states an unknown type of number", where=path) from None
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise CaseError(f"holds {dtype} values", where=path, remedy="Save it in grey")
    return dtype


def _skip(stream: IO[bytes], header: Any, path: Path) -> None:
    """Goes to where the pixels begin."""
    offset = float(header["vox_offset"])
    start = int(header["sizeof_hdr"])
    if not start <= offset <= _MAX_OFFSET:
        raise FileFormatError(f"states that its pixels begin at {offset:g}", where=path)
    try:
        stream.read(int(offset) - start)
    except (OSError, EOFError, zlib.error):
        raise FileFormatError("is damaged", where=path, remedy="Get the file again") from None


def _scaled(array: NDArray[Any], header: Any) -> NDArray[Any]:
    slope, offset = float(header["scl_slope"]), float(header["scl_inter"])
    if not np.isfinite([slope, offset]).all() or slope == 0 or (slope, offset) == (1, 0):
        return array
    return array.astype(np.float32) * np.float32(slope) + np.float32(offset)


def _affine(header: Any, path: Path) -> NDArray[np.float64]:
    try:
        return np.asarray(header.get_best_affine(), np.float64)
    except Exception:
        raise FileFormatError("states an impossible orientation", where=path) from None


def _in_mm(header: Any) -> bool:
    # Unknown units are taken for mm, which everybody means who leaves them out.
    return int(header["xyzt_units"]) & 7 in (0, 2)


def _unturned(
    array: NDArray[Any], affine: NDArray[np.float64], path: Path, *, known: bool
) -> Volume:
    if array.ndim == 3 and array.shape[2] != 1:
        raise FileFormatError(
            "states no orientation",
            where=path,
            remedy="Convert it from the DICOM series again, with its orientation",
        )
    # ITK writes the unturned axes of DICOM, whose first runs along a row.
    itk = bool(affine[0, 0] < 0 and affine[1, 1] < 0)
    return as_it_lies(stem(path), array, affine, transposed=itk, known=known)
