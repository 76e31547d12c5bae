"""An image and its label map brought together: the same slice of the same pixel grid."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca.errors import CaseError
from spinemsca.io import has_plain_axes
from spinemsca.release import of_slice

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from spinemsca.case import Spacing
    from spinemsca.io import Volume

__all__ = ["Matched", "match", "middle_slice"]

# In pixels of the image: below it every label pixel still lies nearest to its own image pixel.
_TOLERANCE: Final = 0.5
_SAME_GRID: Final = "Save the label map with the image's own grid and header"


@dataclass(frozen=True, slots=True, eq=False)
class Matched:
    """One slice of an image, and the same slice of its label map.

    Attributes:
        pixels: `(H, W)`, any real dtype and range; row 0 at the head, column 0 anterior.
        label: `(H, W)`, values as in its file; `None` where there is no label map.
        spacing: Of the image in mm, or `None` where its file states none.
        index: Of the slice, from the patient's right.
        count: Slices of the image.
    """

    pixels: NDArray[Any]
    label: NDArray[Any] | None
    spacing: Spacing | None
    index: int = 0
    count: int = 1

    def source(self, text: str) -> str:
        """Where a case came from, with the slice that was taken of a volume."""
        return of_slice(text, self.index, self.count)


def middle_slice(image: Volume) -> Matched:
    """The middle slice of an image without a label map."""
    number = len(image.pixels)
    return _slice(image, None, number // 2)


def match(image: Volume, label: Volume, where: Path) -> Matched:
    """The slice in which the label map shows most; among equals the one nearest to the middle.

    A label map without an orientation lies on the rows and columns of its image's file, if that
    has such (a picture, one DICOM slice); else as the slice is seen with the head up and the
    patient facing left.

    Args:
        image: From `read_volume`.
        label: From `read_volume` or `read_label_volume`.
        where: For messages.

    Raises:
        CaseError: If the two differ in shape, or lie at different places in the patient.
    """
    pixels = _turned_along(image, label)
    if pixels.shape != image.pixels.shape:
        raise CaseError(
            f"image is {_shape(image.pixels)}, its label map {_shape(pixels)}",
            where=where,
            remedy="Bring both onto the same pixel grid and the same slices",
        )
    _check_places(image, label, where)
    return _slice(image, pixels, _most_labelled(pixels))


def _slice(image: Volume, labels: NDArray[Any] | None, index: int) -> Matched:
    label = None if labels is None else labels[index]
    return Matched(image.pixels[index], label, image.spacing, index, len(image.pixels))


def _shape(pixels: NDArray[Any]) -> tuple[int, ...]:
    return pixels.shape[1:] if len(pixels) == 1 else pixels.shape


def _turned_along(image: Volume, label: Volume) -> NDArray[Any]:
    """The label map's slices, turned as its image was where only the image's file says how."""
    flat = image.grid.affine is None and label.grid.affine is None
    if not flat or label.oriented or label.pixels.shape[1:] != image.grid.shape:
        return label.pixels
    # Where each of the image's pixels lies in its file: there is its label.
    order = image.restore(np.arange(image.pixels.size).reshape(image.pixels.shape))
    turned = np.empty(image.pixels.shape, label.pixels.dtype)
    turned.flat[order.ravel()] = label.pixels.ravel()
    return turned


def _check_places(image: Volume, label: Volume, where: Path) -> None:
    """Two files that state where they lie must agree to half a pixel."""
    placed = [_is_placed(volume) for volume in (image, label)]
    if image.grid.affine is None or label.grid.affine is None or not any(placed):
        return
    if not all(placed):
        raise CaseError(
            f"the {'label map' if placed[0] else 'image'} states no orientation, the other does",
            where=where,
            remedy=_SAME_GRID,
        )
    apart = np.linalg.norm(_corners(image) - _corners(label), axis=1).max()
    if apart > _TOLERANCE * np.linalg.norm(image.grid.affine[:3, :3], axis=0).min():
        raise CaseError(
            f"image and label map lie {apart:.3g} mm apart, by their headers",
            where=where,
            remedy=_SAME_GRID,
        )


def _is_placed(volume: Volume) -> bool:
    affine = volume.grid.affine
    return affine is not None and not has_plain_axes(volume.grid.shape, affine)


def _corners(volume: Volume) -> NDArray[np.float64]:
    """`(8, 3)`: the corners of the turned volume in world coordinates, in mm."""
    shape = (*volume.grid.shape, 1)[:3]
    lines = np.ogrid[tuple(slice(side) for side in shape)]
    turned = [volume.grid.orientation.apply(np.broadcast_to(line, shape)) for line in lines]
    ends = list(product((0, -1), repeat=3))
    indices = np.array([[float(axis[end]) for axis in turned] for end in ends])
    affine = np.asarray(volume.grid.affine)
    corners: NDArray[np.float64] = indices @ affine[:3, :3].T + affine[:3, 3]
    return corners


def _most_labelled(labels: NDArray[Any]) -> int:
    middle = len(labels) // 2
    shown = [len(np.unique(labels[i][labels[i] != 0])) for i in range(len(labels))]
    return max(range(len(labels)), key=lambda i: (shown[i], -abs(i - middle)))
