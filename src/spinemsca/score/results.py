"""The folder that `evaluate --out` writes: numbers, tables and pictures of one run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image as Picture

from spinemsca._util.files import atomic_path, write_text
from spinemsca.anatomy import STRUCTURES
from spinemsca.errors import SpineError
from spinemsca.io.read import read_label_map, read_scan
from spinemsca.score.case_score import METRICS
from spinemsca.score.compare import bland_altman, compare_scores
from spinemsca.score.figures import box_plot, plot_agreement, worst_first, worst_strip
from spinemsca.score.tables import latex_table, markdown_table, scores_csv

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from spinemsca.case import Image
    from spinemsca.predictions.pairing import Pair
    from spinemsca.score.case_score import CaseScore

__all__ = ["write_comparison", "write_results"]

_WORST: Final = 6


def write_results(
    out: Path,
    scores: Sequence[CaseScore],
    summary: Mapping[str, Any],
    pairs: Sequence[Pair],
    images: Path | None = None,
) -> None:
    """Writes `scores.csv`, `summary.json`, `.md` and `.tex`, `boxes.png` and `worst.png`.

    Args:
        out: Folder; made where missing.
        scores: Of all cases.
        summary: What `evaluate --json` prints.
        pairs: Files of the cases.
        images: Folder of pictures named like the cases; a release has its own.

    Raises:
        MissingDependencyError: If matplotlib is not installed.
    """
    write_text(out / "scores.csv", scores_csv(scores))
    write_text(out / "summary.json", json.dumps(summary, indent=2, allow_nan=False) + "\n")
    write_text(out / "summary.md", markdown_table(summary))
    write_text(out / "summary.tex", latex_table(summary))
    box_plot(scores, out / "boxes.png", str(summary["unit"]))
    with atomic_path(out / "worst.png") as temporary:
        _worst_sheet(scores, pairs, images).save(temporary, format="PNG")


def write_comparison(
    out: Path, first: Sequence[CaseScore], second: Sequence[CaseScore], unit: str, seed: int = 0
) -> dict[str, Any]:
    """Writes `comparison.json` and `areas.png`, and returns what the former holds.

    Args:
        out: Folder; made where missing.
        first: Scores of one prediction.
        second: Scores of the other, of the same cases.
        unit: Of lengths, `px` or `mm`.
        seed: Of the bootstrap.

    Raises:
        CaseError: If the two do not hold the same cases.
        MissingDependencyError: If matplotlib is not installed.
    """
    result = compare_scores(first, second, seed=seed)
    write_text(out / "comparison.json", json.dumps(result, indent=2, allow_nan=False) + "\n")
    others = {s.name: s for s in second}
    areas = [_areas(scores) for scores in (first, [others[s.name] for s in first])]
    plot_agreement(bland_altman(*areas), out / "areas.png", f"{unit}²")
    return result


def _areas(scores: Sequence[CaseScore]) -> NDArray[np.float64]:
    """Predicted area of each structure of each case."""
    return np.concatenate([s.metrics[:, METRICS.index("area")] for s in scores])


def _worst_sheet(
    scores: Sequence[CaseScore], pairs: Sequence[Pair], images: Path | None
) -> Picture.Image:
    files = {p.name: p for p in pairs}
    strips = []
    for score in worst_first(scores, _WORST):
        pair = files[score.name]
        truth, found = read_label_map(pair.truth), read_label_map(pair.prediction)
        title = f"{score.name}: {_mean_dice(score)}{_remark(score)}"
        strips.append(worst_strip(_image(pair, images, truth.shape), truth, found, title))
    sheet = Picture.new(
        "RGB", (max(s.width for s in strips), sum(s.height for s in strips)), (255, 255, 255)
    )
    top = 0
    for strip in strips:
        sheet.paste(strip, (0, top))
        top += strip.height
    return sheet


def _mean_dice(score: CaseScore) -> str:
    dice = score.metrics[:, METRICS.index("dice")]
    return "no Dice" if np.isnan(dice).all() else f"mean Dice {np.nanmean(dice):.3f}"


def _remark(score: CaseScore) -> str:
    wrong = [
        f"{s.name} {outcome}"
        for s, outcome in zip(STRUCTURES, score.outcomes, strict=True)
        if outcome in {"shifted", "missed", "invented"}
    ]
    return f"; {', '.join(wrong)}" if wrong else ""


def _image(pair: Pair, images: Path | None, shape: tuple[int, ...]) -> Image | None:
    """The picture of a case, if it can be found and fits."""
    candidates = [pair.truth.with_name("img.pt")]
    if images is not None:
        candidates += sorted(images.glob(f"{pair.name}.*"))
    for path in candidates:
        try:
            pixels = read_scan(path).pixels
        except SpineError:
            continue
        if pixels.shape == shape:
            return pixels.astype(np.float32)
    return None
