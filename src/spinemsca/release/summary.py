"""Count, mean, standard deviation and range of a sample."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["NumberSummary", "summarise_numbers"]


@dataclass(frozen=True, slots=True)
class NumberSummary:
    """A sample in five numbers.

    Attributes:
        n: Values.
        mean: Arithmetic mean.
        sd: Standard deviation with n − 1 below the fraction, `None` for a single value.
        min: Smallest value.
        max: Largest value.
    """

    n: int
    mean: float
    sd: float | None
    min: float
    max: float

    @classmethod
    def of_moments(cls, moments: NDArray[np.float64], low: float, high: float) -> Self:
        """From count, sum and sum of squares, the smallest and the largest value."""
        n, total, squares = (float(v) for v in moments)
        spread = max(squares - total * total / n, 0.0)
        return cls(int(n), total / n, (spread / (n - 1)) ** 0.5 if n > 1 else None, low, high)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def summarise_numbers(values: Sequence[float]) -> NumberSummary:
    """Sums up one value or more."""
    array = np.asarray(values, np.float64)
    sd = float(array.std(ddof=1)) if array.size > 1 else None
    return NumberSummary(
        array.size, float(array.mean()), sd, float(array.min()), float(array.max())
    )
