"""Errors of size and place: area or volume, and centroid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Box = tuple[slice, ...]

__all__ = ["centroids", "size_errors"]


def centroids(
    label: NDArray[np.uint8], boxes: Sequence[Box | None], spacing: tuple[float, ...]
) -> dict[int, NDArray[np.float64]]:
    """Centre of gravity of each structure shown, in the spacing's unit from the first pixel.

    Args:
        label: `(H, W)` or `(S, H, W)` uint8.
        boxes: Parts of the map that hold the values 1, 2, …, as `scipy.ndimage.find_objects`.
        spacing: Along the axes, in mm, or ones for pixels.

    Returns:
        `(2,)` row and column, of a volume `(3,)` with the slice before, by label value;
        structures not shown are left out.
    """
    found = {}
    for value, box in enumerate(boxes, start=1):
        if box is not None:
            inside = label[box] == value
            centre = [_mean_index(_along(inside, axis)) for axis in range(inside.ndim)]
            corner = np.array([side.start for side in box])
            found[value] = (corner + centre) * np.array(spacing)
    return found


def _along(inside: NDArray[np.bool_], axis: int) -> NDArray[np.int64]:
    """Pixels inside at each place along one axis."""
    others = tuple(other for other in range(inside.ndim) if other != axis)
    return np.asarray(inside.sum(axis=others))


def _mean_index(counts: NDArray[np.int64]) -> float:
    return float(counts @ np.arange(len(counts)) / counts.sum())


def size_errors(name: str, prediction: int, truth: int, each: float) -> dict[str, float]:
    """How much the predicted area or volume differs from the true one.

    Args:
        name: `area` or `volume`.
        prediction: In pixels or voxels.
        truth: The same.
        each: Area of a pixel in mm², or volume of a voxel in mm³, or 1.

    Returns:
        Under `name` the predicted size, under `name` with `_error` predicted minus true, with
        `_error_percent` the same as a share of the true size. NaN where both masks are empty,
        the share also where the truth is.
    """
    keys = (name, f"{name}_error", f"{name}_error_percent")
    if not prediction and not truth:
        return dict.fromkeys(keys, float("nan"))
    difference = prediction - truth
    share = 100 * difference / truth if truth else float("nan")
    return dict(zip(keys, (prediction * each, difference * each, share), strict=True))
