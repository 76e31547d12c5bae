"""Files of every volume format, written by hand so that each byte can be spoilt."""

from __future__ import annotations

import gzip
import zlib
from itertools import permutations, product

import nibabel
import numpy as np
import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

from spinemsca.io.orientation import Orientation, other_world

STEPS = (4.0, 0.5, 0.75)
"""Between slices, rows and columns in mm."""

HOUSE = np.random.default_rng(0).integers(0, 900, (3, 7, 5)).astype(np.int16)
"""Slices from right to left, rows down, columns back."""

TURNS = [
    Orientation(order, flips)
    for order, flips in product(permutations(range(3)), product((False, True), repeat=3))
]

SAGITTAL = Orientation((2, 1, 0))
"""As scanners write sagittal series: columns fastest, then rows, then slices."""


def affine_of(turn: Orientation, shape=HOUSE.shape, steps=STEPS, tilt=0.0) -> np.ndarray:
    """RAS affine of a file that `turn` brings to the house's orientation."""
    directions = np.array([[-1, 0, 0], [0, 0, -1], [0, -1, 0]], float)
    turned = np.array(
        [
            [np.cos(tilt), -np.sin(tilt), 0],
            [np.sin(tilt), np.cos(tilt), 0],
            [0, 0, 1],
        ]
    )
    affine = np.eye(4)
    affine[:3, 3] = (30, 80, 120)
    for n, axis in enumerate(turn.order):
        step = steps[n] * turned @ directions[n]
        affine[:3, axis] = -step if turn.flips[n] else step
        if turn.flips[n]:
            affine[:3, 3] += step * (shape[n] - 1)
    return affine


def write_nifti(path, turn=SAGITTAL, pixels=HOUSE, affine=None, kind=nibabel.Nifti1Image):
    affine = affine_of(turn, pixels.shape) if affine is None else affine
    nibabel.save(kind(np.ascontiguousarray(turn.undo(pixels)), affine), path)
    return path


def mha_bytes(array, affine, *, packed=False, **changes) -> bytes:
    """An MHA file of an array, fastest axis first; a field changed to `None` is left out."""
    lps = other_world(affine)
    n = array.ndim
    steps = np.linalg.norm(lps[:n, :n], axis=0)
    data = np.asfortranarray(array).tobytes(order="F")
    data = zlib.compress(data) if packed else data
    fields = {
        "ObjectType": "Image",
        "NDims": n,
        "BinaryData": "True",
        "BinaryDataByteOrderMSB": "False",
        "CompressedData": str(packed),
        "TransformMatrix": _text((lps[:n, :n] / steps).T),
        "Offset": _text(lps[:n, 3]),
        "ElementSpacing": _text(steps),
        "DimSize": _text(array.shape),
        "ElementType": {"i2": "MET_SHORT", "u1": "MET_UCHAR", "f4": "MET_FLOAT"}[
            array.dtype.str[1:]
        ],
        "ElementDataFile": "LOCAL",
    } | changes
    fields["ElementDataFile"] = fields.pop("ElementDataFile")
    lines = [f"{key} = {value}\n" for key, value in fields.items() if value is not None]
    return "".join(lines).encode() + data


def nrrd_bytes(array, affine, *, packed=False, **changes) -> bytes:
    """An NRRD file; field names have `_` for blanks."""
    lps = other_world(affine)
    n = array.ndim
    data = np.asfortranarray(array).tobytes(order="F")
    fields = {
        "type": {"i2": "short", "u1": "uchar", "f4": "float"}[array.dtype.str[1:]],
        "dimension": n,
        "space": "left-posterior-superior",
        "sizes": _text(array.shape),
        "space directions": " ".join(_vector(v) for v in lps[:3, :n].T),
        "space origin": _vector(lps[:3, 3]),
        "endian": "little",
        "encoding": "gzip" if packed else "raw",
    } | {key.replace("_", " "): value for key, value in changes.items()}
    lines = [f"{key}: {value}\n" for key, value in fields.items() if value is not None]
    head = "NRRD0004\n# a comment\n" + "".join(lines) + "\n"
    return head.encode() + (gzip.compress(data) if packed else data)


def _text(values) -> str:
    return " ".join(repr(v) for v in np.asarray(values).ravel().tolist())


def _vector(values) -> str:
    return "(" + ",".join(repr(float(v)) for v in values) + ")"


SECRET = "Doe^Jane"


def dicom_slice(pixels, affine, series="1.2.3", **changes) -> FileDataset:
    """One slice; `affine` leads from column, row and slice to RAS; `None` leaves a field out."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.4")
    meta.MediaStorageSOPInstanceUID = generate_uid()
    slice_ = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    lps = other_world(affine)
    steps = np.linalg.norm(lps[:3, :3], axis=0)
    fields = {
        "PatientName": SECRET,
        "PatientID": "4711",
        "Modality": "MR",
        "SeriesInstanceUID": series,
        "SOPInstanceUID": meta.MediaStorageSOPInstanceUID,
        "SOPClassUID": meta.MediaStorageSOPClassUID,
        "Rows": pixels.shape[0],
        "Columns": pixels.shape[1],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 1,
        "PixelSpacing": [float(steps[1]), float(steps[0])],
        "ImageOrientationPatient": [
            float(round(v, 9)) for v in (lps[:3, :2] / steps[:2]).T.ravel()
        ],
        "ImagePositionPatient": [float(v) for v in lps[:3, 3]],
        "PixelData": np.ascontiguousarray(pixels, np.int16).tobytes(),
    } | changes
    for key, value in fields.items():
        if value is not None:
            setattr(slice_, key, value)
    return slice_


def save_dicom(path, slice_):
    pydicom.dcmwrite(path, slice_, enforce_file_format=True)
    return path


def write_series(folder, array, affine, **changes):
    """One file a slice of an array `(columns, rows, slices)`, in an order that means nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    for k in np.random.default_rng(1).permutation(array.shape[2]):
        placed = affine.copy()
        placed[:3, 3] = affine[:3, 3] + k * affine[:3, 2]
        slice_ = dicom_slice(array[..., k].T, placed, **changes)
        save_dicom(folder / f"{(7 * int(k)) % 11:02d}.dcm", slice_)
    return folder
