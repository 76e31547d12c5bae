"""What the demo does with the model: each step reads the files that the last one wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca._util import default_workers
from spinemsca.anatomy import DISCS
from spinemsca.draw import overlay
from spinemsca.measure import measure_scan
from spinemsca.predictions import Reading, find_label_maps, find_scans, pair_labels, read_labelled
from spinemsca.score import METRICS, score_pairs, summarise, summary_rows
from spinemsca.segment import load_model, predict_files, window

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.Image import Image as Picture

    from spinemsca.measure import Measurements, Result
    from spinemsca.predictions import LabelledScan

__all__ = ["SegmentedCase", "SegmentedSet", "segment"]

_MEASURES: Final = (
    "disc_height_dabbs",
    "disc_height_index",
    "disc_wedge_angle",
    "segmental_angle",
    "slip_share",
)


@dataclass(frozen=True, slots=True, eq=False)
class SegmentedCase:
    """A scan with what the model found in it and what was measured there.

    Attributes:
        scan: As read from the prediction's files.
        found: All measures.
        dice: Mean over structures, `None` where there is no truth.
    """

    scan: LabelledScan
    found: Measurements
    dice: float | None

    @property
    def name(self) -> str:
        """Of the case or file."""
        return self.scan.file.name

    def picture(self) -> Picture:
        """The label map over the slice that is measured."""
        one = self.scan.slice
        image = np.zeros(one.label.shape) if one.image is None else one.image
        return overlay(window(image), one.label)

    def measures(self) -> tuple[list[str], list[list[str]]]:
        """Heading and rows of a table: some measures of each disc and level."""
        results = {(r.definition.name, r.structure): r for r in self.found.results}
        rows = []
        for name in _MEASURES:
            cells = [results[name, d.name] for d in DISCS if (name, d.name) in results]
            if cells:
                unit = cells[0].definition.quantity.suffix(self.found.unit)
                numbers = (_number(results.get((name, d.name))) for d in DISCS)
                rows.append([f"{name} ({unit})".replace("_", " "), *numbers])
        return ["Measure", *(d.name for d in DISCS)], rows


@dataclass(frozen=True, slots=True, eq=False)
class SegmentedSet:
    """Scans that were segmented, and how well where the truth is known.

    Attributes:
        cases: In order of their names.
        summary: Of those with a truth, as `evaluate` gives it; empty where there is none.
    """

    cases: list[SegmentedCase]
    summary: dict[str, Any]

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Heading and rows: structures, Dice and HD95."""
        rows = [
            [name, *(_interval(row[metric]) for metric in ("dice", "hd95"))]
            for name, row in summary_rows(self.summary)
        ]
        return ["Structure", "Dice", f"HD95 ({self.summary['unit']})"], rows


def segment(scans: Path, out: Path, truth: Path | None = None) -> SegmentedSet:
    """Predicts scans, then scores and measures what was written.

    Args:
        scans: A file, or a folder of them.
        out: Folder for the predictions; made where missing.
        truth: Folder or release of true label maps.

    Raises:
        SpineError: If nothing can be read.
    """
    predict_files(load_model(), find_scans([scans]), out, workers=default_workers())
    pairs = () if truth is None else pair_labels(out, truth).pairs
    scores = list(score_pairs(pairs))
    column = METRICS.index("dice")
    dice = {s.name: float(np.nanmean(s.metrics[:, column])) for s in scores}
    cases = []
    for file in find_label_maps([out]).found:
        scan = read_labelled(file, Reading(images=scans))
        cases.append(SegmentedCase(scan, measure_scan(scan), dice.get(file.name)))
    return SegmentedSet(cases, summarise(scores) | {"unit": "px"} if scores else {})


def _number(result: Result | None) -> str:
    if result is None or not isinstance(result.value, float):
        return "not given"
    error = "" if result.error is None else f" ± {result.error:.2g}"
    return f"{result.value:.3g}{error}"


def _interval(found: dict[str, Any]) -> str:
    if found["mean"] is None:
        return "–"
    low, high = found["ci95"]
    return f"{found['mean']:.3f} ± {found['sd']:.3f} [{low:.3f}, {high:.3f}]"
