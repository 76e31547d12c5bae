"""DICOM: single-frame MR slices, one file each, classic or enhanced.

Nothing that identifies a patient leaves this module: no name, number, date or UID is kept in a
value or put into a message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca.errors import CaseError, FileFormatError, UnsuitableError
from spinemsca.io.dicom_header import read_header, read_packed
from spinemsca.io.dicom_pixels import unpacked
from spinemsca.io.limits import check_size
from spinemsca.io.nifti import stem
from spinemsca.io.orientation import orthonormal, other_world
from spinemsca.io.volume import Volume, as_picture, on_grid

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from spinemsca.io.dicom_header import Header

__all__ = ["NO_SPACING", "affine_of", "header_of", "pixels_of", "read_dicom"]

NO_SPACING: Final = "The file states no pixel spacing"
"""What a volume's notes say then."""


def read_dicom(path: Path) -> Volume:
    """Reads one slice; its grid is that of its pixels, `(rows, columns)`.

    Raises:
        UnsafeFileError: If it takes more memory than it may.
        FileFormatError: If it is damaged or holds no image.
        MissingDependencyError: If its pixels are packed in a way that needs another package.
        CaseError: If it holds several frames, colours, NaN or infinity.
        UnsuitableError: If it is axial or coronal, or no MR image.
    """
    header, data = read_packed(path)
    _check(header, path)
    name, affine, spacing = stem(path), affine_of(header, path), header.spacing
    notes = () if spacing else (NO_SPACING,)
    if affine is None:
        return as_picture(name, unpacked(header, data, path), spacing, notes)
    # Judged before the pixels are unpacked, and with the first axis down the columns.
    down = affine[:, [1, 0, 2, 3]]
    shape = (header.rows, header.columns, 1)
    on_grid(path, name, np.broadcast_to(np.uint8(0), shape), down)
    turned = on_grid(path, name, unpacked(header, data, path)[..., None], down)
    return turned.as_picture(spacing=turned.spacing if spacing else None, notes=notes)


def header_of(path: Path) -> Header:
    """All but the pixels of a file that holds one grey MR slice.

    Raises:
        SpineError: As `read_dicom`.
    """
    header = read_header(path)
    _check(header, path)
    return header


def pixels_of(path: Path) -> NDArray[Any]:
    """`(rows, columns)`, rescaled as the header says, bright where the signal is strong.

    Raises:
        SpineError: As `read_dicom`.
    """
    header, data = read_packed(path)
    _check(header, path)
    return unpacked(header, data, path)


def affine_of(header: Header, path: Path) -> NDArray[np.float64] | None:
    """`(4, 4)` from column, row and slice to RAS in mm (PS3.3 C.7.6.2.1.1).

    Without a spacing, pixels count as 1 mm; the step across slices is 1 mm. Directions that
    rounding has bent are made unit vectors at right angles, so that steps are the spacing.

    Returns:
        `None` where the header states no orientation.

    Raises:
        FileFormatError: If the directions are no unit vectors at right angles.
    """
    if header.cosines is None:
        return None
    directions = orthonormal(np.array(header.cosines).reshape(2, 3).T)
    if directions is None:
        raise FileFormatError(
            "states an impossible orientation", where=path, remedy="Get the file again"
        )
    along_row, down = directions.T
    rows, columns = header.spacing or (1.0, 1.0)
    affine = np.eye(4)
    affine[:3, :3] = np.stack([along_row * columns, down * rows, np.cross(along_row, down)], 1)
    affine[:3, 3] = header.position or (0.0, 0.0, 0.0)
    return other_world(affine)


def _check(header: Header, path: Path) -> None:
    if header.modality != "MR":
        what = "no MR" if header.modality == "other" else f"a {header.modality}"
        raise UnsuitableError(f"is {what} image", where=path, remedy="Give an MR image")
    if min(header.rows, header.columns) < 1:
        raise FileFormatError("holds no image", where=path, remedy="Get the file again")
    check_size((header.rows, header.columns), 8, path)
    if header.frames != 1:
        raise CaseError(
            f"holds {header.frames} frames", where=path, remedy="Convert it to NIfTI first"
        )
    if header.samples != 1:
        raise CaseError("is coloured", where=path, remedy="Give the original series, in grey")
