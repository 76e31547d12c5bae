"""Where label maps come from: pictures, `.pt` files and folders of cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spinemsca.errors import CaseError, UsageError
from spinemsca.io import pt, raster
from spinemsca.measure.record import read_record, stated_faces, stated_spacing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from spinemsca.case import Spacing
    from spinemsca.io.scan import Scan

__all__ = ["Source", "find", "read"]

_LABEL: str = "_label"


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """One label map as it lay on disk.

    Attributes:
        name: File's or case's name, without `_label`.
        label: Numbers as they came.
        image: `(H, W)` or `None`.
        spacing: In mm where the image's file, or what `predict` wrote beside, states one.
        faces: Where the patient looks, where that is stated.
    """

    name: str
    label: NDArray[Any]
    image: NDArray[Any] | None = None
    spacing: Spacing | None = None
    faces: str | None = None


def find(inputs: Iterable[Path]) -> Iterator[Path]:
    """Label maps among files, case folders and folders of them, in order.

    In a folder, pictures called `*_label.png` are taken; where there are none, all pictures.

    Raises:
        UsageError: If an input does not exist or holds no label map.
    """
    for path in inputs:
        if not path.exists():
            raise UsageError("does not exist", where=path)
        found = [path] if path.is_file() else sorted(_inside(path))
        if not found:
            raise UsageError(
                "holds no label map", where=path, remedy="Give *_label.png or label.pt files"
            )
        yield from found


def _inside(folder: Path) -> list[Path]:
    found = list(folder.rglob("label.pt"))
    pictures = list(folder.rglob("*.png"))
    labelled = [p for p in pictures if p.stem.endswith(_LABEL)]
    return found + (labelled or ([] if found else pictures))


def read(path: Path, images: Path | None = None, *, foreign: bool = False) -> Source:
    """Reads one label map and, where there is one, its image.

    Args:
        path: A picture, or `.pt`: a case folder's `label.pt` or a file that holds both.
        images: The image, or a folder that holds it as `NAME.png`.
        foreign: Whether the numbers are another tool's, so that any are taken.

    Raises:
        SpineError: If a file cannot be read, or holds what it should not.
    """
    if path.suffix == ".pt":
        return _read_pt(path)
    name = path.stem.removesuffix(_LABEL)
    label = raster.read_picture(path).pixels if foreign else _read_own(path)
    scan, record = _read_image(images, name), read_record(path.with_name(f"{name}.json"))
    spacing, faces = stated_spacing(record), stated_faces(record)
    if scan is None:
        return Source(name, label, None, spacing, faces)
    return Source(name, label, scan.pixels, spacing or scan.spacing, faces)


def _read_own(path: Path) -> NDArray[Any]:
    try:
        return raster.read_label_picture(path)
    except CaseError as error:
        remedy = "If they are another tool's numbers, say whose: --labels"
        raise CaseError(error.what, where=path, remedy=remedy) from None


def _read_pt(path: Path) -> Source:
    if path.name != "label.pt":
        image, label = pt.read_pair(path)
        return Source(path.stem, label, image)
    beside = path.with_name("img.pt")
    picture = pt.read_image(beside) if beside.is_file() else None
    return Source(path.parent.name, pt.read_label(path), picture)


def _read_image(images: Path | None, name: str) -> Scan | None:
    if images is None:
        return None
    path = images / f"{name}.png" if images.is_dir() else images
    if not path.is_file():
        raise UsageError("the image is not there", where=path)
    return raster.read_picture(path)
