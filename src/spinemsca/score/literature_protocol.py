"""The metrics as the literature on this dataset computes them, to compare with print.

SymTC and Spine-DCAN use Dice with a smoothing of 1e-5 over the eleven foreground channels, and
the HD95 of the package medpy: the 95th percentile of both directions pooled, between boundary
pixels, 0 when either mask is empty. That flatters a model that misses things; nothing else in
this package uses it. Both are defined for volumes, too, as medpy computes them in 3-D; what is in
print was computed slice by slice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.ndimage import find_objects
from scipy.spatial import cKDTree

from spinemsca.anatomy import STRUCTURES, Structure
from spinemsca.score.boxes import around

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from spinemsca.case import LabelMap

__all__ = ["pooled_hd95", "published_scores", "smoothed_dice"]

# As SymTC and Spine-DCAN have it, see above.
_SMOOTH: Final = 1e-5


def smoothed_dice(shared: float, prediction: float, truth: float) -> float:
    """(2 × shared + 1e-5) / (prediction + truth + 1e-5), in pixels; 1 for two empty masks."""
    return (2 * shared + _SMOOTH) / (prediction + truth + _SMOOTH)


def pooled_hd95(
    prediction: NDArray[np.bool_], truth: NDArray[np.bool_], spacing: tuple[float, ...]
) -> float:
    """95th percentile of the boundary distances of both directions together, as medpy's `hd95`.

    Boundary pixels are those that an erosion with the neighbours across an edge (in 3-D: across a
    face) removes.

    Args:
        prediction: `(H, W)` or `(S, H, W)` bool.
        truth: The same shape.
        spacing: Along the axes, in mm, or ones for pixels.

    Returns:
        In the spacing's unit; 0 when either mask is empty.
    """
    if not prediction.any() or not truth.any():
        return 0.0
    one, other = (_boundary(mask) * spacing for mask in (prediction, truth))
    there, back = (cKDTree(b).query(a)[0] for a, b in ((one, other), (other, one)))
    return float(np.percentile(np.concatenate([there, back]), 95))


def published_scores(
    prediction: LabelMap,
    truth: LabelMap,
    annotated: Collection[Structure],
    spacing: tuple[float, ...],
) -> NDArray[np.float64]:
    """Dice and HD95 of every structure in the published way.

    Args:
        prediction: `(H, W)` or `(S, H, W)` uint8, values 0 to 11.
        truth: The same shape and range.
        annotated: Structures that the truth speaks of.
        spacing: Along the axes, in mm, or ones for pixels.

    Returns:
        `(11, 2)`, rows in order of the label values; NaN where not annotated.
    """
    boxes = (find_objects(label, len(STRUCTURES)) for label in (prediction, truth))
    scores = np.full((len(STRUCTURES), 2), np.nan)
    for structure, one, other in zip(STRUCTURES, *boxes, strict=True):
        if structure not in annotated:
            continue
        value = structure.value
        box = around([b for b in (one, other) if b is not None], truth.ndim)
        found, wanted = prediction[box] == value, truth[box] == value
        counts = [float(np.count_nonzero(m)) for m in (found & wanted, found, wanted)]
        scores[value - 1] = smoothed_dice(*counts), pooled_hd95(found, wanted, spacing)
    return scores


def _boundary(mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Indices of the pixels that have a neighbour outside, the image's edge too."""
    inside = mask.copy()
    for axis in range(mask.ndim):
        line = np.moveaxis(inside, axis, 0)
        shown = np.moveaxis(mask, axis, 0)
        line[1:] &= shown[:-1]
        line[:-1] &= shown[1:]
        line[[0, -1]] = False
    return np.argwhere(mask & ~inside)
