"""Errors of size and place: area and centroid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Box = tuple[slice, slice]

__all__ = ["area_errors", "centroids"]


def centroids(
    label: NDArray[np.uint8], boxes: Sequence[Box | None], spacing: tuple[float, float]
) -> dict[int, NDArray[np.float64]]:
    """Centre of gravity of each structure shown, in the spacing's unit from the first pixel.

    Args:
        label: `(H, W)` uint8.
        boxes: Rows and columns that hold the values 1, 2, …, as `scipy.ndimage.find_objects`.
        spacing: Of rows and columns, in mm, or ones for pixels.

    Returns:
        `(2,)` row and column by label value; structures not shown are left out.
    """
    found = {}
    for value, box in enumerate(boxes, start=1):
        if box is not None:
            inside = label[box] == value
            centre = [_mean_index(inside.sum(axis=axis)) for axis in (1, 0)]
            corner = np.array([side.start for side in box])
            found[value] = (corner + centre) * np.array(spacing)
    return found


def _mean_index(counts: NDArray[np.int64]) -> float:
    return float(counts @ np.arange(len(counts)) / counts.sum())


def area_errors(prediction: int, truth: int, pixel: float) -> dict[str, float]:
    """By how much the predicted area differs from the true one.

    Args:
        prediction: In pixels.
        truth: In pixels.
        pixel: Area of a pixel, in mm², or 1.

    Returns:
        `area`, the predicted one, and `area_error`, predicted minus true, in px² or mm²;
        `area_error_percent`, the same as a share of the true area. NaN where both masks are
        empty, the share also where the truth is.
    """
    if not prediction and not truth:
        return dict.fromkeys(("area", "area_error", "area_error_percent"), float("nan"))
    difference = prediction - truth
    share = 100 * difference / truth if truth else float("nan")
    return {
        "area": prediction * pixel,
        "area_error": difference * pixel,
        "area_error_percent": share,
    }
