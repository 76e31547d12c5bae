"""Predicting many files: label maps, overlays and JSON beside each other, and one table."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image as Picture

from spinemsca.anatomy import COLUMN
from spinemsca.draw import overlay
from spinemsca.errors import SpineError, UsageError
from spinemsca.io.files import atomic_path, write_text
from spinemsca.io.read import read_scan
from spinemsca.progress import Progress, silent
from spinemsca.segment.intensity import window
from spinemsca.segment.predict import NUMBERING, Model, Segmentation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from spinemsca.io.scan import Scan

__all__ = ["TABLE_NAME", "Outcome", "find_inputs", "predict_files"]

TABLE_NAME: Final = "predictions.csv"

_COLUMNS: Final = ("name", "status", "reason", "ambiguous", "structures", "confidence", "file")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file; a row of `predictions.csv`.

    Attributes:
        name: Stem of the files written.
        path: The file read.
        status: `segmented`, `refused` or `unreadable`.
        reason: Why not, else empty.
        ambiguous: Whether the levels may be numbered wrongly.
        confidence: Of each structure found, by name.
    """

    name: str
    path: Path
    status: str
    reason: str = ""
    ambiguous: bool = False
    confidence: tuple[tuple[str, float], ...] = ()


def find_inputs(inputs: Iterable[Path]) -> list[tuple[str, Path]]:
    """Files to predict, those of folders in order of their names, each with a name of its own.

    A file's name is its stem; where two share one, the later takes its folder's name as well.

    Raises:
        UsageError: If there is nothing to predict.
    """
    files: list[Path] = []
    for given in inputs:
        if given.is_dir():
            files += sorted(p for p in given.iterdir() if p.is_file() and p.name[0] != ".")
        else:
            files.append(given)
    if not files:
        raise UsageError("there is no file to predict", remedy="Name image files or their folder")
    named: dict[str, Path] = {}
    for path in files:
        named[_free_name(path, named)] = path
    return list(named.items())


def _free_name(path: Path, taken: dict[str, Path]) -> str:
    candidates = (path.stem, f"{path.parent.name}_{path.stem}", path.name.replace(".", "_"))
    for name in candidates:
        if name and name not in taken:
            return name
    return f"{path.stem}_{len(taken)}"


def predict_files(
    model: Model, inputs: Sequence[tuple[str, Path]], out: Path, progress: Progress = silent
) -> list[Outcome]:
    """Predicts files one at a time; one that cannot be read is reported and the rest go on.

    Writes for each `NAME_label.png`, `NAME_overlay.png` and `NAME.json` into `out`, and one
    `predictions.csv`. What is refused gets an empty label map, what is unreadable none.

    Args:
        model: Which segments.
        inputs: Names and files, from `find_inputs`.
        out: Folder; made where missing.
        progress: Told the files done.
    """
    outcomes = []
    for done, (name, path) in enumerate(inputs, start=1):
        outcomes.append(_predict_file(model, name, path, out))
        progress(done, len(inputs))
    _write_table(out / TABLE_NAME, outcomes)
    return outcomes


def _predict_file(model: Model, name: str, path: Path, out: Path) -> Outcome:
    try:
        scan = read_scan(path)
        found = model.predict(scan.pixels, scan.spacing)
    except SpineError as error:
        return Outcome(name, path, "unreadable", error.what)
    _write_pictures(out, name, scan, found)
    write_text(out / f"{name}.json", json.dumps(_record(model, path, found), indent=2) + "\n")
    return Outcome(
        name,
        path,
        "refused" if found.refused else "segmented",
        found.refused or "",
        found.ambiguous,
        tuple((s.name, round(c, 4)) for s, c in found.confidence.items()),
    )


def _write_pictures(out: Path, name: str, scan: Scan, found: Segmentation) -> None:
    pictures = {
        f"{name}_label.png": Picture.fromarray(found.label),
        f"{name}_overlay.png": overlay(window(scan.pixels), found.label),
    }
    for file, picture in pictures.items():
        with atomic_path(out / file) as temporary:
            picture.save(temporary, format="PNG")


def _record(model: Model, path: Path, found: Segmentation) -> dict[str, Any]:
    confidence = {s.name: round(c, 4) for s, c in found.confidence.items()}
    return {
        "input": path.name,
        "refused": found.refused,
        "structures": [s.name for s in COLUMN if s in found.confidence],
        "confidence": confidence,
        "pixels": {s.name: int((found.label == s.value).sum()) for s in found.confidence},
        "spacing_mm": None if found.spacing is None else list(found.spacing),
        "numbering": NUMBERING,
        "ambiguous": found.ambiguous,
        "warnings": list(found.warnings),
        "model": {"version": model.weights.version, "size": model.weights.size},
    }


def _write_table(path: Path, outcomes: Sequence[Outcome]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for outcome in outcomes:
        values = [value for _, value in outcome.confidence]
        writer.writerow(
            (
                outcome.name,
                outcome.status,
                outcome.reason,
                "yes" if outcome.ambiguous else "no",
                " ".join(name for name, _ in outcome.confidence),
                f"{np.mean(values):.4f}" if values else "",
                outcome.path,
            )
        )
    write_text(path, text.getvalue())
