"""A volume: sagittal slices in the house's orientation, and the way back to the file's grid."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from spinemsca.case import Spacing
from spinemsca.errors import FileFormatError, UnsuitableError
from spinemsca.io.orientation import HOUSE, PLANES, Orientation

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from spinemsca.io.nifti_form import Form
    from spinemsca.io.scan import Scan

__all__ = [
    "Grid",
    "Volume",
    "as_it_lies",
    "as_picture",
    "has_plain_axes",
    "on_grid",
    "on_picture_grid",
    "one_slice",
]

# Chosen, not measured: how much farther apart slices lie than pixels.
_THICK: Final = 1.5
_UNKNOWN: Final = "The file states no usable orientation; the slice was taken as it lies"


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The pixel grid of a file.

    Attributes:
        shape: As the file has it, fastest axis first for NIfTI, MHA, NRRD and DICOM series,
            `(rows, columns)` for pictures and single DICOM slices.
        orientation: From the file's axes to slices, rows and columns.
        affine: `(4, 4)` from voxel indices to world coordinates (RAS) in mm, or `None` for
            pictures and single DICOM slices.
        form: What a NIfTI header says of place, so that a label map lies as its image does in
            every viewer; `None` for other formats.
    """

    shape: tuple[int, ...]
    orientation: Orientation
    affine: NDArray[np.float64] | None = None
    form: Form | None = None

    @property
    def codes(self) -> str:
        """Axis codes of the file's axes: two letters of a picture, three of a volume."""
        return self.orientation.slice_codes if self.affine is None else self.orientation.codes

    def spacing_of_file(self, spacing: Spacing | None) -> tuple[float, ...] | None:
        """Distances in mm between neighbours along the file's axes, as `codes` lists them.

        Args:
            spacing: Of rows and columns in the house's orientation.
        """
        if spacing is None:
            return None
        slices, *plane = self.orientation.order
        along = dict(zip(plane, spacing, strict=True))
        if self.affine is not None:
            along[slices] = float(np.linalg.norm(self.affine[:3, slices]))
        return tuple(float(along[axis]) for axis in sorted(along))

    def take(self, array: NDArray[Any]) -> NDArray[Any]:
        """`(S, H, W)` in the house's orientation, from one value a pixel on the file's grid."""
        return self.orientation.apply(_solid(array))

    def restore(self, values: NDArray[Any]) -> NDArray[Any]:
        """One value a pixel on the file's grid, contiguous, from `(S, H, W)`."""
        return np.ascontiguousarray(self.orientation.undo(values)).reshape(self.shape)


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """Sagittal slices as read from a file: not normalised, not resampled.

    Attributes:
        name: File name without its suffix.
        pixels: `(S, H, W)`, any real dtype and range; slices from the patient's right to left,
            row 0 at the head, column 0 anterior, where the file states an orientation.
        spacing: Of rows and columns in mm, or `None` where the file states none.
        grid: The file's own.
        notes: What a reader should know, one sentence each.
        oriented: Whether the file states an orientation, so that it is known how it lies.
        tilt: Degrees by which the columns fall below the patient's horizontal on their way to
            the back, `None` where the file states no orientation.
    """

    name: str
    pixels: NDArray[Any]
    spacing: Spacing | None
    grid: Grid
    notes: tuple[str, ...] = field(default=())
    oriented: bool = False
    tilt: float | None = None

    @property
    def is_picture(self) -> bool:
        """Whether the file is a picture or a single slice, without a place in the world."""
        return self.grid.affine is None

    def restore(self, values: NDArray[Any]) -> NDArray[Any]:
        """Brings one value a pixel onto the file's own grid.

        Args:
            values: `(S, H, W)`, as `pixels`.

        Returns:
            Contiguous, of the grid's shape.
        """
        return self.grid.restore(values)

    def seen_reversed(self, axes: tuple[int, ...]) -> Self:
        """The volume of a picture that turns out to lie reversed along rows (0) or columns (1)."""
        orientation = self.grid.orientation.reversed_along(axes)
        pixels = np.flip(self.pixels, tuple(axis + 1 for axis in axes))
        return replace(self, pixels=pixels, grid=replace(self.grid, orientation=orientation))

    def as_picture(self, *, spacing: Spacing | None, notes: tuple[str, ...]) -> Self:
        """A single slice whose label maps are pictures of the file's rows and columns."""
        grid = replace(self.grid, shape=self.grid.shape[:2], affine=None)
        return replace(self, grid=grid, spacing=spacing, notes=notes)

    def replace(self, **changes: Any) -> Self:
        """A copy with some attributes changed."""
        return replace(self, **changes)


def one_slice(scan: Scan) -> Volume:
    """A volume of one slice that lies as the house wants it."""
    return on_picture_grid(scan.name, scan.pixels, HOUSE, scan.spacing)


def as_picture(
    name: str, pixels: NDArray[Any], spacing: Spacing | None, notes: tuple[str, ...]
) -> Volume:
    """A volume of one `(H, W)` slice of a file that states no orientation."""
    return on_picture_grid(name, pixels, HOUSE, spacing).replace(notes=(_UNKNOWN, *notes))


def on_picture_grid(
    name: str,
    pixels: NDArray[Any],
    orientation: Orientation,
    spacing: tuple[float, float] | None,
    tilt: float | None = None,
) -> Volume:
    """A volume of one slice from a picture, which lies as is stated beside it.

    Args:
        name: Of the volume.
        pixels: `(H, W)` as in the picture.
        orientation: From the picture's axes to the house's.
        spacing: Of the picture's rows and columns in mm.
        tilt: As in `Volume`.
    """
    grid = Grid(pixels.shape, orientation)
    rows, columns = orientation.order[1:]
    own = None if spacing is None else Spacing(spacing[rows], spacing[columns])
    return Volume(name, grid.take(pixels), own, grid, tilt=tilt)


def on_grid(
    path: Path, name: str, array: NDArray[Any], affine: NDArray[np.float64], *, known: bool = True
) -> Volume:
    """A volume from an array and its affine.

    Args:
        path: For messages.
        name: Of the volume.
        array: `(I, J, K)` or `(I, J)`, fastest axis first.
        affine: To RAS.
        known: Whether the spacing is in mm rather than unknown.

    Raises:
        FileFormatError: If the affine is singular or not finite.
        UnsuitableError: If the slices are axial or coronal.
    """
    steps = _steps(affine, path)
    orientation = Orientation.of(affine)
    _check_plane(_solid(array).shape, steps, orientation, path)
    rows, columns = (float(steps[axis]) for axis in orientation.order[1:])
    spacing = Spacing(rows, columns) if known else None
    grid = Grid(array.shape, orientation, affine)
    tilt = _tilt(affine, orientation)
    return Volume(name, grid.take(array), spacing, grid, oriented=True, tilt=tilt)


def _tilt(affine: NDArray[np.float64], orientation: Orientation) -> float:
    axis = orientation.order[2]
    _, front, up = affine[:3, axis] * (-1 if orientation.flips[2] else 1)
    return float(np.degrees(np.arctan2(-up, -front)))


def has_plain_axes(shape: tuple[int, ...], affine: NDArray[np.float64]) -> bool:
    """Whether a single slice has the axes that programs write which know no orientation."""
    matrix = affine[:3, :3]
    return shape[2:] in ((), (1,)) and bool((matrix == np.diag(np.diag(matrix))).all())


def as_it_lies(
    name: str, array: NDArray[Any], affine: NDArray[np.float64], *, transposed: bool, known: bool
) -> Volume:
    """A volume of a single slice that is not turned.

    Args:
        name: Of the volume.
        array: `(I, J)` or `(I, J, 1)`.
        affine: To be kept.
        transposed: Whether the first axis runs along a row rather than down a column.
        known: Whether the affine's spacing is in mm.
    """
    orientation = Orientation((2, 1, 0) if transposed else (2, 0, 1))
    steps = np.linalg.norm(affine[:3, :3], axis=0)
    rows, columns = (float(steps[axis]) for axis in orientation.order[1:])
    # Exactly one millimetre both ways is what programs write where they know nothing.
    usable = known and 0 < rows < np.inf and 0 < columns < np.inf and (rows, columns) != (1, 1)
    return Volume(
        name,
        orientation.apply(_solid(array)),
        Spacing(rows, columns) if usable else None,
        Grid(array.shape, orientation, affine),
        (_UNKNOWN,),
    )


def _solid(array: NDArray[Any]) -> NDArray[Any]:
    return array.reshape((*array.shape, 1)[:3])


def _steps(affine: NDArray[np.float64], path: Path) -> NDArray[np.float64]:
    """Distance in mm between neighbours along each axis."""
    steps: NDArray[np.float64] = np.linalg.norm(affine[:3, :3], axis=0)
    usable = np.isfinite(affine).all() and steps.min() > 0 and np.isfinite(steps).all()
    if not usable or abs(np.linalg.det(affine[:3, :3] / steps)) < 0.1:
        raise FileFormatError(
            "states an impossible orientation",
            where=path,
            remedy="Convert it from the DICOM series again",
        )
    return steps


def _check_plane(
    shape: tuple[int, ...], steps: NDArray[np.float64], orientation: Orientation, path: Path
) -> None:
    axis = _through(shape, steps)
    if axis is None or axis == orientation.order[0]:
        return
    plane = PLANES[1] if axis == orientation.order[2] else PLANES[2]
    raise UnsuitableError(f"is {plane}", where=path, remedy="Give the sagittal series instead")


def _through(shape: tuple[int, ...], steps: NDArray[np.float64]) -> int | None:
    """The axis across the slices as acquired, `None` where the voxels are nearly cubes."""
    if shape.count(1) == 1:
        return shape.index(1)
    axis = int(np.argmax(steps))
    return axis if steps[axis] > _THICK * np.delete(steps, axis).max() else None
