"""Distances between two contours or surfaces, as DeepMind's `surface-distance` defines them.

A contour element lies at a pixel corner whose four pixels (outside the image: background) are
not all alike. Its length is that of the marching-squares line through the four. Nikolov et
al., J Med Internet Res 23, e26151 (2021). Surfaces of volumes: see `surface_3d`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from spinemsca.score.marching_cubes import surface_areas
from spinemsca.score.surface_3d import element_codes, surface_to_surface

if TYPE_CHECKING:
    from typing import Self

    from numpy.typing import NDArray

    Points = NDArray[np.float64]
    Elements = tuple[NDArray[np.float64], NDArray[np.float64]]

__all__ = ["SurfaceDistances", "surface_distances"]

# Pairs of contour elements from which search trees take less time than all pairs at once:
# measured on random masks of 40 to 512 pixels.
_MOST_PAIRS: Final = 2_000_000


@dataclass(frozen=True, slots=True, eq=False)
class SurfaceDistances:
    """Distances from each surface's elements to the other surface, sorted, with their sizes.

    Sizes are lengths of contours, or areas of surfaces, in the unit of the spacing.

    Attributes:
        forward: `(N,)` from truth to prediction, ascending, in the unit of the spacing.
        forward_size: `(N,)` sizes of the truth's elements.
        backward: `(M,)` from prediction to truth, ascending.
        backward_size: `(M,)` sizes of the prediction's elements.
        forward_sum: `(N,)` sizes of the truth summed up to each element.
        backward_sum: `(M,)` the same of the prediction.
    """

    forward: NDArray[np.float64]
    forward_size: NDArray[np.float64]
    backward: NDArray[np.float64]
    backward_size: NDArray[np.float64]
    forward_sum: NDArray[np.float64]
    backward_sum: NDArray[np.float64]

    @classmethod
    def of(cls, forward: Elements, backward: Elements) -> Self:
        """Sorts distances with their sizes, from truth to prediction and back."""
        (there, near), (back, far) = (_ascending(*way) for way in (forward, backward))
        return cls(there, near, back, far, near.cumsum(), far.cumsum())

    def hausdorff(self, percent: float = 100) -> float:
        """The larger of both directions' size-weighted percentiles."""
        if percent >= 100:
            return max(float(self.forward[-1]), float(self.backward[-1]))
        return max(
            _percentile(self.forward, self.forward_sum / self.forward_size.sum(), percent),
            _percentile(self.backward, self.backward_sum / self.backward_size.sum(), percent),
        )

    def assd(self) -> float:
        """Mean of both directions' size-weighted mean distances."""
        there = self.forward @ self.forward_size / self.forward_sum[-1]
        back = self.backward @ self.backward_size / self.backward_sum[-1]
        return float(there + back) / 2

    def nsd(self, tolerance: float) -> float:
        """Share of both surfaces within `tolerance` of the other, in [0, 1]."""
        near = _within(self.forward, self.forward_sum, tolerance)
        near += _within(self.backward, self.backward_sum, tolerance)
        return near / float(self.forward_sum[-1] + self.backward_sum[-1])


def surface_distances(
    prediction: NDArray[np.bool_], truth: NDArray[np.bool_], spacing: tuple[float, ...]
) -> SurfaceDistances:
    """Distances between the contours or surfaces of two masks, neither empty.

    Args:
        prediction: `(H, W)` or `(S, H, W)` bool; may be a crop that holds all of both masks.
        truth: The same shape.
        spacing: Of (slices,) rows and columns, in mm, or ones for pixels.
    """
    if truth.ndim == 2:
        row, column = spacing
        return _of_contours(prediction, truth, (row, column))
    across, row, column = spacing
    return _of_surfaces(prediction, truth, (across, row, column))


def _of_contours(
    prediction: NDArray[np.bool_], truth: NDArray[np.bool_], spacing: tuple[float, float]
) -> SurfaceDistances:
    lengths = _lengths(spacing)
    there, there_code = _contour(truth)
    back, back_code = _contour(prediction)
    forward, backward = _nearest(there * spacing, back * spacing)
    return SurfaceDistances.of((forward, lengths[there_code]), (backward, lengths[back_code]))


def _of_surfaces(
    prediction: NDArray[np.bool_], truth: NDArray[np.bool_], spacing: tuple[float, float, float]
) -> SurfaceDistances:
    areas = surface_areas(spacing)
    ways = surface_to_surface(element_codes(truth), element_codes(prediction), spacing)
    forward, backward = ((away, areas[codes]) for away, codes in ways)
    return SurfaceDistances.of(forward, backward)


def _ascending(away: NDArray[np.float64], size: NDArray[np.float64]) -> Elements:
    # Equal distances go by size, as the oracle has them: their sums round alike.
    order = np.lexsort((size, away))
    return away[order], size[order]


def _nearest(one: Points, other: Points) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distance from each point to the nearest of the other set, both ways, exactly."""
    if len(one) * len(other) > _MOST_PAIRS:
        there, back = (cKDTree(p, compact_nodes=False, balanced_tree=False) for p in (other, one))
        return np.asarray(there.query(one)[0]), np.asarray(back.query(other)[0])
    # Contours are short: all pairs in one matrix take less time than two search trees.
    pairs = cdist(one, other, "sqeuclidean")
    return np.sqrt(pairs.min(axis=1)), np.sqrt(pairs.min(axis=0))


def _contour(mask: NDArray[np.bool_]) -> tuple[Points, NDArray[np.uint8]]:
    """Rows and columns of a mask's contour elements, and which of their four pixels are inside."""
    rows, columns = mask.shape
    code = np.zeros((rows + 1, columns + 1), np.uint8)
    for bit, (row, column) in ((8, (1, 1)), (4, (1, 0)), (2, (0, 1)), (1, (0, 0))):
        code[row : row + rows, column : column + columns] += mask * np.uint8(bit)
    places = np.flatnonzero((code > 0) & (code < 15))
    points = np.stack(np.divmod(places, columns + 1), axis=1).astype(np.float64)
    return points, code.ravel()[places]


@lru_cache(maxsize=64)
def _lengths(spacing: tuple[float, float]) -> NDArray[np.float64]:
    """Length of the marching-squares line through each of the 16 ways of being inside."""
    row, column = spacing
    # One corner inside or outside cuts a diagonal; opposite corners cut two.
    table = np.full(16, 0.5 * np.hypot(row, column))
    table[[0, 15]] = 0
    table[[0b0011, 0b1100]] = column
    table[[0b0101, 0b1010]] = row
    table[[0b0110, 0b1001]] *= 2
    return table


def _percentile(distance: NDArray[np.float64], share: NDArray[np.float64], percent: float) -> float:
    """The distance up to which `percent` of the size lies; `share` grows up to 1."""
    place = int(share.searchsorted(percent / 100))
    return float(distance[min(place, len(distance) - 1)])


def _within(distance: NDArray[np.float64], total: NDArray[np.float64], tolerance: float) -> float:
    """Size of the elements that lie no farther than `tolerance`."""
    number = int(distance.searchsorted(tolerance, side="right"))
    return float(total[number - 1]) if number else 0.0
