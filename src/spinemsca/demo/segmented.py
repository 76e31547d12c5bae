"""What the demo does with the model: segments, scores and measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca.anatomy import DISCS
from spinemsca.dataset import SpineMSCA
from spinemsca.draw import overlay
from spinemsca.io.raster import write_label_picture
from spinemsca.io.read import read_scan
from spinemsca.measure.measure import measure
from spinemsca.predictions.pairing import pair_labels
from spinemsca.score.case_score import METRICS
from spinemsca.score.evaluate import score_pairs
from spinemsca.score.summary import summarise
from spinemsca.score.tables import summary_rows
from spinemsca.segment.intensity import window
from spinemsca.segment.shipped import load_model

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.Image import Image as Picture

    from spinemsca.case import Image
    from spinemsca.measure.measure import Measurements, Result
    from spinemsca.segment.predict import Segmentation

__all__ = ["SegmentedSlice", "SegmentedSplit", "segment_file", "segment_test_split"]

_MEASURES: Final = (
    "disc_height_dabbs",
    "disc_height_index",
    "disc_wedge_angle",
    "segmental_angle",
    "slip_share",
)


@dataclass(frozen=True, slots=True, eq=False)
class SegmentedSlice:
    """A slice with what the model found in it and what was measured there.

    Attributes:
        name: Of the case or file.
        image: `(H, W)` float32 in [0, 1], windowed.
        segmentation: Of the model.
        found: All measures.
    """

    name: str
    image: Image
    segmentation: Segmentation
    found: Measurements

    def picture(self) -> Picture:
        """The label map over the slice."""
        return overlay(self.image, self.segmentation.label)

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
class SegmentedSplit:
    """A split that was segmented and scored.

    Attributes:
        slices: In order of their names.
        dice: Mean of each case.
        summary: Of all cases, as `evaluate` gives it.
    """

    slices: list[SegmentedSlice]
    dice: list[float]
    summary: dict[str, Any]

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Heading and rows: structures, Dice and HD95."""
        rows = [
            [name, *(_interval(row[metric]) for metric in ("dice", "hd95"))]
            for name, row in summary_rows(self.summary)
        ]
        return ["Structure", "Dice", "HD95 (px)"], rows


def segment_test_split(data: Path, predictions: Path) -> SegmentedSplit:
    """Segments the test split with the shipped weights; writes `NAME.png` into `predictions`.

    Args:
        data: A release.
        predictions: Folder; made where missing.
    """
    model = load_model()
    dataset = SpineMSCA(data, split="test")
    slices = []
    for case in sorted((dataset.case(i) for i in range(len(dataset))), key=lambda c: c.name):
        spacing = None if case.spacing is None else (case.spacing.row, case.spacing.column)
        slices.append(_measured(case.name, case.image, model.predict(case.image, spacing)))
        write_label_picture(predictions / f"{case.name}.png", slices[-1].segmentation.label)
    scores = {s.name: s for s in score_pairs(pair_labels(predictions, data).pairs)}
    column = METRICS.index("dice")
    dice = [float(np.nanmean(scores[s.name].metrics[:, column])) for s in slices]
    return SegmentedSplit(slices, dice, summarise(list(scores.values())))


def segment_file(path: Path) -> SegmentedSlice:
    """Segments and measures one slice from a file.

    Raises:
        SpineError: If it cannot be read.
    """
    scan = read_scan(path)
    return _measured(path.stem, scan.pixels, load_model().predict(scan.pixels, scan.spacing))


def _measured(name: str, pixels: Any, found: Segmentation) -> SegmentedSlice:
    image = window(pixels)
    measured = measure(found.label, image=image, spacing=found.spacing, name=name)
    return SegmentedSlice(name, image, found, measured)


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
