"""One file, or one case's folder, read as a case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spinemsca.case import Case
from spinemsca.curate.match import match, middle_slice
from spinemsca.curate.names import stem_of
from spinemsca.curate.normalise import normalise
from spinemsca.errors import FileFormatError
from spinemsca.io import read_label_map, read_label_volume, read_pt_label, read_volume
from spinemsca.release import IMAGE_NAME, LABEL_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from spinemsca.case import LabelMap
    from spinemsca.curate.match import Matched

__all__ = ["read_case"]


def read_case(path: Path, label: Path | None = None) -> Case:
    """Reads a case from a folder with `img.pt`, a `.pt` file, or an image file.

    Of a volume the slice is taken in which the label map shows most, without one the middle
    slice; the case's `source` says which.

    Args:
        path: The folder or file.
        label: Label map on the same pixel grid, in place of the one beside or inside `path`.

    Raises:
        SpineError: If a file cannot be read, or image and label map do not fit.
    """
    image = path / IMAGE_NAME if path.is_dir() else path
    found = _matched(image, label)
    pixels = found.pixels
    return Case(
        name=path.name if path.is_dir() else stem_of(path),
        image=pixels if image.suffix.lower() == ".pt" else normalise(pixels, str(path)),
        label=_label(path) if label is None else found.label,
        spacing=found.spacing,
        source=found.source(path.name),
    )


def _matched(image: Path, label: Path | None) -> Matched:
    volume = read_volume(image)
    if label is None:
        return middle_slice(volume)
    return match(volume, read_label_volume(label), image)


def _label(path: Path) -> LabelMap | None:
    """The label map that belongs to the file, if there is one."""
    if path.is_dir():
        beside = path / LABEL_NAME
        return read_label_map(beside) if beside.exists() else None
    if path.name == IMAGE_NAME or path.suffix.lower() != ".pt":
        return None
    try:
        return read_pt_label(path)
    except FileFormatError:
        return None
