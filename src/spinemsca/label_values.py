"""Pixels as numbers of structures: the one check of what a label map may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca.anatomy import STRUCTURES
from spinemsca.errors import CaseError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["as_label_map", "whole_numbers"]

# A slope and an offset in float32 are right to 6e-8 of a value: 1e-3 for numbers up to 16,000,
# far beyond any tool's labels, and no interpolation's fraction.
_ROUNDING: Final = 1e-3
# Larger ones cannot be told apart as float32, and number no structure.
_LARGEST: Final = 1 << 24
_OWN: Final = f"Values are whole numbers from 0 (background) to {len(STRUCTURES)}"
_RENAME: Final = (
    "If they are another tool's numbers, say whose: --labels spineps|totalspineseg|spider"
)


def whole_numbers(
    values: NDArray[Any], where: str | Path | None = None, *, what: str = "label map"
) -> NDArray[Any]:
    """Values of any range as integers; what a scale factor rounded is put right.

    Args:
        values: Any shape, any real dtype.
        where: The file or case concerned, for messages.
        what: They are, for messages.

    Returns:
        Of the same shape and an integer dtype, int32 where they came as floating point.

    Raises:
        CaseError: If they hold fractions, NaN or infinity.
    """
    if values.dtype.kind == "b":
        return values.astype(np.uint8)
    if values.dtype.kind != "f":
        return values
    nearest = np.rint(values)
    largest = np.abs(nearest).max(initial=0)
    # Comparisons with NaN are false, so that it fails either.
    if not (largest <= _LARGEST and np.abs(values - nearest).max(initial=0) <= _ROUNDING):
        raise CaseError(
            f"{what} holds fractions, NaN, or numbers that are no labels",
            where=where,
            remedy="Values are whole numbers: resample label maps by nearest neighbour, "
            "never by interpolation",
        )
    numbers: NDArray[Any] = nearest.astype(np.int32)
    return numbers


def as_label_map(
    values: NDArray[Any],
    where: str | Path | None = None,
    *,
    what: str = "label map",
    named: bool = False,
) -> NDArray[np.uint8]:
    """Whole numbers as this package's labels, copied only where they must be.

    Args:
        values: Any shape, any real dtype.
        where: The file or case concerned, for messages.
        what: They are, for messages.
        named: Whether the user can say whose numbers they are, with `--labels`.

    Raises:
        CaseError: If they hold fractions, or one does not lie between 0 and 11.
    """
    numbers = whole_numbers(values, where, what=what)
    low, high = int(numbers.min(initial=0)), int(numbers.max(initial=0))
    if low < 0 or high > len(STRUCTURES):
        raise CaseError(
            f"{what} spans {int(numbers.min())} to {high}",
            where=where,
            remedy=f"{_OWN}. {_RENAME}" if named and low == 0 else _OWN,
        )
    return np.ascontiguousarray(numbers).astype(np.uint8, copy=False)
