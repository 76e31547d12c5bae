"""From one pixel grid to another: images by linear interpolation, labels by the nearest pixel.

Pixel k of n covers k to k+1, its centre lies at k+½; grids are laid over one another by their
outer edges, so that an image and its label map stay together to the sub-pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy import ndimage

from spinemsca.case import Spacing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinemsca.case import LabelMap

__all__ = ["Fit", "Placement", "place", "resample_image", "resample_label"]


class Fit(StrEnum):
    """How an image of another shape comes onto the square grid.

    `STRETCH` fills it, as the published dataset was made: its pixels may then have another
    height than width. `PAD` keeps the aspect and fills the rest with 0.
    """

    STRETCH = "stretch"
    PAD = "pad"


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the old grid lies on the new one.

    Attributes:
        shape: Rows and columns of the new grid.
        start: Upper left corner of the old image on the new grid, in new pixels.
        step: Old pixels a new pixel, along rows and columns.
        spacing: Of the new grid in mm, `None` where unknown.
    """

    shape: tuple[int, int]
    start: tuple[float, float]
    step: tuple[float, float]
    spacing: Spacing | None

    def box(self, old: tuple[int, int]) -> tuple[slice, slice]:
        """The new pixels whose centres lie on the old image of shape `old`."""
        sides = []
        for start, step, count in zip(self.start, self.step, old, strict=True):
            stop = start + count / step
            sides.append(slice(int(np.ceil(start - 0.5)), int(np.ceil(stop - 0.5))))
        return sides[0], sides[1]


def place(old: tuple[int, int], spacing: Spacing | None, fit: Fit, size: int = 512) -> Placement:
    """Lays an image of shape `old` over a square grid of `size` pixels.

    Args:
        old: Rows and columns.
        spacing: In mm; `Fit.PAD` takes pixels as square where it is `None`.
        fit: Stretch or pad.
        size: Rows and columns of the new grid.
    """
    extent = np.asarray(old) * (spacing or (1.0, 1.0))
    covered = np.full(2, float(size)) if fit is Fit.STRETCH else size * extent / extent.max()
    step = np.asarray(old) / covered
    start = (size - covered) / 2
    new = None if spacing is None else Spacing(*(np.asarray(spacing) * step).tolist())
    rows, columns = start.tolist()
    return Placement((size, size), (rows, columns), (float(step[0]), float(step[1])), new)


def resample_image(image: NDArray[np.float32], placement: Placement) -> NDArray[np.float32]:
    """Linear interpolation; 0 outside the old image.

    Where the new pixels are larger than the old ones, the image is blurred first with a
    Gaussian of sigma √(step² − 1) / 2 old pixels, so that fine texture does not alias.
    """
    sigma = [np.sqrt(max(step**2 - 1, 0)) / 2 for step in placement.step]
    smooth = ndimage.gaussian_filter(image, sigma, mode="nearest") if any(sigma) else image
    return _resampled(smooth, placement, order=1)


def resample_label(label: LabelMap, placement: Placement) -> LabelMap:
    """The nearest old pixel's value; background outside the old image."""
    return _resampled(label, placement, order=0)


def _resampled(array: NDArray[Any], placement: Placement, order: Literal[0, 1]) -> NDArray[Any]:
    step, start = np.asarray(placement.step), np.asarray(placement.start)
    box = placement.box((array.shape[0], array.shape[1]))
    out = np.zeros(placement.shape, array.dtype)
    first = np.array([side.start for side in box])
    out[box] = ndimage.affine_transform(
        array,
        np.diag(step),
        offset=np.asarray((first + 0.5 - start) * step - 0.5),
        output_shape=(box[0].stop - box[0].start, box[1].stop - box[1].start),
        order=order,
        mode="nearest",
        prefilter=False,
    )
    return out
