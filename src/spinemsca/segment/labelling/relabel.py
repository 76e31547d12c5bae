"""Correcting the numbering of label maps by hand, in the file's own format and grid."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from spinemsca._util import write_text
from spinemsca.errors import UsageError
from spinemsca.io import kind_of, stem
from spinemsca.predictions import LABEL, read_labelled, source_of, write_label_map, write_record
from spinemsca.segment.labelling.rename import Lowest, from_lowest, renaming, shifted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from spinemsca.anatomy import Structure
    from spinemsca.case import LabelMap
    from spinemsca.predictions import LabelFile, Record

    Names = Mapping[Structure, Structure | None]

__all__ = ["Renaming", "relabel_file"]


@dataclass(frozen=True, slots=True)
class Renaming:
    """How levels are renamed: by whole levels, or by what the lowest lumbar vertebra is.

    Attributes:
        lowest: What the lowest lumbar vertebra is; without a sacrum, the lowest in view.
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

    def of(self, labels: LabelMap) -> Callable[[LabelMap], LabelMap]:
        """The renaming for a label map of any shape, by what it holds."""
        if self.lowest is None:
            return partial(shifted, levels=self.shift)
        return from_lowest(self.lowest, frozenset(np.unique(labels).tolist()))

    def __str__(self) -> str:
        if self.lowest:
            return f"the lowest lumbar vertebra is {self.lowest}"
        way = "down" if self.shift > 0 else "up"
        return f"every structure is {abs(self.shift)} level {way} from what it was labelled"


def relabel_file(file: LabelFile, out: Path, how: Renaming) -> dict[str, Any]:
    """Renames one label map; format, grid and name stay, and its record goes along.

    PNG, `.pt` and NIfTI are written as they were; TIFF as PNG; MHA, NRRD and DICOM as NIfTI on
    the same grid. What leaves the eleven structures goes into `NAME_other`. Beside it
    `NAME.relabel.json` says what was assumed, renamed and dropped.

    Args:
        file: From `find_label_maps`, a slice or a volume.
        out: Folder to write into; made where missing. Folders in the case's name are kept.
        how: To rename.

    Returns:
        What `NAME.relabel.json` says.

    Raises:
        SpineError: If it is no label map, or its record cannot be read.
        UsageError: If it, or the result of another file, would be written over.
    """
    scan = read_labelled(file)
    target = _target(file, out)
    note = target.with_name(f"{stem(target)}.relabel.json")
    _refuse_overwriting(file.path, target, note)
    labels = scan.volume.pixels
    names = renaming(how.of(labels))
    beside = target.with_name(f"{stem(target).removesuffix(LABEL)}.json")
    if scan.record is not None:
        # An earlier record must not stand beside this label map if the program is stopped.
        beside.unlink(missing_ok=True)
    files = write_label_map(target, how.of(labels)(labels), scan.volume.grid)
    if scan.record is not None:
        write_record(beside, _renamed_record(scan.record, how, names, tuple(files)))
    said = _said(file.path, target, how, names, labels)
    write_text(note, json.dumps(said, indent=2, ensure_ascii=False) + "\n")
    return said


def _target(file: LabelFile, out: Path) -> Path:
    folder = file.name.rpartition("/")[0]
    name = file.path.name
    if name == "label.pt":
        return out / file.name / name
    kind = kind_of(file.path)
    if kind == "picture":
        name = f"{stem(file.path)}.png"
    elif kind not in ("torch", "nifti"):
        name = f"{stem(file.path)}.nii.gz"
    return out / folder / name


def _refuse_overwriting(path: Path, target: Path, note: Path) -> None:
    if not target.exists():
        return
    if not target.samefile(path) and _written_from(note) == source_of(path):
        return
    raise UsageError("would be written over", where=target, remedy="Give another --out folder")


def _written_from(note: Path) -> str | None:
    try:
        return str(json.loads(note.read_text(encoding="utf-8"))["source"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _renamed_record(
    record: Record, how: Renaming, renamed_to: Names, files: tuple[str, ...]
) -> Record:
    names = {old.name: new.name for old, new in renamed_to.items() if new is not None}

    def renamed(values: dict[str, Any]) -> dict[str, Any]:
        return {names[name]: value for name, value in values.items() if name in names}

    return record.model_copy(
        update={
            "structures": tuple(names[n] for n in record.structures if n in names),
            "confidence": renamed(record.confidence),
            "pixels": renamed(record.pixels),
            "numbering": f"{record.numbering}; then a person decided: {how}",
            "ambiguous": False,
            "relabelled": str(how),
            "files": files,
        }
    )


def _said(
    path: Path, target: Path, how: Renaming, renamed_to: Names, before: LabelMap
) -> dict[str, Any]:
    there = set(np.unique(before).tolist())
    names = {old: new for old, new in renamed_to.items() if old.value in there}
    return {
        "input": path.name,
        "source": source_of(path),
        "output": target.name,
        "assumed": str(how),
        "renamed": {old.name: new.name for old, new in names.items() if new not in (None, old)},
        "kept": [old.name for old, new in names.items() if new is old],
        "dropped": [old.name for old, new in names.items() if new is None],
        "structures": [new.name for new in names.values() if new is not None],
    }
