"""Saying what a file looks like that no reader claims, so that its owner knows what to mend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["is_picture", "looks_like"]

# Remedies.
_AGAIN: Final = "Get the file again"
_EXPORT: Final = "Export the picture as PNG"
_CONVERT: Final = "Convert it to NIfTI first"
# First bytes by which formats are told (their specifications), and what helps.
_PICTURES: Final = (b"\x89PNG", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_STARTS: Final = (
    (b"\x1f\x8b", "is packed with gzip, and damaged or no image inside", _AGAIN),
    (b"version https://git-lfs", "is a pointer to a file that Git LFS keeps", "Run: git lfs pull"),
    (b"BM", "is a BMP picture", _EXPORT),
    (b"GIF8", "is a GIF picture", _EXPORT),
    (b"RIFF", "is a WebP picture or a film", _EXPORT),
    (b"%PDF", "is a PDF", _EXPORT),
    (b"\0\0\0\x0cjP  ", "is a JPEG 2000 picture", _EXPORT),
    (b"\xff\x4f\xff\x51", "is a JPEG 2000 picture", _EXPORT),
    (b"\x89HDF", "is an HDF5 file, such as MINC", _CONVERT),
    (b"CDF", "is a NetCDF file, such as MINC", _CONVERT),
    (b"\x93NUMPY", "is a NumPy array", "Save it as .pt or NIfTI"),
    (b"Rar!", "is an archive", "Unpack it first"),
    (b"7z\xbc\xaf", "is an archive", "Unpack it first"),
    (b"<", "is a web page or XML, not an image", "Check how it was downloaded"),
    (b"{", "is JSON, not an image", "Give the image beside it"),
)
# The size of a NIfTI-1 or Analyze header, and of a NIfTI-2 one (nifti1.h, nifti2.h).
_NIFTI: Final = (348, 540)
# Where NIfTI-1 and NIfTI-2 name a header whose pixels lie in a file beside it.
_PAIR: Final = (b"ni1\0", b"ni2\0")
# Of NIfTI-1 and Analyze, whose pixels lie in a file of their own.
_BESIDE: Final = "keeps its pixels in another file (.hdr and .img)"
# Endings that scanners and archives give; the standard asks for none.
_DICOM_ENDINGS: Final = (".dcm", ".ima", ".dicom", ".dcm.gz", ".ima.gz")


def is_picture(start: bytes) -> bool:
    """Whether a file's first bytes are those of a PNG, JPEG or TIFF."""
    return start.startswith(_PICTURES)


def looks_like(path: Path, start: bytes) -> tuple[str, str]:
    """What is wrong with a file that no reader claims, and what to do.

    Args:
        path: Its name is looked at where its bytes tell nothing.
        start: Its first bytes, as they lie in the file.
    """
    if not start.strip(b"\0"):
        return ("holds nothing but zeros" if start else "is empty"), _AGAIN
    nifti = _nifti(start)
    if nifti:
        return nifti
    if b"DICM" in start[:512]:
        return "looks like a DICOM file whose beginning is damaged", _AGAIN
    begun = start.lstrip(b"\xef\xbb\xbf \r\n\t")
    told = [(what, remedy) for begins, what, remedy in _STARTS if begun.startswith(begins)]
    if told:
        return told[0]
    if not is_picture(start) and path.name.lower().endswith(_DICOM_ENDINGS):
        return "is called DICOM, but is damaged or none", _AGAIN
    return "is no readable PNG, JPEG or TIFF", "Export the picture again"


def _nifti(start: bytes) -> tuple[str, str] | None:
    sizes = {int.from_bytes(start[:4], "little"), int.from_bytes(start[:4], "big")}
    if not sizes & set(_NIFTI):
        return None
    if start[344:348] in _PAIR or start[4:8] in _PAIR:
        return _BESIDE, "Save it as one .nii file"
    return "looks like a damaged NIfTI file, or the header of an Analyze one", _CONVERT
