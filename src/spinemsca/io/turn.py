"""Turning a file's axes to the house's: slices from right to left, rows down, columns backwards.

World coordinates are those of NIfTI, in mm: x grows to the patient's right, y to the front, z to
the head (RAS). DICOM, MHA and NRRD state x to the left and y to the back (LPS); their readers
convert before they come here.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["AS_IT_LIES", "PLANES", "Turn", "other_world"]

PLANES: Final = ("sagittal", "coronal", "axial")
"""The plane whose normal is world axis x, y or z."""

_WORLD: Final = (0, 2, 1)
_SIGNS: Final = np.array([[-1.0], [-1.0], [1.0], [1.0]])


def other_world(affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """An affine in LPS for one in RAS, and the other way round."""
    turned: NDArray[np.float64] = _SIGNS * affine
    return turned


@dataclass(frozen=True, slots=True)
class Turn:
    """A change of axes without interpolation.

    Attributes:
        order: The file's axes that become slices, rows and columns.
        flips: Which of slices, rows and columns then run backwards.
    """

    order: tuple[int, int, int]
    flips: tuple[bool, bool, bool] = (False, False, False)

    @classmethod
    def of(cls, affine: NDArray[np.float64]) -> Self:
        """The turn after which slices run to the patient's left, rows down and columns back.

        Args:
            affine: `(4, 4)`, from voxel indices to world coordinates (RAS) in mm; oblique ones
                are turned to the nearest axes.
        """
        matrix = affine[:3, :3]
        cosines = matrix / np.linalg.norm(matrix, axis=0)
        order = max(permutations(range(3)), key=lambda p: np.abs(cosines[_WORLD, p]).sum())
        slices, rows, columns = (bool(v > 0) for v in cosines[_WORLD, order])
        return cls((order[0], order[1], order[2]), (slices, rows, columns))

    def apply(self, array: NDArray[Any]) -> NDArray[Any]:
        """A view of an array on the file's axes as `(slices, rows, columns)`."""
        return self._flipped(array.transpose(self.order))

    def undo(self, array: NDArray[Any]) -> NDArray[Any]:
        """A view of `(slices, rows, columns)` on the file's axes."""
        inverse = [self.order.index(axis) for axis in range(3)]
        return self._flipped(array).transpose(inverse)

    def _flipped(self, array: NDArray[Any]) -> NDArray[Any]:
        return array[tuple(slice(None, None, -1 if flip else 1) for flip in self.flips)]


AS_IT_LIES: Final = Turn((0, 1, 2))
"""Of an array that is `(slices, rows, columns)` already."""
