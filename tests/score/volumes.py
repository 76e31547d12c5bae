"""Label volumes with known answers, and files of them."""

from __future__ import annotations

from itertools import permutations, product
from pathlib import Path

import nibabel
import numpy as np
from numpy.typing import NDArray

from tests.score.masks import bars

SPACING = (4.0, 0.5, 0.8)
"""Of slices, rows and columns in mm."""

AFFINE = np.array(
    [[0, 0, -4.0, 40], [0, -0.8, 0, 30], [-0.5, 0, 0, 60], [0, 0, 0, 1]],
)
"""Of voxels in the order row, column, slice, with rows to the feet and columns to the back."""

ORIENTATIONS = [
    np.stack([order, signs], axis=1)
    for order in permutations(range(3))
    for signs in product((1, -1), repeat=3)
]
"""The 48 ways in which a file can lie, as `nibabel.orientations` has them."""


def stack(*shifts: int) -> NDArray[np.uint8]:
    """`(S, 140, 60)`: a slice of bars for each shift to the back."""
    return np.stack([bars(shift) for shift in shifts])


def write_volume(
    path: Path,
    volume: NDArray[np.uint8],
    affine: NDArray[np.float64] = AFFINE,
    orientation: NDArray[np.int64] | None = None,
) -> Path:
    """Writes `(S, H, W)` labels as NIfTI, in another order of axes on request."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = nibabel.Nifti1Image(np.moveaxis(volume, 0, 2), affine)
    if orientation is not None:
        image = image.as_reoriented(orientation)
    image.header.set_xyzt_units("mm")
    nibabel.save(image, path)
    return path
