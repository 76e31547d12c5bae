"""Correcting the numbering of label maps by hand, in the file's own format and grid."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spinemsca.errors import UsageError
from spinemsca.io import pt, raster
from spinemsca.io.files import write_text
from spinemsca.io.nifti import stem, write_nifti
from spinemsca.io.read import kind_of, read_label_volume
from spinemsca.segment.rename import Lowest, from_lowest, renaming, shifted

if TYPE_CHECKING:
    from pathlib import Path

    from spinemsca.case import LabelMap
    from spinemsca.io.volume import Volume

__all__ = ["Renaming", "relabel_file"]


@dataclass(frozen=True, slots=True)
class Renaming:
    """How levels are renamed: one of the two.

    Attributes:
        lowest: What the vertebra above the sacrum is, in maps that call it L5.
        shift: Levels by which every structure moves, positive towards the feet.

    Raises:
        UsageError: If both or none is given.
    """

    lowest: Lowest | None = None
    shift: int = 0

    def __post_init__(self) -> None:
        if (self.lowest is None) == (self.shift == 0):
            raise UsageError(
                "how to rename was not said, or twice", remedy="Give --lowest or --shift, not both"
            )

    def __call__(self, label: LabelMap) -> LabelMap:
        """Renames a label map of any shape."""
        return from_lowest(self.lowest)(label) if self.lowest else shifted(label, self.shift)

    def __str__(self) -> str:
        if self.lowest:
            return f"the lowest lumbar vertebra, labelled L5, is {self.lowest}"
        way = "down" if self.shift > 0 else "up"
        return f"every structure is {abs(self.shift)} level {way} from what it was labelled"


def relabel_file(path: Path, out: Path, how: Renaming) -> dict[str, Any]:
    """Renames one label map; format, grid and name stay.

    PNG, `.pt` and NIfTI are written as they were; MHA, NRRD and DICOM as NIfTI on the same grid.
    Beside it `NAME.relabel.json` says what was assumed, renamed and dropped.

    Args:
        path: Label map of this package, a slice or a volume.
        out: Folder to write into; made where missing.
        how: To rename.

    Returns:
        What the JSON says.

    Raises:
        SpineError: If it is no label map.
        UsageError: If it would be written over.
    """
    volume = read_label_volume(path)
    target = _target(path, out)
    if target.exists() and target.samefile(path):
        raise UsageError("would be written over", where=path, remedy="Give another --out folder")
    renamed = how(volume.pixels)
    _write(target, volume, renamed)
    said = _said(path, target, how, volume.pixels)
    text = json.dumps(said, indent=2, ensure_ascii=False)
    write_text(out / f"{stem(target)}.relabel.json", text + "\n")
    return said


def _target(path: Path, out: Path) -> Path:
    keeps = kind_of(path) in ("torch", "picture", "nifti")
    return out / (path.name if keeps else f"{stem(path)}.nii.gz")


def _write(target: Path, volume: Volume, renamed: LabelMap) -> None:
    values = volume.restore(renamed)
    if not volume.is_picture:
        write_nifti(target, values, volume.grid)
    elif target.suffix == ".pt":
        pt.write_label(target, values)
    else:
        raster.write_label_picture(target, values)


def _said(path: Path, target: Path, how: Renaming, before: LabelMap) -> dict[str, Any]:
    there = set(np.unique(before).tolist())
    names = {old: new for old, new in renaming(how).items() if old.value in there}
    return {
        "input": path.name,
        "output": target.name,
        "assumed": str(how),
        "renamed": {old.name: new.name for old, new in names.items() if new not in (None, old)},
        "kept": [old.name for old, new in names.items() if new is old],
        "dropped": [old.name for old, new in names.items() if new is None],
        "structures": [new.name for new in names.values() if new is not None],
    }
