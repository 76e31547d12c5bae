"""Unpacking a DICOM slice's pixels, from plain values and bytes alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca.errors import FileFormatError, MissingDependencyError
from spinemsca.io.dicom_header import damaged
from spinemsca.io.limits import checked
from spinemsca.io.silence import silence

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from spinemsca.io.dicom_header import Header

__all__ = ["check_decoder", "unpacked"]

# PS3.6, A: transfer syntaxes whose pixels are packed, by the names users know.
_JPEG_12: Final = "1.2.840.10008.1.2.4.51"
# Transfer syntaxes: PS3.6, table A-1.
_PACKED: Final = {
    "1.2.840.10008.1.2.4.50": "JPEG",
    _JPEG_12: "JPEG",
    "1.2.840.10008.1.2.4.57": "JPEG Lossless",
    "1.2.840.10008.1.2.4.70": "JPEG Lossless",
    "1.2.840.10008.1.2.4.80": "JPEG-LS",
    "1.2.840.10008.1.2.4.81": "JPEG-LS",
    "1.2.840.10008.1.2.4.90": "JPEG 2000",
    "1.2.840.10008.1.2.4.91": "JPEG 2000",
    "1.2.840.10008.1.2.4.201": "High-Throughput JPEG 2000",
    "1.2.840.10008.1.2.4.202": "High-Throughput JPEG 2000",
    "1.2.840.10008.1.2.4.203": "High-Throughput JPEG 2000",
    "1.2.840.10008.1.2.5": "RLE",
}
# Messages.
_NEEDS: Final = "its pixels are packed as {}, which needs another package"
_EXTRA: Final = "Run: pip install spine-msca[dicom]"
# Pillow and GDCM unpack 8 bits of it; what unpacks 12 is under the GPL, so no extra brings it.
_GPL: Final = "Run: pip install pylibjpeg pylibjpeg-libjpeg (which is under the GPL)"


def unpacked(header: Header, data: bytes, path: Path) -> NDArray[Any]:
    """`(rows, columns)`, rescaled as the header says, bright where the signal is strong.

    Pixels that pad take the lowest value of the others.

    Args:
        header: Of the slice.
        data: Its pixels as stored.
        path: For messages.

    Raises:
        MissingDependencyError: If unpacking needs another package.
        FileFormatError: If they are damaged, or packed in a way that is not read here.
        CaseError: If they hold NaN or infinity.
    """
    check_decoder(header, path)
    stored = _decoded(header, data)
    if stored is None or stored.shape != (header.rows, header.columns):
        raise _undecoded(header, path)
    padded = _padded(stored, header)
    values = _rescaled(_without_unused_bits(stored, header), header)
    if header.photometric == "MONOCHROME1":
        values = (values if padded is None else values[~padded]).max() - values
    if padded is not None:
        values[padded] = values[~padded].min()
    return checked(values, path)


def check_decoder(header: Header, path: Path) -> None:
    """Whether the pixels can be unpacked here.

    Raises:
        MissingDependencyError: If that needs another package.
        FileFormatError: If no package does.
    """
    from pydicom.pixels.decoders.base import get_decoder

    decoder: Any = None
    with silence():
        try:
            decoder = get_decoder(header.syntax)
        except Exception:
            decoder = None
    if decoder is None:
        raise FileFormatError(
            "its pixels are packed in a way that is not read here",
            where=path,
            remedy="Save it unpacked, or convert it to NIfTI",
        )
    if header.syntax == _JPEG_12 and header.bits_stored > 8:
        if "pylibjpeg" not in decoder.available_plugins:
            raise MissingDependencyError(_NEEDS.format("12-bit JPEG"), where=path, remedy=_GPL)
    elif not decoder.is_available:
        what = _NEEDS.format(_PACKED.get(header.syntax, "a video"))
        raise MissingDependencyError(what, where=path, remedy=_EXTRA)


def _undecoded(header: Header, path: Path) -> FileFormatError:
    if header.syntax not in _PACKED:
        return damaged(path)
    return FileFormatError(
        f"its pixels, packed as {_PACKED[header.syntax]}, are damaged",
        where=path,
        remedy="Get the file again, or save it unpacked",
    )


def _decoded(header: Header, data: bytes) -> NDArray[Any] | None:
    """Stored values, those of unpacked syntaxes with their unused bits; `None` if damaged."""
    from pydicom.pixels.decoders.base import get_decoder

    options: dict[str, Any] = {
        "rows": header.rows,
        "columns": header.columns,
        "number_of_frames": 1,
        "samples_per_pixel": 1,
        "bits_allocated": header.bits_allocated,
        "bits_stored": header.bits_stored,
        "photometric_interpretation": "MONOCHROME2",
        "pixel_keyword": "PixelData",
        "pixel_representation": int(header.signed),
        "pixel_vr": "OW" if header.words else "OB",
        "correct_unused_bits": header.syntax in _PACKED,
    }
    try:
        with silence():
            array, _ = get_decoder(header.syntax).as_array(data, raw=True, **options)
            return array.astype(array.dtype.newbyteorder("="), copy=False)
    except Exception:
        # Decoders raise whatever the damage brings about.
        return None


def _padded(stored: NDArray[Any], header: Header) -> NDArray[np.bool_] | None:
    """Which pixels pad, `None` where none or all do."""
    if header.padding is None:
        return None
    low, high = header.padding
    bits = header.bits_stored - header.signed
    if -(1 << bits) * header.signed <= low and high < 1 << bits:
        stored = _without_unused_bits(stored, header)
    padded: NDArray[np.bool_] = (stored >= low) & (stored <= high)
    return padded if padded.any() and not padded.all() else None


def _without_unused_bits(stored: NDArray[Any], header: Header) -> NDArray[Any]:
    """Values whose bits above those stored, which may hold anything, are the sign's or zero."""
    unused = 8 * stored.dtype.itemsize - header.bits_stored
    if header.syntax in _PACKED or unused <= 0:
        return stored
    corrected: NDArray[Any] = np.right_shift(np.left_shift(stored, unused), unused)
    return corrected


def _rescaled(stored: NDArray[Any], header: Header) -> NDArray[Any]:
    slope, intercept = header.slope, header.intercept
    if (slope, intercept) == (1.0, 0.0) or slope == 0:
        return stored.copy()
    values: NDArray[Any] = stored.astype(np.float32) * np.float32(slope) + np.float32(intercept)
    return values
