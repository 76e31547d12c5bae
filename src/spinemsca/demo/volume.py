"""A synthetic volume, as a scanner's series that was converted to NIfTI."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca._util import atomic_path
from spinemsca.io import Grid, Orientation, write_nifti
from spinemsca.phantom import draw_parameters, render

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from spinemsca.case import Case

__all__ = ["write_volume"]

# As dcm2niix writes sagittal series: from left to right, back to front, feet to head.
_CODES: Final = "RAS"
# Chosen, not measured: enough for a middle slice with neighbours.
_SLICES: Final = 5
# Chosen, not measured: a usual distance of sagittal slices.
_GAP_MM: Final = 4.0
# Scanners write whole numbers; thousands keep the phantom's grey values apart.
_GREYS: Final = 1000


def write_volume(scan: Path, truth: Path, seed: int) -> None:
    """Writes a volume of one anatomy, each slice with noise of its own, and its label map.

    Args:
        scan: NIfTI to write.
        truth: NIfTI to write.
        seed: Of the anatomy.
    """
    import nibabel

    parameters = draw_parameters(seed, 0, "t2")
    cases = [
        render(
            replace(parameters, scanner=replace(parameters.scanner, seed=seed + k)), name=scan.stem
        )
        for k in range(_SLICES)
    ]
    labels = np.stack([case.label for case in cases if case.label is not None])
    grid = _grid(cases[0], labels.shape)
    pixels = np.rint(_GREYS * np.stack([case.image for case in cases])).astype(np.int16)
    kit: Any = nibabel
    image = kit.Nifti1Image(grid.restore(pixels), grid.affine)
    image.header.set_xyzt_units("mm")
    with atomic_path(scan) as temporary:
        temporary.write_bytes(image.to_bytes())
    write_nifti(truth, labels, grid)


def _grid(case: Case, shape: tuple[int, ...]) -> Grid:
    orientation = Orientation.parse(_CODES)
    rows, columns = case.spacing or (1.0, 1.0)
    affine: NDArray[np.float64] = np.diag([_GAP_MM, columns, rows, 1.0])
    sides = np.array(shape)
    own = tuple(int(sides[orientation.order.index(axis)]) for axis in range(3))
    return Grid(own, orientation, affine)
