"""Writing a result: label map, other vertebrae, overlay, and at last the record.

The record is written last: where it is whole, so is everything that it names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca._util import atomic_path, write_text
from spinemsca._version import __version__
from spinemsca.anatomy import NUMBER_OF_CLASSES
from spinemsca.errors import SpineError
from spinemsca.io import write_label_picture, write_nifti, write_pt_label
from spinemsca.predictions.names import LABEL, OTHER, OVERLAY, WRITTEN
from spinemsca.predictions.record import Record, read_record, write_record
from spinemsca.predictions.scans import claim_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from PIL.Image import Image as Picture

    from spinemsca.case import LabelMap
    from spinemsca.io import Grid

__all__ = ["discard", "finished", "sweep", "write_label_map", "write_result"]

# As `atomic_path` names the files that a result and a ledger are made of.
_HALF_WRITTEN: Final = re.compile(r"(\.json|\.csv|\.png|\.nii\.gz|\.claim)\.[a-z0-9_]{8}\.tmp$")


def write_result(
    out: Path,
    name: str,
    record: Record,
    grid: Grid | None = None,
    labels: LabelMap | None = None,
    overlay: Picture | None = None,
) -> Record:
    """Writes the files of one result and returns its record, which names them.

    Args:
        out: Folder; made where missing.
        name: Of the result; may hold folders.
        record: What is known of it.
        grid: Of the input; `None` for what was refused unread.
        labels: `(S, H, W)` uint8, 0 to 18, in the orientation in which the input was read.
        overlay: The slice shown with its structures.
    """
    target = out / f"{name}.json"
    stem = target.name.removesuffix(".json")
    target.parent.mkdir(parents=True, exist_ok=True)
    write_text(claim_of(out, name), record.source)
    # An earlier run's record must not stand beside this run's label map if this run is stopped.
    target.unlink(missing_ok=True)
    files = []
    if grid is not None and labels is not None:
        suffix = ".png" if grid.affine is None else ".nii.gz"
        files += write_label_map(target.with_name(f"{stem}{LABEL}{suffix}"), labels, grid)
    if overlay is not None:
        files.append(f"{stem}{OVERLAY}.png")
        with atomic_path(target.with_name(files[-1])) as temporary:
            overlay.save(temporary, format="PNG", compress_level=1)
    for ending in WRITTEN:
        if f"{stem}{ending}" not in files:
            target.with_name(f"{stem}{ending}").unlink(missing_ok=True)
    whole = _with(record, files)
    write_record(target, whole)
    claim_of(out, name).unlink(missing_ok=True)
    return whole


def write_label_map(path: Path, labels: LabelMap, grid: Grid) -> list[str]:
    """Writes a label map on a file's grid, and beside it the other vertebrae where there are any.

    Args:
        path: Its suffix says the format: `.png`, `.pt`, else NIfTI. Other vertebrae go into a
            file that has `_other` in place of `_label`.
        labels: `(S, H, W)` uint8, 0 to 18, in the house's orientation.
        grid: Of the file that the labels belong to.

    Returns:
        Names of the files written.
    """
    own = labels < NUMBER_OF_CLASSES
    other = path.with_name(other_name(path))
    other.unlink(missing_ok=True)
    _write(path, np.where(own, labels, 0).astype(np.uint8), grid)
    if own.all():
        return [path.name]
    _write(other, np.where(own, 0, labels).astype(np.uint8), grid)
    return [path.name, other.name]


def other_name(label: Path) -> str:
    """Name of the file of other vertebrae that belongs to a label file."""
    stem, dot, suffix = label.name.partition(".nii")
    if not dot:
        stem, dot, suffix = label.name.rpartition(".")
    ending = ".png" if suffix.lower() == "pt" else f"{dot}{suffix}"
    return f"{stem.removesuffix(LABEL)}{OTHER}{ending}"


def _write(path: Path, labels: LabelMap, grid: Grid) -> None:
    values = grid.restore(labels)
    if path.suffix == ".pt":
        write_pt_label(path, values)
    elif grid.affine is None:
        write_label_picture(path, values)
    else:
        write_nifti(path, values, grid)


def _with(record: Record, files: list[str]) -> Record:
    return record.model_copy(
        update={"files": tuple(files), "software": f"spine-msca {__version__}"}
    )


def finished(out: Path, name: str, key: Mapping[str, Any]) -> Record | None:
    """The record of an earlier run, where all its files are there and nothing changed.

    Args:
        out: Folder of the results.
        name: Of the result.
        key: What the result depends on: the input and its bytes, the model and the numbering.
    """
    path = out / f"{name}.json"
    try:
        record = read_record(path)
    except SpineError:
        return None
    same = all(getattr(record, field) == value for field, value in key.items())
    whole = same and all(path.with_name(file).is_file() for file in record.files)
    return record if whole and record.relabelled is None else None


def discard(out: Path, name: str, source: str) -> None:
    """Removes an earlier run's files of an input that can no longer be read."""
    path = out / f"{name}.json"
    try:
        if read_record(path).source != source:
            return
    except SpineError:
        return
    for ending in (".json", *WRITTEN):
        path.with_name(f"{path.name.removesuffix('.json')}{ending}").unlink(missing_ok=True)


def sweep(out: Path) -> None:
    """Removes what a killed run left half written, and nothing else."""
    for path in out.rglob(".*.tmp"):
        if _HALF_WRITTEN.search(path.name):
            path.unlink(missing_ok=True)
