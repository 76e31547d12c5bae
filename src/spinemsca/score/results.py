"""The folder that `evaluate --out` writes: numbers, tables and pictures of one run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca._util import atomic_path, write_text
from spinemsca.score.case_score import METRICS
from spinemsca.score.compare import bland_altman, compare_scores
from spinemsca.score.figures import box_plot, missing_plots, plot_agreement
from spinemsca.score.tables import latex_table, markdown_table, scores_csv
from spinemsca.score.units import in_one_unit, unit_of
from spinemsca.score.worst import worst_sheet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from spinemsca.predictions import Pair
    from spinemsca.score.case_score import CaseScore

__all__ = ["write_comparison", "write_results"]

# Picture's name, metric, and power of the unit: as `METRICS` has them.
_SIZES: Final = {"areas": ("area", "²"), "volumes": ("volume", "³")}


def write_results(
    out: Path,
    scores: Sequence[CaseScore],
    summary: Mapping[str, Any],
    pairs: Sequence[Pair],
    images: Path | None = None,
) -> None:
    """Writes `scores.csv`, `summary.json`, `.md` and `.tex`, `boxes.png` and `worst.png`.

    `boxes.png` is left out where matplotlib is missing, see `missing_plots`.

    Args:
        out: Folder; made where missing.
        scores: Of all cases.
        summary: What `evaluate --json` prints.
        pairs: Files of the cases.
        images: Folder of images named like the cases; a release has its own.
    """
    write_text(out / "scores.csv", scores_csv(scores))
    write_text(out / "summary.json", json.dumps(summary, indent=2, allow_nan=False) + "\n")
    write_text(out / "summary.md", markdown_table(summary))
    write_text(out / "summary.tex", latex_table(summary))
    with atomic_path(out / "worst.png") as temporary:
        worst_sheet(scores, pairs, images).save(temporary, format="PNG")
    if not missing_plots():
        box_plot(in_one_unit(scores), out / "boxes.png", unit_of(scores))


def write_comparison(
    out: Path, first: Sequence[CaseScore], second: Sequence[CaseScore], seed: int = 0
) -> dict[str, Any]:
    """Writes `comparison.json`, `areas.png` or `volumes.png`, and returns what the first holds.

    The pictures are left out where matplotlib is missing, see `missing_plots`.

    Args:
        out: Folder; made where missing.
        first: Scores of one prediction.
        second: Scores of the other, of the same cases.
        seed: Of the bootstrap.

    Raises:
        CaseError: If the two do not hold the same cases.
    """
    result = compare_scores(first, second, seed=seed)
    write_text(out / "comparison.json", json.dumps(result, indent=2, allow_nan=False) + "\n")
    if not missing_plots():
        _plot_sizes(out, first, second)
    return result


def _plot_sizes(out: Path, first: Sequence[CaseScore], second: Sequence[CaseScore]) -> None:
    others = {s.name: s for s in second}
    unit = unit_of([*first, *second])
    runs = [in_one_unit(r, unit) for r in (first, [others[s.name] for s in first])]
    for name, (metric, power) in _SIZES.items():
        agreement = bland_altman(*(_column(run, metric) for run in runs))
        if agreement.mean.size:
            plot_agreement(agreement, out / f"{name}.png", name, f"{unit}{power}")


def _column(scores: Sequence[CaseScore], metric: str) -> NDArray[np.float64]:
    """One metric of each structure of each case."""
    return np.concatenate([s.metrics[:, METRICS.index(metric)] for s in scores])
