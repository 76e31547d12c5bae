"""Finding the image that a label map belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spinemsca._util import printable
from spinemsca.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from spinemsca.predictions.find import LabelFile
    from spinemsca.predictions.record import Record

__all__ = ["find_image"]

# Formats that images are read from, in the order of the search; none is a folder of DICOM.
_SUFFIXES: Final = (
    *(".png", ".jpg", ".jpeg", ".tif", ".tiff", ".pt"),
    *(".nii.gz", ".nii", ".mha", ".nrrd", ".dcm", ".ima", ".dcm.gz", ""),
)


def find_image(images: Path, file: LabelFile, record: Record | None) -> Path:
    """The image of a label map, or the folder of its DICOM series.

    Args:
        images: The image, or a folder: searched for the file that was predicted, then for one of
            the case's name, in the case's folder and then at the top.
        file: The label map.
        record: Of its prediction.

    Raises:
        UsageError: If it is not there.
    """
    if images.is_file():
        return images
    if not images.is_dir():
        raise UsageError("does not exist", where=printable(images))
    found = next((p for p in _candidates(images, file, record) if _is_image(p)), None)
    if found is None:
        raise UsageError(
            f"holds no image of {file.name}",
            where=printable(images),
            remedy="Name the folder whose scans were predicted, or leave --images out",
        )
    return found


def _candidates(images: Path, file: LabelFile, record: Record | None) -> Iterator[Path]:
    folder, _, last = file.name.rpartition("/")
    places = [images / folder, images] if folder else [images]
    if record is not None and _is_name(record.input):
        yield from (place / record.input for place in places)
        if images.name == record.input:
            yield images
    yield from (place / last / "img.pt" for place in places)
    yield from (place / f"{last}{suffix}" for place in places for suffix in _SUFFIXES)


def _is_name(text: str) -> bool:
    return text not in ("", ".", "..") and not {*text} & {*"/\\:"}


def _is_image(path: Path) -> bool:
    try:
        return path.is_file() or (path.is_dir() and any(p.is_file() for p in path.iterdir()))
    except OSError:
        # A record may state a name that is too long to be one.
        return False
