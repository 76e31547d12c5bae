"""A volume: sagittal slices in the house's orientation, and the way back to the file's grid."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from spinemsca.anatomy import STRUCTURES
from spinemsca.case import Spacing
from spinemsca.errors import CaseError, FileFormatError, UnsafeFileError, UnsuitableError
from spinemsca.io.turn import AS_IT_LIES, PLANES, Turn

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from spinemsca.io.scan import Scan

__all__ = [
    "MAX_BYTES",
    "Grid",
    "Volume",
    "as_it_lies",
    "as_labels",
    "as_picture",
    "check_size",
    "checked",
    "is_plain",
    "on_grid",
    "one_slice",
]

MAX_BYTES: Final = 1 << 29
"""Most bytes that the pixels of a file may take unpacked: 512 MiB."""

_THICK: Final = 1.5
_UNKNOWN: Final = "The file states no usable orientation; the slice was taken as it lies"


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The pixel grid of a file.

    Attributes:
        shape: As the file has it, fastest axis first for NIfTI, MHA, NRRD and DICOM series,
            `(rows, columns)` for pictures and single DICOM slices.
        turn: From the file's axes to slices, rows and columns.
        affine: `(4, 4)` from voxel indices to world coordinates (RAS) in mm, or `None` for
            pictures and single DICOM slices.
    """

    shape: tuple[int, ...]
    turn: Turn
    affine: NDArray[np.float64] | None = None


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
    """

    name: str
    pixels: NDArray[Any]
    spacing: Spacing | None
    grid: Grid
    notes: tuple[str, ...] = field(default=())

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
        return np.ascontiguousarray(self.grid.turn.undo(values)).reshape(self.grid.shape)

    def as_picture(self, *, spacing: Spacing | None, notes: tuple[str, ...]) -> Self:
        """A single slice whose label maps are pictures of the file's rows and columns."""
        grid = replace(self.grid, shape=self.grid.shape[:2], affine=None)
        return replace(self, grid=grid, spacing=spacing, notes=notes)

    def replace(self, **changes: Any) -> Self:
        """A copy with some attributes changed."""
        return replace(self, **changes)


def one_slice(scan: Scan) -> Volume:
    """A volume of one slice that lies as the house wants it."""
    grid = Grid(scan.pixels.shape, AS_IT_LIES)
    return Volume(scan.name, scan.pixels[None], scan.spacing, grid)


def as_picture(
    name: str, pixels: NDArray[Any], spacing: Spacing | None, notes: tuple[str, ...]
) -> Volume:
    """A volume of one `(H, W)` slice of a file that states no orientation."""
    grid = Grid(pixels.shape, AS_IT_LIES)
    return Volume(name, pixels[None], spacing, grid, (_UNKNOWN, *notes))


def check_size(shape: tuple[int, ...], itemsize: int, path: Path) -> int:
    """Bytes that an array takes.

    Raises:
        FileFormatError: If a side is not positive.
        UnsafeFileError: If it takes more than `MAX_BYTES`.
    """
    if not shape or min(shape) < 1:
        raise FileFormatError(f"states the shape {shape}", where=path)
    size = itemsize
    for side in shape:
        size *= side
    if size > MAX_BYTES:
        raise UnsafeFileError(
            f"unpacks to {size / 2**20:.0f} MiB, more than the {MAX_BYTES >> 20} MiB allowed",
            where=path,
            remedy="Save one series a file",
        )
    return size


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
    turn = Turn.of(affine)
    _check_plane(_solid(array).shape, steps, turn, path)
    rows, columns = (float(steps[axis]) for axis in turn.order[1:])
    spacing = Spacing(rows, columns) if known else None
    pixels = turn.apply(_solid(array))
    return Volume(name, pixels, spacing, Grid(array.shape, turn, affine))


def is_plain(shape: tuple[int, ...], affine: NDArray[np.float64]) -> bool:
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
    turn = Turn((2, 1, 0) if transposed else (2, 0, 1))
    steps = np.linalg.norm(affine[:3, :3], axis=0)
    rows, columns = (float(steps[axis]) for axis in turn.order[1:])
    # Exactly one millimetre both ways is what programs write where they know nothing.
    usable = known and 0 < rows < np.inf and 0 < columns < np.inf and (rows, columns) != (1, 1)
    return Volume(
        name,
        turn.apply(_solid(array)),
        Spacing(rows, columns) if usable else None,
        Grid(array.shape, turn, affine),
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
    shape: tuple[int, ...], steps: NDArray[np.float64], turn: Turn, path: Path
) -> None:
    axis = _through(shape, steps)
    if axis is None or axis == turn.order[0]:
        return
    plane = PLANES[1] if axis == turn.order[2] else PLANES[2]
    raise UnsuitableError(f"is {plane}", where=path, remedy="Give the sagittal series instead")


def _through(shape: tuple[int, ...], steps: NDArray[np.float64]) -> int | None:
    """The axis across the slices as acquired, `None` where the voxels are nearly cubes."""
    if shape.count(1) == 1:
        return shape.index(1)
    axis = int(np.argmax(steps))
    return axis if steps[axis] > _THICK * np.delete(steps, axis).max() else None


def checked(array: NDArray[Any], path: Path) -> NDArray[Any]:
    """The array, whose numbers are all finite.

    Raises:
        CaseError: If they are not.
    """
    if array.dtype.kind == "f" and not np.isfinite([array.min(), array.max()]).all():
        raise CaseError("holds NaN or infinity", where=path, remedy="Replace them")
    return array


def as_labels(volume: Volume, path: Path) -> Volume:
    """The volume with its pixels as label maps, uint8.

    Raises:
        CaseError: If a value is no whole number from 0 to 11.
    """
    pixels = volume.pixels
    low, high = float(pixels.min()), float(pixels.max())
    if low < 0 or high > len(STRUCTURES) or (pixels != np.floor(pixels)).any():
        raise CaseError(
            f"label map spans {low:.4g} to {high:.4g}",
            where=path,
            remedy=f"Values are whole numbers from 0 (background) to {len(STRUCTURES)}",
        )
    return volume.replace(pixels=pixels.astype(np.uint8))
