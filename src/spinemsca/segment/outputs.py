"""Files that prediction writes for one input, and knowing whether they are there already.

The JSON is written last: where it is whole, so is everything that it names.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from spinemsca._version import __version__
from spinemsca.anatomy import COLUMN
from spinemsca.draw import overlay
from spinemsca.io.files import atomic_path, write_text
from spinemsca.io.nifti import write_nifti
from spinemsca.io.raster import write_label_picture
from spinemsca.segment.intensity import window
from spinemsca.segment.predict import NUMBERING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from spinemsca.anatomy import Structure
    from spinemsca.io.volume import Volume
    from spinemsca.segment.slices import Prediction

__all__ = ["discard", "finished", "record", "record_refusal", "sweep", "write"]

Record = dict[str, Any]

_ENDINGS = ("_label.png", "_label.nii.gz", "_overlay.png")


def record(key: Mapping[str, Any], volume: Volume, found: Prediction) -> Record:
    """What the JSON says of an input that was predicted.

    Args:
        key: What the result depends on, see `finished`.
        volume: As read.
        found: In it.
    """
    segmented = sum(s.refused is None for s in found.slices)
    confidence = found.confidence
    return {
        **key,
        "refused": None if segmented else _reason(found),
        "structures": [s.name for s in COLUMN if s in confidence],
        "confidence": {s.name: round(value, 4) for s, value in confidence.items()},
        "pixels": {s.name: _count(found, s) for s in confidence},
        "spacing_mm": None if volume.spacing is None else list(volume.spacing),
        "slices": len(found.slices),
        "slices_segmented": segmented,
        "slice_shown": found.shown,
        "numbering": NUMBERING.replace("L5", key["lowest"]),
        "faces": found.best.faces,
        "ambiguous": found.best.ambiguous,
        "warnings": list(found.warnings),
    }


def _reason(found: Prediction) -> str | None:
    return found.best.refused if len(found.slices) == 1 else "No slice shows a lumbar spine"


def _count(found: Prediction, structure: Structure) -> int:
    return sum(int((s.label == structure.value).sum()) for s in found.slices)


def record_refusal(key: Mapping[str, Any], reason: str) -> Record:
    """What the JSON says of an input that was refused unread."""
    return {
        **key,
        "refused": reason,
        "structures": [],
        "confidence": {},
        "pixels": {},
        "spacing_mm": None,
        "slices": 0,
        "slices_segmented": 0,
        "slice_shown": None,
        "numbering": NUMBERING.replace("L5", key["lowest"]),
        "faces": "left",
        "ambiguous": True,
        "warnings": [],
    }


def write(
    out: Path,
    name: str,
    said: Record,
    volume: Volume | None = None,
    found: Prediction | None = None,
) -> Record:
    """Writes label map, overlay and at last the JSON; returns what the JSON says.

    Args:
        out: Folder; made where missing.
        name: Stem of the files.
        said: From `record` or `record_refusal`.
        volume: As read; `None` for what was refused unread.
        found: In it.
    """
    files = [] if volume is None or found is None else _write_pictures(out, name, volume, found)
    whole = {**said, "files": files, "software": f"spine-msca {__version__}"}
    for ending in _ENDINGS:
        if f"{name}{ending}" not in files:
            (out / f"{name}{ending}").unlink(missing_ok=True)
    write_text(out / f"{name}.json", json.dumps(whole, indent=2, ensure_ascii=False) + "\n")
    return whole


def _write_pictures(out: Path, name: str, volume: Volume, found: Prediction) -> list[str]:
    label = out / f"{name}_label{'.png' if volume.is_picture else '.nii.gz'}"
    values = volume.restore(found.labels)
    if volume.is_picture:
        write_label_picture(label, values)
    else:
        write_nifti(label, values, volume.grid)
    picture = overlay(window(volume.pixels[found.shown]), found.best.label)
    with atomic_path(out / f"{name}_overlay.png") as temporary:
        picture.save(temporary, format="PNG", compress_level=1)
    return [label.name, f"{name}_overlay.png"]


def finished(out: Path, name: str, key: Mapping[str, Any]) -> Record | None:
    """What the JSON of an earlier run says, where all its files are there and nothing changed.

    Args:
        out: Folder of the results.
        name: Stem of the files.
        key: What the result depends on: the input's bytes, the model and the numbering.
    """
    try:
        said: Record = json.loads((out / f"{name}.json").read_text(encoding="utf-8"))
        same = all(said[field] == value for field, value in key.items())
        whole = same and all((out / file).is_file() for file in said["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return said if whole else None


def discard(out: Path, name: str) -> None:
    """Removes an earlier run's files of an input that can no longer be read."""
    if (out / f"{name}.json").is_file():
        for ending in (".json", *_ENDINGS):
            (out / f"{name}{ending}").unlink(missing_ok=True)


def sweep(out: Path) -> None:
    """Removes what a killed run left half written."""
    for path in out.glob(".*.tmp"):
        path.unlink(missing_ok=True)
