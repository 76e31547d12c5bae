"""PNG, JPEG and TIFF: scans as grey pictures, label maps as pictures whose values are labels."""

from __future__ import annotations

import io
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image, ImageOps

from spinemsca._util import opening, write_bytes
from spinemsca.case import Spacing
from spinemsca.errors import CaseError, FileFormatError, UnsafeFileError
from spinemsca.io.guess import looks_like
from spinemsca.io.limits import checked
from spinemsca.io.scan import Scan
from spinemsca.io.silence import silence
from spinemsca.label_values import as_label_map, whole_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from spinemsca.case import LabelMap

__all__ = [
    "read_label_picture",
    "read_number_picture",
    "read_picture",
    "write_label_picture",
    "write_picture",
]

_FORMATS: Final = ("PNG", "JPEG", "TIFF")
_MAX_PIXELS: Final = 1 << 26
_GREY_TOLERANCE: Final = 8
_PIXEL_MM: Final = (0.1, 3.0)
_FIELD_MM: Final = (100.0, 600.0)
_PRINT_DPI: Final = (72, 96, 100, 120, 144, 150, 200, 240, 300, 400, 600, 1200)
_MM_PER_INCH: Final = 25.4
# First bytes of what is no picture, enough for a NIfTI header or a shifted DICOM prefix.
_LOOK: Final = 1024


def read_picture(path: Path) -> Scan:
    """Reads a grey picture of 8, 16 or 32 bits, or a coloured one whose pixels are all grey.

    Spacing is taken from the resolution written in the file only where it can be a scanner's:
    pixels of 0.1 to 3 mm, a field of view of 100 to 600 mm, and none of the resolutions that
    programs write for screens and printers (72, 96, 300 dpi, …). Otherwise it is `None`.

    Returns:
        Pixels as stored, `(H, W)`, turned as its EXIF orientation says.

    Raises:
        UnsafeFileError: If it would unpack to more than 2^26 pixels.
        FileFormatError: If it is no PNG, JPEG or TIFF, is damaged, or holds several pictures.
        CaseError: If it is coloured.
    """
    with _opened(path) as picture:
        spacing = _spacing(picture)
        return Scan(name=path.stem, pixels=_grey(picture, path), spacing=spacing)


def read_label_picture(path: Path) -> LabelMap:
    """Reads a label map as `read_number_picture` does.

    Returns:
        `(H, W)` uint8 with values 0 to 11.

    Raises:
        FileFormatError: As `read_number_picture`.
        CaseError: If it holds other values.
    """
    return as_label_map(read_number_picture(path), path, named=True)


def read_number_picture(path: Path) -> NDArray[Any]:
    """Reads whole numbers from a PNG or TIFF; of one with a palette, the indices.

    Returns:
        `(H, W)`, an integer dtype, any range.

    Raises:
        UnsafeFileError: If it would unpack to more than 2^26 pixels.
        FileFormatError: If it is no PNG or TIFF, or is damaged.
        CaseError: If it holds colours or fractions.
    """
    with _opened(path) as picture:
        if picture.format == "JPEG":
            raise FileFormatError(
                "is a JPEG, which alters values", where=path, remedy="Save label maps as PNG"
            )
        indexed = picture.mode == "P"
        pixels = np.asarray(picture) if indexed else _grey(picture, path, tolerance=0)
    return whole_numbers(checked(pixels, path), path)


def write_label_picture(path: Path, label: LabelMap) -> None:
    """Writes `(H, W)` uint8 as a PNG of 8 bits whose values are the labels."""
    _write_png(path, np.asarray(label, dtype=np.uint8))


def write_picture(path: Path, image: NDArray[np.float32]) -> None:
    """Writes `(H, W)` in [0, 1] as a grey PNG of 8 bits."""
    _write_png(path, np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8))


def _write_png(path: Path, pixels: NDArray[np.uint8]) -> None:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    write_bytes(path, buffer.getvalue())


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    try:
        with ExitStack() as stack:
            with silence():
                picture = stack.enter_context(Image.open(path, formats=_FORMATS))
                _check(picture, path)
                picture.load()
            yield picture
    except (FileFormatError, CaseError):
        raise
    except Image.DecompressionBombError:
        raise _too_large(path) from None
    except FileNotFoundError:
        raise FileFormatError("no such file", where=path, remedy="Check the path") from None
    except Exception as error:
        # Pillow's decoders raise whatever the damage brings about.
        raise _unreadable(path) from error


def _unreadable(path: Path) -> FileFormatError:
    with opening(path), path.open("rb") as file:
        what, remedy = looks_like(path, file.read(_LOOK))
    return FileFormatError(what, where=path, remedy=remedy)


def _check(picture: Image.Image, path: Path) -> None:
    if picture.width * picture.height > _MAX_PIXELS:
        raise _too_large(path)
    frames = getattr(picture, "n_frames", 1)
    if frames > 1:
        raise FileFormatError(
            f"holds {frames} pictures", where=path, remedy="Save one slice a file"
        )


def _too_large(path: Path) -> UnsafeFileError:
    return UnsafeFileError(
        f"unpacks to more than {_MAX_PIXELS} pixels", where=path, remedy="Save one slice a file"
    )


def _grey(picture: Image.Image, path: Path, tolerance: int = _GREY_TOLERANCE) -> NDArray[Any]:
    turned = ImageOps.exif_transpose(picture)
    if turned.mode in {"1", "LA", "La"}:
        turned = turned.convert("L")
    elif turned.mode not in {"L", "I", "F"} and not turned.mode.startswith("I;"):
        turned = turned.convert("RGB")
    pixels = np.asarray(turned)
    if pixels.ndim == 2:
        return pixels
    if int(np.ptp(pixels, axis=2).max()) > tolerance:
        raise CaseError("is coloured", where=path, remedy="Export the picture in grey")
    return pixels[..., 1] if tolerance == 0 else np.median(pixels, axis=2).astype(np.uint8)


def _spacing(picture: Image.Image) -> Spacing | None:
    across, down = (float(v) for v in picture.info.get("dpi", (0, 0)))
    if not (across > 0 and down > 0):
        return None
    if any(abs(v - print_dpi) < 0.5 for v in (across, down) for print_dpi in _PRINT_DPI):
        return None
    spacing = Spacing(_MM_PER_INCH / down, _MM_PER_INCH / across)
    field = (spacing.row * picture.height, spacing.column * picture.width)
    plausible = all(_PIXEL_MM[0] <= v <= _PIXEL_MM[1] for v in spacing) and all(
        _FIELD_MM[0] <= v <= _FIELD_MM[1] for v in field
    )
    return spacing if plausible else None
