"""Distances between two contours, exact, as DeepMind's `surface-distance` defines them.

A contour element lies at a pixel corner whose four pixels (outside the image: background) are
not all alike. Its length is that of the marching-squares line through the four. Nikolov et
al., J Med Internet Res 23, e26151 (2021).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SurfaceDistances", "surface_distances"]


@dataclass(frozen=True, slots=True, eq=False)
class SurfaceDistances:
    """Distances from each contour's elements to the other contour, sorted, with lengths.

    Attributes:
        forward: `(N,)` from truth to prediction, ascending, in the unit of the spacing.
        forward_length: `(N,)` contour lengths of truth.
        backward: `(M,)` from prediction to truth, ascending.
        backward_length: `(M,)` contour lengths of prediction.
    """

    forward: NDArray[np.float64]
    forward_length: NDArray[np.float64]
    backward: NDArray[np.float64]
    backward_length: NDArray[np.float64]

    def hausdorff(self, percent: float = 100) -> float:
        """The larger of both directions' length-weighted percentiles."""
        return max(
            _percentile(self.forward, self.forward_length, percent),
            _percentile(self.backward, self.backward_length, percent),
        )

    def assd(self) -> float:
        """Mean of both directions' length-weighted mean distances."""
        there = self.forward @ self.forward_length / self.forward_length.sum()
        back = self.backward @ self.backward_length / self.backward_length.sum()
        return float(there + back) / 2

    def nsd(self, tolerance: float) -> float:
        """Share of both contours' length within `tolerance` of the other, in [0, 1]."""
        near = self.forward_length[self.forward <= tolerance].sum()
        near += self.backward_length[self.backward <= tolerance].sum()
        return float(near / (self.forward_length.sum() + self.backward_length.sum()))


def surface_distances(
    prediction: NDArray[np.bool_], truth: NDArray[np.bool_], spacing: tuple[float, float]
) -> SurfaceDistances:
    """Distances between the contours of two masks, neither empty.

    Args:
        prediction: `(H, W)` bool; may be a crop that holds all of both masks.
        truth: The same shape.
        spacing: Of rows and columns, in mm, or ones for pixels.
    """
    there, there_length = _contour(truth, spacing)
    back, back_length = _contour(prediction, spacing)
    forward, backward = _nearest(there, back), _nearest(back, there)
    first, second = np.argsort(forward), np.argsort(backward)
    return SurfaceDistances(
        forward[first], there_length[first], backward[second], back_length[second]
    )


def _nearest(points: Any, others: Any) -> NDArray[np.float64]:
    """Distance from each point to the nearest of the others."""
    tree = cKDTree(others, compact_nodes=False, balanced_tree=False)
    return np.asarray(tree.query(points)[0], dtype=np.float64)


def _contour(mask: NDArray[np.bool_], spacing: tuple[float, float]) -> tuple[Any, Any]:
    padded = np.pad(mask, 1).view(np.uint8)
    code = padded[:-1, :-1] * 8 + padded[:-1, 1:] * 4 + padded[1:, :-1] * 2 + padded[1:, 1:]
    rows, columns = np.nonzero((code > 0) & (code < 15))
    points = np.stack([rows * spacing[0], columns * spacing[1]], axis=1)
    return points, _lengths(spacing)[code[rows, columns]]


def _lengths(spacing: tuple[float, float]) -> NDArray[np.float64]:
    row, column = spacing
    # One corner inside or outside cuts a diagonal; opposite corners cut two.
    table = np.full(16, 0.5 * np.hypot(row, column))
    table[[0, 15]] = 0
    table[[0b0011, 0b1100]] = column
    table[[0b0101, 0b1010]] = row
    table[[0b0110, 0b1001]] *= 2
    return table


def _percentile(distance: Any, length: Any, percent: float) -> float:
    share = np.cumsum(length) / length.sum()
    return float(distance[min(np.searchsorted(share, percent / 100), len(distance) - 1)])
