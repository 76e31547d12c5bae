"""Reading a file by what it holds, whatever it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spinemsca.errors import FileFormatError
from spinemsca.io.scan import Scan

if TYPE_CHECKING:
    from pathlib import Path

    from spinemsca.case import LabelMap

__all__ = ["read_label_map", "read_scan"]

_ZIP: Final = b"PK\x03\x04"


def read_scan(path: Path) -> Scan:
    """Reads one slice from a `.pt`, PNG, JPEG or TIFF file.

    Raises:
        SpineError: As the format's reader says.
    """
    if _is_torch(path):
        from spinemsca.io import pt

        return Scan(name=path.stem, pixels=pt.read_image(path))
    from spinemsca.io import raster

    return raster.read_picture(path)


def read_label_map(path: Path) -> LabelMap:
    """Reads `(H, W)` uint8 labels from a `.pt`, PNG or TIFF file.

    Raises:
        SpineError: As the format's reader says.
    """
    if _is_torch(path):
        from spinemsca.io import pt

        return pt.read_label(path)
    from spinemsca.io import raster

    return raster.read_label_picture(path)


def _is_torch(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_ZIP)) == _ZIP or path.suffix.lower() == ".pt"
    except OSError as error:
        raise FileFormatError(
            f"cannot be opened ({error.strerror or error})",
            where=path,
            remedy="Check the path and its permissions",
        ) from None
