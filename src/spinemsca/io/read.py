"""Reading a file by what it holds, whatever it is called."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING, Final, Literal

from spinemsca._util import opening
from spinemsca.errors import CaseError, FileFormatError
from spinemsca.io.scan import Scan

if TYPE_CHECKING:
    from pathlib import Path

    from spinemsca.case import LabelMap
    from spinemsca.io.volume import Volume

__all__ = [
    "kind_of",
    "read_label_map",
    "read_label_volume",
    "read_numbers",
    "read_scan",
    "read_volume",
]

Kind = Literal["torch", "nifti", "mha", "nrrd", "dicom", "series", "picture"]

_ZIP: Final = b"PK\x03\x04"


def read_scan(path: Path, index: int | None = None) -> Scan:
    """Reads one sagittal slice from a file of any format that `read_volume` reads.

    Args:
        path: `.pt`, PNG, JPEG, TIFF, NIfTI, MHA, NRRD or DICOM file, or a folder that holds one
            DICOM series.
        index: Of the slice, from the patient's right; of a volume the middle one where not
            given.

    Raises:
        SpineError: As the format's reader says.
    """
    volume = read_volume(path)
    return Scan(volume.name, volume.pixels[_index(volume, index, path)], volume.spacing)


def read_label_map(path: Path, index: int | None = None) -> LabelMap:
    """Reads `(H, W)` uint8 labels, row 0 at the head, column 0 anterior.

    Args:
        path: As for `read_scan`, but no JPEG.
        index: As for `read_scan`.

    Raises:
        SpineError: As the format's reader says.
    """
    volume = read_label_volume(path)
    label: LabelMap = volume.pixels[_index(volume, index, path)]
    return label


def read_volume(path: Path) -> Volume:
    """Reads all sagittal slices of a file, turned to the house's orientation.

    Raises:
        SpineError: As the format's reader says.
    """
    kind = kind_of(path)
    if kind in ("torch", "picture"):
        from spinemsca.io.volume import one_slice

        return one_slice(_flat(path, torch=kind == "torch"))
    if kind == "nifti":
        from spinemsca.io.nifti import read_nifti

        return read_nifti(path)
    if kind == "mha":
        from spinemsca.io.metaimage import read_mha

        return read_mha(path)
    if kind == "nrrd":
        from spinemsca.io.nrrd import read_nrrd

        return read_nrrd(path)
    if kind == "series":
        return _series(path)
    from spinemsca.io.dicom import read_dicom

    return read_dicom(path)


def read_label_volume(path: Path) -> Volume:
    """Reads all sagittal slices of a label map; `pixels` are uint8, 0 to 11.

    Raises:
        SpineError: As the format's reader says.
        CaseError: If a value is no whole number from 0 to 11.
    """
    from spinemsca.label_values import as_label_map

    volume = read_numbers(path)
    return volume.replace(pixels=as_label_map(volume.pixels, path, named=True))


def read_numbers(path: Path) -> Volume:
    """Reads all sagittal slices of any tool's label map.

    `pixels` are whole numbers of any range, of an integer dtype; of a picture with a palette they
    are its indices. What a scale factor rounded (24.999998) is put right.

    Raises:
        SpineError: As the format's reader says.
        CaseError: If it holds fractions.
    """
    from spinemsca.io.volume import one_slice
    from spinemsca.label_values import whole_numbers

    kind = kind_of(path)
    if kind == "torch":
        from spinemsca.io import pt

        return one_slice(Scan(path.stem, pt.read_array(path)))
    if kind == "picture":
        from spinemsca.io import image_file

        return one_slice(Scan(path.stem, image_file.read_number_picture(path)))
    volume = read_volume(path)
    return volume.replace(pixels=whole_numbers(volume.pixels, path))


def kind_of(path: Path) -> Kind:
    """The format by a file's first bytes; what nothing else claims counts as a picture.

    Raises:
        FileFormatError: If it cannot be opened.
    """
    if path.is_dir():
        return "series"
    with opening(path):
        start = _start(path)
    if start.startswith(_ZIP) or path.suffix.lower() == ".pt":
        return "torch"
    return _medical(path, start) or "picture"


def _start(path: Path) -> bytes:
    """First bytes of a file, unpacked where it is packed."""
    from spinemsca.io.dicom_start import LOOK
    from spinemsca.io.packed import opened

    try:
        with opened(path) as file:
            return file.read(LOOK)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        return b""


def _medical(path: Path, start: bytes) -> Kind | None:
    from spinemsca.io import dicom_start, metaimage, nifti, nrrd

    kinds: tuple[tuple[Kind, bool], ...] = (
        ("dicom", dicom_start.is_dicom(start)),
        ("nrrd", nrrd.is_nrrd(start)),
        ("mha", metaimage.is_mha(start) or path.suffix.lower() == ".mha"),
        ("nifti", nifti.is_nifti(path) or path.name.lower().endswith((".nii", ".nii.gz"))),
    )
    return next((kind for kind, holds in kinds if holds), None)


def _flat(path: Path, *, torch: bool) -> Scan:
    if torch:
        from spinemsca.io import pt

        return Scan(path.stem, pt.read_pt_image(path))
    from spinemsca.io import image_file

    return image_file.read_picture(path)


def _series(folder: Path) -> Volume:
    from spinemsca.io.dicom_series import find_series, read_series

    files = sorted(p for p in folder.iterdir() if p.is_file() and kind_of(p) == "dicom")
    series = find_series(files)
    if len(series) != 1:
        raise FileFormatError(
            f"holds {len(series)} DICOM series", where=folder, remedy="Give a folder that holds one"
        )
    return read_series(series[0], folder.name) if len(files) > 1 else read_volume(files[0])


def _index(volume: Volume, index: int | None, path: Path) -> int:
    number = len(volume.pixels)
    if index is None:
        return number // 2
    if not 0 <= index < number:
        raise CaseError(f"has {number} slices, none with index {index}", where=path)
    return index
