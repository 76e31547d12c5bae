"""Pixels as numbers of structures: this package's own, or those of another tool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca.anatomy import STRUCTURES
from spinemsca.errors import CaseError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from spinemsca.case import LabelMap

__all__ = ["as_label_map", "whole_numbers"]

# A slope and an offset in float32 are right to 6e-8 of a value: 1e-3 for numbers up to 16,000,
# far beyond any tool's labels, and no interpolation's fraction.
_ROUNDING: Final = 1e-3
# Larger ones cannot be told apart as float32, and number no structure.
_LARGEST: Final = 1 << 24
_RENAME: Final = (
    "If they are another tool's numbers, say whose: --labels spineps|totalspineseg|spider"
)


def whole_numbers(pixels: NDArray[Any], path: Path) -> NDArray[Any]:
    """Pixels of any range as integers; what a scale factor rounded is put right.

    Args:
        pixels: Any shape, any real dtype, all finite.
        path: For messages.

    Returns:
        Of the same shape and an integer dtype, int32 where they came as floating point.

    Raises:
        CaseError: If they hold fractions.
    """
    if pixels.dtype.kind == "b":
        return pixels.astype(np.uint8)
    if pixels.dtype.kind != "f":
        return pixels
    nearest = np.rint(pixels)
    if np.abs(nearest).max() > _LARGEST or np.abs(pixels - nearest).max() > _ROUNDING:
        raise CaseError(
            "label map holds fractions, or numbers that are no labels",
            where=path,
            remedy="Values are whole numbers: resample label maps by nearest neighbour, "
            "never by interpolation",
        )
    numbers: NDArray[Any] = nearest.astype(np.int32)
    return numbers


def as_label_map(numbers: NDArray[Any], path: Path) -> LabelMap:
    """Whole numbers as this package's labels, uint8.

    Raises:
        CaseError: If one does not lie between 0 and 11.
    """
    low, high = int(numbers.min()), int(numbers.max())
    if low < 0 or high > len(STRUCTURES):
        own = f"Values are whole numbers from 0 (background) to {len(STRUCTURES)}"
        raise CaseError(
            f"label map spans {low} to {high}",
            where=path,
            remedy=own if low < 0 else f"{own}. {_RENAME}",
        )
    label: LabelMap = numbers.astype(np.uint8)
    return label
