"""DICOM: single-frame MR slices, one file each.

Nothing that identifies a patient leaves this module: no name, number, date or UID is kept in a
value or put into a message.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca.case import Spacing
from spinemsca.errors import (
    CaseError,
    FileFormatError,
    MissingDependencyError,
    SpineError,
    UnsafeFileError,
    UnsuitableError,
)
from spinemsca.io.limits import MAX_BYTES, check_size, checked
from spinemsca.io.orientation import other_world
from spinemsca.io.volume import Volume, as_picture, on_grid

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = [
    "NO_SPACING",
    "affine_of",
    "header_of",
    "is_dicom",
    "numbers",
    "pixels_of",
    "read_dicom",
    "spacing_of",
]

NO_SPACING: Final = "The file states no pixel spacing"
"""What a volume's notes say then."""

_START: Final = 132
_DEFLATED: Final = "1.2.840.10008.1.2.1.99"
_MODALITIES: Final = frozenset(["CT", "CR", "DX", "MG", "NM", "OT", "PT", "RF", "US", "XA"])


def is_dicom(start: bytes) -> bool:
    """Whether a file's first 132 bytes are DICOM's."""
    return start[128:_START] == b"DICM"


def read_dicom(path: Path) -> Volume:
    """Reads one slice; its grid is that of its pixels, `(rows, columns)`.

    Raises:
        UnsafeFileError: If it takes more memory than it may.
        FileFormatError: If it is damaged or holds no image.
        MissingDependencyError: If its pixels are packed in a way that needs another package.
        CaseError: If it holds several frames, colours, NaN or infinity.
        UnsuitableError: If it is axial or coronal, or no MR image.
    """
    header = header_of(path)
    affine, spacing = affine_of(header, path), spacing_of(header)
    notes = () if spacing else (NO_SPACING,)
    if affine is None:
        return as_picture(path.stem, pixels_of(path, header), spacing, notes)
    # Judged before the pixels are unpacked, and with the first axis down the columns.
    shape = (int(header.Rows), int(header.Columns), 1)
    down = affine[:, [1, 0, 2, 3]]
    on_grid(path, path.stem, np.broadcast_to(np.uint8(0), shape), down)
    turned = on_grid(path, path.stem, pixels_of(path, header)[..., None], down)
    return turned.as_picture(spacing=turned.spacing if spacing else None, notes=notes)


def header_of(path: Path) -> Any:
    """All but the pixels of a file that holds one grey MR slice.

    Raises:
        SpineError: As `read_dicom`.
    """
    header = _read(path, pixels=False)
    try:
        modality = str(header.get("Modality", "MR") or "MR")
        frames = int(header.get("NumberOfFrames", 1) or 1)
        samples = int(header.get("SamplesPerPixel", 1) or 1)
        shape = (int(header.Rows), int(header.Columns))
        size = check_size(shape, 8, path)
    except SpineError:
        raise
    except Exception:
        raise FileFormatError("holds no image", where=path) from None
    if modality != "MR":
        what = f"a {modality}" if modality in _MODALITIES else "no MR"
        raise UnsuitableError(f"is {what} image", where=path, remedy="Give an MR image")
    if frames != 1:
        raise CaseError(f"holds {frames} frames", where=path, remedy="Convert it to NIfTI first")
    if samples != 1 or not size:
        raise CaseError("is coloured", where=path, remedy="Give the original series, in grey")
    return header


def pixels_of(path: Path, header: Any) -> NDArray[Any]:
    """`(rows, columns)`, rescaled as the header says, bright where the signal is strong.

    Raises:
        SpineError: As `read_dicom`.
    """
    _check_decoder(header, path)
    dataset = _read(path, pixels=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            array = np.asarray(dataset.pixel_array)
    except Exception:
        # pydicom's decoders raise whatever the damage brings about, and quote the header.
        raise _damaged(path) from None
    if array.shape != (int(header.Rows), int(header.Columns)):
        raise _damaged(path)
    return checked(_rescaled(array, header), path)


def affine_of(header: Any, path: Path) -> NDArray[np.float64] | None:
    """`(4, 4)` from column, row and slice to RAS in mm (PS3.3 C.7.6.2.1.1).

    Without a spacing, pixels count as 1 mm; the step across slices is 1 mm.

    Returns:
        `None` where the header states no orientation.

    Raises:
        FileFormatError: If the directions are no unit vectors at right angles.
    """
    cosines = numbers(header, "ImageOrientationPatient", 6)
    if cosines is None:
        return None
    along_row, down = np.array(cosines[:3]), np.array(cosines[3:])
    lengths = np.linalg.norm([along_row, down], axis=1)
    if np.abs(lengths - 1).max() > 0.01 or abs(along_row @ down) > 0.01:
        raise FileFormatError("states an impossible orientation", where=path)
    rows, columns = spacing_of(header) or (1.0, 1.0)
    affine = np.eye(4)
    affine[:3, :3] = np.stack([along_row * columns, down * rows, np.cross(along_row, down)], 1)
    affine[:3, 3] = numbers(header, "ImagePositionPatient", 3) or (0.0, 0.0, 0.0)
    return other_world(affine)


def spacing_of(header: Any) -> Spacing | None:
    """Of rows and columns in mm, `None` where the header states none."""
    spacing = numbers(header, "PixelSpacing", 2)
    return Spacing(*spacing) if spacing and min(spacing) > 0 else None


def numbers(header: Any, keyword: str, count: int) -> tuple[float, ...] | None:
    """An attribute's numbers, `None` where it is missing, of another length or no number."""
    try:
        value = header.get(keyword)
        found = tuple(float(v) for v in (value if count > 1 else [value]))
    except Exception:
        return None
    return found if len(found) == count and np.isfinite(found).all() else None


def _read(path: Path, *, pixels: bool) -> Any:
    import pydicom

    try:
        if path.stat().st_size > MAX_BYTES:
            raise UnsafeFileError(f"holds more than {MAX_BYTES >> 20} MiB", where=path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            meta = pydicom.filereader.read_file_meta_info(path)
            if str(meta.get("TransferSyntaxUID", "")) != _DEFLATED:
                return pydicom.dcmread(path, stop_before_pixels=not pixels)
    except SpineError:
        raise
    except Exception:
        raise _damaged(path) from None
    raise UnsafeFileError("is deflated as a whole", where=path, remedy="Save it unpacked")


def _damaged(path: Path) -> FileFormatError:
    return FileFormatError("is no readable DICOM file", where=path, remedy="Get the file again")


def _check_decoder(header: Any, path: Path) -> None:
    from pydicom.pixels.decoders.base import get_decoder

    syntax = header.file_meta.get("TransferSyntaxUID")
    try:
        packed = syntax is not None and syntax.is_encapsulated
        known = not packed or get_decoder(syntax).is_available
    except Exception:
        known = False
    if not known:
        raise MissingDependencyError(
            "its pixels are packed in a way that needs another package",
            where=path,
            remedy="Run: pip install spine-msca[dicom]",
        )


def _rescaled(array: NDArray[Any], header: Any) -> NDArray[Any]:
    slope = (numbers(header, "RescaleSlope", 1) or (1.0,))[0]
    offset = (numbers(header, "RescaleIntercept", 1) or (0.0,))[0]
    if (slope, offset) != (1.0, 0.0) and slope != 0:
        array = array.astype(np.float32) * np.float32(slope) + np.float32(offset)
    if header.get("PhotometricInterpretation") == "MONOCHROME1":
        array = array.max() - array
    return array
