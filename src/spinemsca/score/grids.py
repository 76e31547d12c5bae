"""Whether two files hold one grid, and how large its voxels are.

Volumes are read in patient axes, so that the order of a file's axes and their directions do not
matter: what is compared is where the voxels lie in the world.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemsca.errors import CaseError
from spinemsca.io import has_plain_axes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinemsca.io import Volume

    Affine = NDArray[np.float64]

__all__ = ["GRID_TOLERANCE", "check_same_grid", "voxel_spacing"]

GRID_TOLERANCE: Final = 0.1
"""How far corners of two grids may lie apart, as a share of a voxel's shortest side: rounding of
headers (a spacing of 0.5859375 as 0.586 mm shifts the last of 512 rows by 0.05 of one) passes."""


def check_same_grid(prediction: Volume, truth: Volume) -> None:
    """Whether two label volumes can be compared voxel by voxel.

    A file that states no place in the world is compared by its shape alone.

    Raises:
        CaseError: If their shapes differ, or their grids by more than `GRID_TOLERANCE`.
    """
    if prediction.pixels.shape != truth.pixels.shape:
        raise CaseError(
            f"prediction has shape {_shape(prediction)}, the truth {_shape(truth)}",
            remedy="Bring both onto the same grid, with the same number of slices",
        )
    one, other = _affine(prediction), _affine(truth)
    if one is None or other is None:
        return
    apart = _farthest_apart(one, other, truth.pixels.shape)
    if apart > GRID_TOLERANCE * np.linalg.norm(other[:3, :3], axis=0).min():
        raise CaseError(
            f"its voxels lie up to {apart:.3g} mm from those of the truth",
            remedy="Resample it onto the truth's grid, or mend the header that is wrong",
        )


def voxel_spacing(volume: Volume) -> tuple[float, float, float] | None:
    """Distance of slices, rows and columns in mm as the header states it, or `None`."""
    affine = volume.grid.affine
    if affine is None or volume.spacing is None:
        return None
    across = float(np.linalg.norm(affine[:3, volume.grid.orientation.order[0]]))
    return across, volume.spacing.row, volume.spacing.column


def _shape(volume: Volume) -> tuple[int, ...]:
    """Slices, rows and columns, or of a single slice its rows and columns."""
    shape = volume.pixels.shape
    return shape[1:] if shape[0] == 1 else shape


def _affine(volume: Volume) -> Affine | None:
    """Affine map from slice, row and column to the world; `None` where nothing tells it."""
    affine, turn = volume.grid.affine, volume.grid.orientation
    if affine is None or (len(volume.pixels) == 1 and has_plain_axes(volume.grid.shape, affine)):
        return None
    sides = zip(turn.order, turn.flips, volume.pixels.shape, strict=True)
    steps = [(affine[:3, axis], flip, side) for axis, flip, side in sides]
    start = sum(((side - 1) * step for step, flip, side in steps if flip), affine[:3, 3])
    columns = [-step if flip else step for step, flip, _ in steps]
    return np.stack([*columns, start], axis=1)


def _farthest_apart(one: Affine, other: Affine, shape: tuple[int, ...]) -> float:
    """Distance in mm of the corners of two grids that lie farthest apart."""
    corners = np.array([(*corner, 1) for corner in product(*((0, side - 1) for side in shape))])
    return float(np.linalg.norm(corners @ (one - other).T, axis=1).max())
