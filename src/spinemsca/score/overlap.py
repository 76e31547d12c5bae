"""Overlap of all structures at once, from one joint histogram of two label maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spinemsca.anatomy import NUMBER_OF_CLASSES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinemsca.case import LabelMap

__all__ = ["joint_histogram", "overlaps"]


def joint_histogram(prediction: LabelMap, truth: LabelMap) -> NDArray[np.int64]:
    """Pixels or voxels by truth's value (rows) and prediction's (columns).

    Args:
        prediction: `(H, W)` or `(S, H, W)` uint8, values 0 to 11.
        truth: The same shape and range.

    Returns:
        `(12, 12)` int64.
    """
    counts = np.zeros(NUMBER_OF_CLASSES**2, np.int64)
    slices = (prediction, truth) if truth.ndim > 2 else (prediction[None], truth[None])
    # Slice by slice, since counting takes eight bytes for each of the numbers counted.
    for found, wanted in zip(*slices, strict=True):
        pairs = wanted.ravel() * np.uint8(NUMBER_OF_CLASSES) + found.ravel()
        counts += np.bincount(pairs, minlength=NUMBER_OF_CLASSES**2)
    return counts.reshape(NUMBER_OF_CLASSES, NUMBER_OF_CLASSES)


def overlaps(joint: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """Dice, IoU, precision and recall of every class; NaN where the denominator is 0.

    Dice is twice the shared pixels over the sum of both (Dice, Ecology 26, 1945); IoU is
    shared over united (Jaccard, 1901).

    Returns:
        Each `(12,)` float64 in [0, 1], indexed by label value.
    """
    shared = np.diagonal(joint).astype(float)
    truth, prediction = joint.sum(1), joint.sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "dice": 2 * shared / (truth + prediction),
            "iou": shared / (truth + prediction - shared),
            "precision": shared / prediction,
            "recall": shared / truth,
        }
