"""Where label maps come from: pictures, `.pt` files and folders of cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spinemsca.errors import FileFormatError, UsageError
from spinemsca.io import pt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from spinemsca.case import Spacing

__all__ = ["Source", "find", "read"]

_LABEL: str = "_label"


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """One label map as it lay on disk.

    Attributes:
        name: File's or case's name, without `_label`.
        label: Numbers as they came.
        image: `(H, W)` or `None`.
        spacing: In mm where the file states one.
    """

    name: str
    label: NDArray[Any]
    image: NDArray[Any] | None = None
    spacing: Spacing | None = None


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


def read(path: Path, images: Path | None = None) -> Source:
    """Reads one label map and, where there is one, its image.

    Args:
        path: `.png`, or `.pt`: a case folder's `label.pt` or a file that holds both.
        images: The image, or a folder that holds it as `NAME.png`.

    Raises:
        FileFormatError: If the file is neither.
    """
    if path.suffix == ".pt":
        return _read_pt(path)
    name = path.stem.removesuffix(_LABEL)
    return Source(name, read_picture(path), _read_image(images, name))


def _read_pt(path: Path) -> Source:
    if path.name != "label.pt":
        image, label = pt.read_pair(path)
        return Source(path.stem, label, image)
    beside = path.with_name("img.pt")
    picture = pt.read_image(beside) if beside.is_file() else None
    return Source(path.parent.name, pt.read_label(path), picture)


def _read_image(images: Path | None, name: str) -> NDArray[Any] | None:
    if images is None:
        return None
    path = images / f"{name}.png" if images.is_dir() else images
    if not path.is_file():
        raise UsageError("the image is not there", where=path)
    return read_picture(path)


def read_picture(path: Path) -> NDArray[Any]:
    """`(H, W)` grey values or palette indices of a picture.

    Raises:
        FileFormatError: If it is no picture, or in colour.
    """
    from PIL import Image

    try:
        with Image.open(path) as picture:
            if picture.mode not in ("L", "P", "1", "I", "I;16", "F"):
                raise FileFormatError(
                    f"is a picture of mode {picture.mode}",
                    where=path,
                    remedy="Give label numbers as grey values or palette indices",
                )
            return np.asarray(picture)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise FileFormatError(f"cannot be read as a picture: {error}", where=path) from None
