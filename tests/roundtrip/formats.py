"""Files of every format that is read, of a known patient lying in a known way."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nibabel
import numpy as np
from PIL import Image

from spinemsca.case import Case, Spacing
from spinemsca.io import pt
from spinemsca.release.release import write_release
from spinemsca.release.split import Split
from tests.io.volumes import dicom_slice, mha_bytes, nrrd_bytes, save_dicom, write_series
from tests.roundtrip.layouts import CODES, VOLUME_CODES, affine_of, along, laid, laid_volume
from tests.roundtrip.patients import SHOWN, THICK, Patient, patient

PICTURES = ("png", "jpeg", "tiff", "pt")
SLICES = (*PICTURES, "dicom", "dicom.gz", "release")
VOLUMES = ("nii", "nii.gz", "nii1", "mha", "nrrd", "series")
FORMATS = (*SLICES, *VOLUMES)

_SUFFIX = {"jpeg": ".jpg", "tiff": ".tif", "dicom": ".dcm", "dicom.gz": ".dcm.gz", "series": "",
           "nii1": ".nii.gz"}  # fmt: skip
_SERIES = tuple(c for c in VOLUME_CODES if c[2] in "LR")
_UNITS = {"metres": (1e-3, "meter"), "microns": (1e3, "micron")}
_NO_UNIT = 5  # NIfTI knows 1 to 3; 0 is taken for mm
_PITCH, _YAW = 6.0, 5.0


def ways(fmt: str) -> tuple[str, ...]:
    """In which ways a file of a format may lie."""
    if fmt == "release":
        return CODES[:1]
    if fmt in SLICES:
        return CODES
    return _SERIES if fmt == "series" else VOLUME_CODES


def spacings(fmt: str) -> tuple[str, ...]:
    """What a file of a format may say of its spacing."""
    if fmt.startswith("nii"):
        return ("square", "oblong", "none", "metres", "microns")
    return ("square", "oblong") if fmt == "nrrd" else ("square", "oblong", "none")


def poses(fmt: str) -> tuple[str, ...]:
    """Whether a format can say that slices are oblique."""
    return ("straight",) if fmt in (*PICTURES, "release") else ("straight", "oblique")


@dataclass(frozen=True)
class Lie:
    """What a file is like.

    Attributes:
        fmt: One of `FORMATS`.
        codes: As it lies.
        spacing: `square`, `oblong`, `none`, `metres` or `microns`.
        pose: `straight` or `oblique`.
    """

    fmt: str
    codes: str
    spacing: str = "square"
    pose: str = "straight"

    @property
    def grid(self) -> str:
        return "square" if self.spacing in ("square", "none") else "oblong"

    @property
    def known(self) -> bool:
        """Whether the spacing is known, by the file, its release or the user."""
        return self.spacing != "none"

    @property
    def stated(self) -> bool:
        """Whether the file or its release states a spacing."""
        return self.known and self.fmt not in PICTURES

    @property
    def is_volume(self) -> bool:
        """Whether label maps of it are NIfTI."""
        return self.fmt in VOLUMES

    @property
    def slices(self) -> range:
        """Those of the patient that it holds."""
        several = self.is_volume and self.fmt != "nii1"
        return range(6) if several else range(SHOWN, SHOWN + 1)

    @property
    def tilt(self) -> float | None:
        """Degrees, where the file states an orientation."""
        if self.fmt in (*PICTURES, "release"):
            return None
        return _PITCH if self.pose == "oblique" else 0.0

    @property
    def spacing_of_file(self) -> tuple[float, ...]:
        """Of a picture's rows and columns, as a user would state them."""
        return along(patient("a", self.grid).spacing, self.codes)

    def of(self, name: str) -> Patient:
        """A patient on the file's grid."""
        return patient(name, self.grid)

    @cached_property
    def affine(self) -> np.ndarray:
        """RAS in mm of a volume, or of a DICOM slice by column, row and slice."""
        return self.world(self.codes if self.is_volume else f"{self.codes[::-1]}L")

    def world(self, codes: str) -> np.ndarray:
        """RAS in mm of the same volume, were it to lie otherwise."""
        one = patient("a", self.grid)
        steps = (THICK, *one.spacing)
        if self.fmt in ("mha", "series") and not self.known:
            steps = (THICK if self.fmt == "series" else 1.0, 1.0, 1.0)
        turn = (_PITCH, _YAW) if self.pose == "oblique" else (0.0, 0.0)
        return affine_of(codes, steps, (len(self.slices), *one.labels.shape[1:]), *turn)

    def array(self, volume: np.ndarray) -> np.ndarray:
        """A patient's `(S, H, W)` as the file holds it."""
        if self.is_volume:
            return laid_volume(volume[self.slices.start : self.slices.stop], self.codes)
        return laid(volume[SHOWN], self.codes)


def suffix(fmt: str) -> str:
    """Of a format's file names."""
    return _SUFFIX.get(fmt, f".{fmt}")


def write_image(top: Path, stem: str, lie: Lie, name: str) -> Path:
    """Writes a patient's image below a folder; the file's path, or the folder of its series."""
    pixels = lie.array(lie.of(name).images)
    path = top / f"{stem}{suffix(lie.fmt)}"
    path.parent.mkdir(parents=True, exist_ok=True)
    if lie.fmt in ("png", "jpeg", "tiff"):
        grey = np.rint(pixels / 900 * 255).astype(np.uint8)
        Image.fromarray(grey).save(path, **({"quality": 97} if lie.fmt == "jpeg" else {}))
    elif lie.fmt == "pt":
        # Its writer needs room for the name of a temporary file.
        pt.write_pt_image(top / "short.pt", (pixels / 900).astype(np.float32))
        (top / "short.pt").rename(path)
    else:
        _write_medical(path, pixels, lie, f"1.2.{ord(name)}.{len(stem)}")
    return path


def write_labels(top: Path, stem: str, lie: Lie, labels: np.ndarray) -> Path:
    """Writes a label map as an image is written; JPEG and packed DICOM as PNG, without loss."""
    values = lie.array(labels)
    if lie.fmt in ("png", "jpeg", "tiff", "dicom.gz"):
        path = top / f"{stem}{'.tif' if lie.fmt == 'tiff' else '.png'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(values).save(path)
        return path
    path = top / f"{stem}{suffix(lie.fmt)}"
    path.parent.mkdir(parents=True, exist_ok=True)
    if lie.fmt == "pt":
        pt.write_pt_label(top / "short.pt", values)
        return (top / "short.pt").rename(path)
    return _write_medical(path, values, lie, "1.2.3")


def write_truth(top: Path, stem: str, lie: Lie, labels: np.ndarray) -> Path:
    """An expert's label map: of a picture or slice a PNG, of a volume NIfTI that lies otherwise."""
    path = top / f"{stem}_label{'.nii.gz' if lie.is_volume else '.png'}"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not lie.is_volume:
        Image.fromarray(lie.array(labels)).save(path)
        return path
    codes = VOLUME_CODES[(VOLUME_CODES.index(lie.codes) + 17) % 48]
    held = labels[lie.slices.start : lie.slices.stop]
    image = nibabel.Nifti1Image(laid_volume(held, codes), lie.world(codes))
    image.header["xyzt_units"] = 2 if lie.known else _NO_UNIT
    nibabel.save(image, path)
    return path


def _write_medical(path: Path, array: np.ndarray, lie: Lie, series: str) -> Path:
    if lie.fmt.startswith("nii"):
        nibabel.save(_nifti(array, lie), path)
    elif lie.fmt == "mha":
        fields = {} if lie.known else {"ElementSpacing": None}
        path.write_bytes(mha_bytes(array, lie.affine, **fields))
    elif lie.fmt == "nrrd":
        path.write_bytes(nrrd_bytes(array, lie.affine))
    else:
        fields = {} if lie.known else {"PixelSpacing": None}
        if lie.fmt == "series":
            write_series(path, array, lie.affine, series=series, **fields)
            return path
        save_dicom(path, dicom_slice(array, lie.affine, series=series, **fields))
        if lie.fmt == "dicom.gz":
            path.write_bytes(gzip.compress(path.read_bytes()))
    return path


def _nifti(array: np.ndarray, lie: Lie) -> nibabel.Nifti1Image:
    scale, unit = _UNITS.get(lie.spacing, (1.0, "mm"))
    affine = lie.affine.copy()
    affine[:3] *= scale
    image = nibabel.Nifti1Image(array, affine)
    image.header.set_xyzt_units(unit)
    if not lie.known:
        image.header["xyzt_units"] = _NO_UNIT
    image.set_qform(affine, 1)
    image.set_sform(affine, 1)
    return image


def write_patients_release(root: Path, lie: Lie, stems: tuple[str, ...]) -> Path:
    """A release of patients `a` and `b`, with experts' label maps."""
    cases = []
    for stem, name in zip(stems, "ab", strict=False):
        one = lie.of(name)
        image = (one.images[SHOWN] / 900).astype(np.float32)
        spacing = Spacing(*one.spacing) if lie.known else None
        cases.append((Split.TEST, Case(stem, image, one.truth[SHOWN], spacing, f"patient-{name}")))
    write_release(root, cases)
    return root
