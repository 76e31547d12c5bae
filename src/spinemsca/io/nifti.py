"""NIfTI-1 and NIfTI-2 in one file, packed or not."""

from __future__ import annotations

import gzip
import io
import zlib
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any, Final, Literal

import numpy as np

from spinemsca._util import write_bytes
from spinemsca.errors import CaseError, FileFormatError, UnsuitableError
from spinemsca.io.nifti_form import Form, Pose, conflict, poses
from spinemsca.io.packed import opened
from spinemsca.io.raw_pixels import read_block
from spinemsca.io.volume import Volume, as_it_lies, has_plain_axes, on_grid

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from spinemsca.io.volume import Grid

__all__ = ["is_nifti", "read_nifti", "stem", "write_nifti"]

# Endings of two parts that are taken off a name as one.
_PACKED: Final = (".nii.gz", ".dcm.gz", ".ima.gz")
# Bytes of a NIfTI-1 and a NIfTI-2 header, and where the magic word stands (nifti1.h, nifti2.h).
_SIZES: Final = {348: 344, 540: 4}
# Sides are 16-bit numbers in NIfTI-1 (nifti1.h); longer ones need NIfTI-2.
_LONGEST: Final = (1 << 15) - 1
# Chosen, not measured: 1 MiB of extensions before the voxels.
_MAX_OFFSET: Final = 1 << 20


def stem(path: Path) -> str:
    """File name without `.nii`, `.nii.gz`, `.dcm.gz` or any other suffix."""
    name = path.name[:-3] if path.name.lower().endswith(_PACKED) else path.name
    return name.rpartition(".")[0] or name


def is_nifti(path: Path) -> bool:
    """Whether a file begins as NIfTI does; `False` where it cannot be read."""
    try:
        with opened(path) as stream:
            return _kind(stream.read(348)) is not None
    except (OSError, EOFError, zlib.error):
        return False


def read_nifti(path: Path) -> Volume:
    """Reads a slice or a volume.

    A single slice without a usable orientation is taken as it lies: where ITK wrote it, its
    second axis runs down, else its first. Lengths in metres or microns are brought to mm. Where
    qform and sform disagree, the sform is used, or the qform where it alone gives sagittal
    slices; a note says so.

    Raises:
        UnsafeFileError: If it takes more memory than it may.
        FileFormatError: If it is damaged, or states no usable orientation.
        CaseError: If it is neither slice nor volume of finite real numbers.
        UnsuitableError: If its slices are axial or coronal.
    """
    with opened(path) as stream:
        header = _header(stream, path)
        shape = _shape(header, path)
        dtype = _dtype(header, path)
        _skip(stream, header, path)
        array = _scaled(read_block(stream, shape, dtype, path), header)
    form = Form.of(header)
    volume = _placed(array, header, form, path)
    return volume.replace(grid=replace(volume.grid, form=form))


def _placed(array: NDArray[Any], header: Any, form: Form, path: Path) -> Volume:
    found = poses(header, form.mm or 1.0)
    affine = found[0].affine if found else np.asarray(header.get_base_affine(), np.float64)
    clash, known = conflict(found, array.shape), form.mm is not None
    if not found or has_plain_axes(array.shape, affine):
        volume = _unturned(array, affine, path, known=known)
        note = f"qform and sform disagree {clash}; the sform was used"
        return volume.replace(notes=(*volume.notes, note)) if clash else volume
    if clash is None:
        return on_grid(path, stem(path), array, affine, known=known)
    return _one_of_two(array, found, f"qform and sform disagree {clash}", path, known=known)


def _one_of_two(
    array: NDArray[Any], found: list[Pose], clash: str, path: Path, *, known: bool
) -> Volume:
    """By the first of two forms that disagree which gives sagittal slices.

    Where they disagree about the axes, too, it is not known how the slices lie.
    """
    volumes: dict[str, Volume] = {}
    faults: dict[str, UnsuitableError | FileFormatError] = {}
    for pose in found:
        try:
            volumes[pose.name] = on_grid(path, stem(path), array, pose.affine, known=known)
        except (UnsuitableError, FileFormatError) as error:
            faults[pose.name] = error
    first = found[0].name
    if not volumes:
        what = f"{faults[first].what}; {clash}; the {first} was used"
        raise type(faults[first])(what, where=path, remedy=faults[first].remedy)
    used, volume = next(iter(volumes.items()))
    why = "" if used == first else f", for by the {first} it {faults[first].what}"
    volume = volume.replace(notes=(f"{clash}; the {used} was used{why}",))
    codes = {other.grid.codes for other in volumes.values()}
    planes = any(isinstance(fault, UnsuitableError) for fault in faults.values())
    return volume.replace(oriented=False, tilt=None) if planes or len(codes) > 1 else volume


def write_nifti(path: Path, label: NDArray[np.uint8], grid: Grid) -> None:
    """Writes label values as NIfTI; the same values give the same bytes.

    Args:
        path: Packed where it ends in `.gz`.
        label: `(I, J, K)` or `(I, J)` uint8.
        grid: Of the image, with an affine; of a NIfTI image its units, qform and sform go back
            as they came.
    """
    data = _encoded(label, grid)
    if path.suffix == ".gz":
        packed = io.BytesIO()
        with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=6, mtime=0, filename="") as out:
            out.write(data)
        data = packed.getvalue()
    write_bytes(path, data)


def _encoded(label: NDArray[np.uint8], grid: Grid) -> bytes:
    import nibabel

    kit: Any = nibabel
    image = (kit.Nifti2Image if max(label.shape) > _LONGEST else kit.Nifti1Image)(label, np.eye(4))
    if grid.form is None:
        image.header.set_xyzt_units("mm")
        image.set_qform(grid.affine, 1)
        image.set_sform(grid.affine, 1)
        return bytes(image.to_bytes())
    data = image.to_bytes()
    size = int(image.header["sizeof_hdr"])
    header = type(image.header)(data[:size], check=False)
    grid.form.write_into(header)
    return bytes(header.binaryblock) + bytes(data[size:])


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
