"""DICOM series: many single-frame slices that make one volume."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca.errors import CaseError, SpineError
from spinemsca.io.dicom import NO_SPACING, affine_of, header_of, pixels_of
from spinemsca.io.limits import check_size
from spinemsca.io.volume import Volume, on_grid

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from spinemsca.io.dicom_header import Header

__all__ = ["find_series", "read_series"]

# Chosen, not measured: more files than any series of a spine has.
_MOST_SLICES: Final = 4096
# Of a direction, and in mm; chosen, not measured: what headers round is smaller.
_ALIKE: Final = 1e-3
# A share of the usual step; chosen, not measured.
_UNEVEN: Final = 0.1
_ONE_BY_ONE: Final = "Give its files one by one"


def find_series(paths: Iterable[Path]) -> list[tuple[Path, ...]]:
    """DICOM files grouped by their series, in the order in which they come.

    A file that cannot be read, or states no series, is a group of its own.
    """
    groups: dict[object, list[Path]] = {}
    for path in paths:
        groups.setdefault(_series(path), []).append(path)
    return [tuple(group) for group in groups.values()]


def _series(path: Path) -> object:
    try:
        return header_of(path).series or path
    except SpineError:
        return path


def read_series(paths: Sequence[Path], name: str) -> Volume:
    """Reads the slices of one series as a volume, whatever the order of the files.

    Raises:
        SpineError: As `read_dicom`.
        CaseError: If the slices do not lie side by side on one grid.
    """
    where = paths[0].parent
    if len(paths) > _MOST_SLICES:
        raise CaseError(f"a series holds {len(paths)} slices", where=where)
    headers = [header_of(path) for path in paths]
    affine = _common_affine(headers, where)
    heights = _heights(headers, affine, where)
    order = np.argsort(heights, kind="stable")
    steps = np.diff(heights[order])
    if steps.min() < _ALIKE:
        raise CaseError("a series holds slices at the same place", where=where, remedy=_ONE_BY_ONE)
    affine = _stepping(affine, headers[order[0]], headers[order[-1]], len(paths))
    slices = _slices([paths[i] for i in order], headers[0])
    notes = () if headers[0].spacing else (NO_SPACING,)
    if np.ptp(steps) > _UNEVEN * np.median(steps):
        notes = (*notes, "The slices are not evenly spaced")
    volume = on_grid(where, name, slices, affine, known=headers[0].spacing is not None)
    return volume.replace(notes=notes)


def _common_affine(headers: Sequence[Header], where: Path) -> NDArray[np.float64]:
    """Of the first slice, whose grid the others must share."""
    affines = [affine_of(header, where) for header in headers]
    shapes = {(header.rows, header.columns) for header in headers}
    first = affines[0]
    if first is None or any(a is None for a in affines):
        raise CaseError("a series states no orientation", where=where, remedy=_ONE_BY_ONE)
    matrices = np.array([a[:3, :3] for a in affines if a is not None])
    if len(shapes) > 1 or np.abs(matrices - first[:3, :3]).max() > _ALIKE:
        raise CaseError(
            "a series holds slices of several planes or sizes", where=where, remedy=_ONE_BY_ONE
        )
    return first


def _heights(
    headers: Sequence[Header], affine: NDArray[np.float64], where: Path
) -> NDArray[np.float64]:
    """Where along their normal the slices lie, in mm."""
    positions = [header.position for header in headers]
    if any(p is None for p in positions):
        raise CaseError("a series states no positions", where=where, remedy=_ONE_BY_ONE)
    normal = affine[:3, 2] * (-1, -1, 1)
    heights: NDArray[np.float64] = np.array(positions, np.float64) @ normal
    return heights


def _stepping(
    affine: NDArray[np.float64], first: Header, last: Header, count: int
) -> NDArray[np.float64]:
    """The affine from the first slice on, whose third axis leads to the last one."""
    start, end = (np.array(header.position) * (-1, -1, 1) for header in (first, last))
    stepping = affine.copy()
    stepping[:3, 2] = (end - start) / (count - 1)
    stepping[:3, 3] = start
    return stepping


def _slices(paths: Sequence[Path], header: Header) -> NDArray[Any]:
    """`(columns, rows, slices)`."""
    check_size((len(paths), header.rows, header.columns), 4, paths[0].parent)
    slices = [pixels_of(path).T for path in paths]
    if any(one.shape != (header.columns, header.rows) for one in slices):
        raise CaseError("a series was changed while it was read", where=paths[0].parent)
    return np.stack(slices, axis=2)
