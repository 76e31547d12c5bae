"""How a file's axes lie in the patient, and bringing them to the house's orientation and back.

The house's orientation: slices from the patient's right to left, rows towards the feet, columns
towards the back. World coordinates are those of NIfTI, in mm: x grows to the patient's right, y
to the front, z to the head (RAS). DICOM, MHA and NRRD state x to the left and y to the back
(LPS); their readers convert before they come here.

Axis codes are nibabel's: one letter an axis of the file, in the file's order, the side of the
patient to which the index grows. A slice that lies as the house wants it is `IP`, its mirror
image `IA`, one turned by 180° `SA`, and a NIfTI volume may be `RAS` or `LPI`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import permutations
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from spinemsca.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["HOUSE", "PLANES", "SLICE_CODES", "Orientation", "orthonormal", "other_world"]

PLANES: Final = ("sagittal", "coronal", "axial")
"""The plane whose normal is world axis x, y or z."""

SLICE_CODES: Final = ("IP", "IA", "SP", "SA", "PI", "PS", "AI", "AS")
"""Axis codes that a sagittal slice can have: those of its rows and its columns."""

_WORLD: Final = (0, 2, 1)
_SIGNS: Final = np.array([[-1.0], [-1.0], [1.0], [1.0]])
# Direction cosines written with two decimals are off by as much; larger errors are no rounding.
_BENT: Final = 0.01
_AXES: Final = ("LR", "IS", "PA")


def other_world(affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """An affine in LPS for one in RAS, and the other way round."""
    turned: NDArray[np.float64] = _SIGNS * affine
    return turned


def orthonormal(directions: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The unit vectors at right angles that lie nearest to directions bent by rounding.

    Args:
        directions: `(3, N)` or `(2, N)`, one a column.

    Returns:
        The orthogonal factor of their polar decomposition; `None` where a length or a product of
        two is off by more than 0.01, or a number is not finite.
    """
    if not np.isfinite(directions).all():
        return None
    lengths = np.linalg.norm(directions, axis=0)
    products = directions.T @ directions - np.diag(lengths**2)
    if np.abs(lengths - 1).max() > _BENT or np.abs(products).max() > _BENT:
        return None
    left, _, right = np.linalg.svd(directions, full_matrices=False)
    nearest: NDArray[np.float64] = left @ right
    return nearest


@dataclass(frozen=True, slots=True)
class Orientation:
    """A change of axes without interpolation, from a file's to the house's.

    Attributes:
        order: The file's axes that become slices, rows and columns; a picture's third is 2.
        flips: Which of slices, rows and columns then run backwards.
    """

    order: tuple[int, int, int]
    flips: tuple[bool, bool, bool] = (False, False, False)

    @classmethod
    def of(cls, affine: NDArray[np.float64]) -> Self:
        """Of a volume.

        Args:
            affine: `(4, 4)`, from voxel indices to world coordinates (RAS) in mm; oblique ones
                are turned to the nearest axes.
        """
        matrix = affine[:3, :3]
        cosines = matrix / np.linalg.norm(matrix, axis=0)
        order = max(permutations(range(3)), key=lambda p: np.abs(cosines[_WORLD, p]).sum())
        slices, rows, columns = (bool(v > 0) for v in cosines[_WORLD, order])
        return cls((order[0], order[1], order[2]), (slices, rows, columns))

    @classmethod
    def parse(cls, codes: str) -> Self:
        """From axis codes: three letters of a volume, or two of a slice's rows and columns.

        Raises:
            UsageError: If they are none.
        """
        letters = f"{codes}L" if codes in SLICE_CODES else codes
        found = [[i for i, c in enumerate(letters) if c in pair] for pair in _AXES]
        if len(letters) != 3 or any(len(places) != 1 for places in found):
            raise UsageError(
                f"{codes!r} is no orientation",
                remedy=f"A slice's is one of {', '.join(SLICE_CODES)}: where rows and columns run",
            )
        slices, rows, columns = (places[0] for places in found)
        flips = [
            letters[place] == pair[1]
            for place, pair in zip((slices, rows, columns), _AXES, strict=True)
        ]
        return cls((slices, rows, columns), (flips[0], flips[1], flips[2]))

    @property
    def codes(self) -> str:
        """Three letters, one an axis of the file."""
        letters = [""] * 3
        for axis, flip, pair in zip(self.order, self.flips, _AXES, strict=True):
            letters[axis] = pair[flip]
        return "".join(letters)

    @property
    def slice_codes(self) -> str:
        """The same without the axis across slices: two letters of a picture's rows and columns."""
        return self.codes[: self.order[0]] + self.codes[self.order[0] + 1 :]

    def reversed_along(self, axes: tuple[int, ...]) -> Self:
        """Of a file whose slices turn out to lie reversed along rows (0) or columns (1)."""
        slices, rows, columns = self.flips
        return replace(self, flips=(slices, rows ^ (0 in axes), columns ^ (1 in axes)))

    def apply(self, array: NDArray[Any]) -> NDArray[Any]:
        """A view of an array on the file's axes as `(slices, rows, columns)`."""
        return self._flipped(array.transpose(self.order))

    def undo(self, array: NDArray[Any]) -> NDArray[Any]:
        """A view of `(slices, rows, columns)` on the file's axes."""
        inverse = [self.order.index(axis) for axis in range(3)]
        return self._flipped(array).transpose(inverse)

    def _flipped(self, array: NDArray[Any]) -> NDArray[Any]:
        return array[tuple(slice(None, None, -1 if flip else 1) for flip in self.flips)]


HOUSE: Final = Orientation((2, 0, 1))
"""Of a slice that lies as the house wants it: `IP`."""
