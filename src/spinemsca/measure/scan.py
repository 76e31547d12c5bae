"""Measuring what was read from label maps: the record's slice of each case, or every slice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from spinemsca.measure.measurements import measure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spinemsca.measure.measurements import Measurements
    from spinemsca.predictions import LabelledScan, LabelledSlice

__all__ = ["measure_scan", "measure_slices"]


def measure_scan(
    scan: LabelledScan, *, original_size: tuple[int, int] | None = None
) -> Measurements:
    """Measures the slice that stands for a label map.

    Args:
        scan: From `read_labelled`.
        original_size: (rows, columns) of the file before it was stretched, where no spacing is
            known.

    Raises:
        SpineError: As `measure`.
    """
    found = _measured(scan, scan.slice, original_size)
    if not scan.reason:
        return found
    said = f"slice {scan.shown} of {len(scan.volume.pixels)} is measured: {scan.reason}"
    return _noted(found, (said,))


def measure_slices(
    scan: LabelledScan, *, original_size: tuple[int, int] | None = None
) -> Iterator[Measurements]:
    """Measures each slice that shows a structure.

    Args:
        scan: From `read_labelled`.
        original_size: As for `measure_scan`.
    """
    for one in scan.slices():
        yield _measured(scan, one, original_size)


def _measured(
    scan: LabelledScan, one: LabelledSlice, original_size: tuple[int, int] | None
) -> Measurements:
    size = original_size
    if size is not None and scan.volume.grid.orientation.order[1] > min(
        scan.volume.grid.orientation.order[1:]
    ):
        size = (size[1], size[0])
    found = measure(
        one.label,
        image=one.image,
        spacing=one.spacing,
        original_size=size,
        tilt=one.tilt,
        name=scan.file.name,
    )
    return _noted(replace(found, slice=one.index), scan.notes)


def _noted(found: Measurements, notes: tuple[str, ...]) -> Measurements:
    """Measurements with notes among the flags of the whole spine."""
    if not notes:
        return found
    whole = (*notes, *found.flags.get("spine", ()))
    return replace(found, flags=found.flags | {"spine": tuple(dict.fromkeys(whole))})
