"""Turning a DICOM file at once into the few plain values that are needed.

pydicom converts elements when they are asked for, and warns and fails with their values in its
messages. So elements are taken raw here, in silence, and nothing of pydicom's lives on: no name,
number, date or UID gets into a value or a message.
"""

from __future__ import annotations

import hashlib
import io
from contextlib import closing
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Final, cast

from spinemsca.case import Spacing
from spinemsca.errors import FileFormatError, UnsafeFileError
from spinemsca.io.dicom_elements import TAGS, Elements
from spinemsca.io.dicom_start import LOOK, begins_with_prefix
from spinemsca.io.limits import MAX_BYTES
from spinemsca.io.packed import is_packed, opened
from spinemsca.io.silence import silence

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Header", "damaged", "read_header", "read_packed"]

# PS3.5, A.2: what a file without file meta information is written in, and its relations.
_IMPLICIT: Final = "1.2.840.10008.1.2"
# Transfer syntaxes: PS3.6, table A-1.
_EXPLICIT: Final = "1.2.840.10008.1.2.1"
_BIG: Final = "1.2.840.10008.1.2.2"
_DEFLATED: Final = "1.2.840.10008.1.2.1.99"
# PS3.3, C.7.3.1.1.1: modalities that may be named; any other is just none of these.
_MODALITIES: Final = frozenset(["MR", "CT", "CR", "DX", "MG", "NM", "OT", "PT", "RF", "US", "XA"])
# Greys in both directions: PS3.3, C.7.6.3.1.2.
_GREY: Final = ("MONOCHROME1", "MONOCHROME2")


@dataclass(frozen=True, slots=True)
class Header:
    """What is needed of a header; nothing in it identifies a patient.

    Attributes:
        modality: As DICOM abbreviates it, `other` where that is none of the common ones; MR where
            none is stated.
        series: A digest that files of one series share, `None` where none is stated.
        syntax: UID of the transfer syntax where pydicom knows it, else empty.
        rows: Number of rows.
        columns: Number of columns.
        frames: Number of frames.
        samples: Per pixel.
        bits_allocated: Per pixel.
        bits_stored: Per pixel.
        signed: Whether stored values may be negative.
        photometric: `MONOCHROME1`, `MONOCHROME2` or `other`.
        spacing: Of rows and columns in mm, `None` where none is stated.
        cosines: Of the row and of the column direction, to LPS, as stated; or `None`.
        position: Of the first pixel's centre in LPS and mm, or `None`.
        slope: To multiply stored values with.
        intercept: To add then.
        padding: Least and greatest stored value, 16 bits as written, that is no measurement.
        words: Whether pixels are written as 16-bit words.
    """

    modality: str
    series: str | None
    syntax: str
    rows: int
    columns: int
    frames: int
    samples: int
    bits_allocated: int
    bits_stored: int
    signed: bool
    photometric: str
    spacing: Spacing | None
    cosines: tuple[float, ...] | None
    position: tuple[float, ...] | None
    slope: float
    intercept: float
    padding: tuple[int, int] | None
    words: bool


def read_header(path: Path) -> Header:
    """All but the pixels.

    Raises:
        UnsafeFileError: If it is too large, or deflated as a whole.
        FileFormatError: If it is damaged.
    """
    return _read(path, pixels=False)[0]


def read_packed(path: Path) -> tuple[Header, bytes]:
    """Header and pixels as stored, from one opening of the file.

    Raises:
        UnsafeFileError: As `read_header`.
        FileFormatError: As `read_header`.
    """
    return _read(path, pixels=True)


def damaged(path: Path) -> FileFormatError:
    """What is said of every file that cannot be read, whatever pydicom says."""
    return FileFormatError("is no readable DICOM file", where=path, remedy="Get the file again")


def _read(path: Path, *, pixels: bool) -> tuple[Header, bytes]:
    found: tuple[Header, bytes] | UnsafeFileError | None = None
    try:
        with silence(), closing(_stream(path)) as stream:
            found = _parsed(stream, path, pixels=pixels)
    except UnsafeFileError as error:
        found = error
    except Exception:  # noqa: S110
        # Whatever damage brings about. It is not raised from here, or the error below would
        # carry pydicom's, which quotes the header.
        pass
    if isinstance(found, UnsafeFileError):
        raise found
    if found is None:
        raise damaged(path)
    return found


def _stream(path: Path) -> IO[bytes]:
    if path.stat().st_size > MAX_BYTES:
        raise _too_large(path)
    if not is_packed(path):
        return path.open("rb")
    with opened(path) as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise _too_large(path)
    return io.BytesIO(data)


def _too_large(path: Path) -> UnsafeFileError:
    return UnsafeFileError(f"holds more than {MAX_BYTES >> 20} MiB", where=path)


def _parsed(stream: IO[bytes], path: Path, *, pixels: bool) -> tuple[Header, bytes]:
    import pydicom

    binary = cast("BinaryIO", stream)
    stream.seek(132 if begins_with_prefix(stream.read(LOOK)) else 0)
    # pydicom unpacks a deflated file whatever its size, so that is asked before.
    meta = pydicom.filereader.read_dataset(binary, False, True, stop_when=_beyond_meta)
    if Elements(meta).text("syntax") == _DEFLATED:
        raise UnsafeFileError("is deflated as a whole", where=path, remedy="Save it unpacked")
    stream.seek(0)
    dataset = pydicom.dcmread(
        binary, stop_before_pixels=not pixels, force=True, specific_tags=list(TAGS.values())
    )
    elements = Elements(dataset)
    return _header(elements, _syntax(dataset)), elements.raw("pixels")


def _beyond_meta(tag: int, _: str | None, __: int) -> bool:
    return tag >> 16 != 2


def _syntax(dataset: Any) -> str:
    from pydicom.uid import UID

    stated = Elements(dataset.file_meta).text("syntax")
    if not stated:
        implicit, little = dataset.original_encoding
        return (_IMPLICIT if implicit else _EXPLICIT) if little else _BIG
    return stated if UID(stated).type == "Transfer Syntax" else ""


def _header(elements: Elements, syntax: str) -> Header:
    modality, photometric = elements.text("modality") or "MR", elements.text("photometric")
    series = elements.raw("series").strip(b" \0")
    spacing = elements.numbers("spacing", 2)
    signed = elements.whole("signed", 0) == 1
    return Header(
        modality=modality if modality in _MODALITIES else "other",
        series=hashlib.sha256(series).hexdigest() if series else None,
        syntax=syntax,
        rows=elements.whole("rows", 0),
        columns=elements.whole("columns", 0),
        frames=elements.whole("frames", 1) or 1,
        samples=elements.whole("samples", 1) or 1,
        bits_allocated=elements.whole("bits_allocated", 0),
        bits_stored=elements.whole("bits_stored", elements.whole("bits_allocated", 0)),
        signed=signed,
        photometric=photometric if photometric in _GREY else "other",
        spacing=Spacing(*spacing) if spacing and min(spacing) > 0 else None,
        cosines=elements.numbers("cosines", 6),
        position=elements.numbers("position", 3),
        slope=(elements.numbers("slope", 1) or (1.0,))[0],
        intercept=(elements.numbers("intercept", 1) or (0.0,))[0],
        padding=elements.padding(signed=signed),
        words=elements.kind("pixels") != "OB",
    )
