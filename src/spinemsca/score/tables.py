"""Scores as text: CSV by case and structure, Markdown, and LaTeX for a paper."""

from __future__ import annotations

import csv
import io
import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from spinemsca._util import atomic_path
from spinemsca.anatomy import STRUCTURES
from spinemsca.score.case_score import METRICS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from spinemsca.score.case_score import CaseScore

__all__ = ["latex_table", "markdown_table", "scores_csv", "slice_table", "summary_rows"]

# Columns of tables for a paper, by metric; chosen.
_SHOWN: Final = {
    "dice": "Dice",
    "agnostic_dice": "Dice, any level",
    "hd95": "HD95",
    "assd": "ASSD",
    "nsd": "NSD 1",
}
# Those among them that bear a unit.
_LENGTHS: Final = frozenset({"hd95", "assd", "nsd"})
# Columns of the metrics that a slice has: it has no volume.
_OF_SLICES: Final = [i for i, m in enumerate(METRICS) if not m.startswith("volume")]
# Columns before the metrics.
_ABOUT: Final = ("structure", "outcome", "named_as", "unit")


def scores_csv(scores: Iterable[CaseScore]) -> str:
    """A tidy table: a row a case and annotated structure, a column a metric.

    Numbers that do not exist are empty. `outcome` says what became of the level, `named_as` what
    the prediction calls most of the true structure, `unit` what lengths are in.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("case", "patient", *_ABOUT, *METRICS))
    for score in scores:
        for about, numbers in _rows(score):
            writer.writerow((score.name, score.patient, *about, *map(_number, numbers)))
    return text.getvalue()


@contextmanager
def slice_table(path: Path) -> Iterator[Callable[[CaseScore], None]]:
    """A CSV of a row a case, slice and structure that either map shows there.

    Yields what adds a case; nothing is held, and the file is there once all are added. Slices
    count from 0 at the patient's right, as a reader turns them.

    Args:
        path: To write.
    """
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("case", "patient", "slice", *_ABOUT, *(METRICS[i] for i in _OF_SLICES)))

        def add(score: CaseScore) -> None:
            for index, one in enumerate(score.slices):
                for about, numbers in _rows(one):
                    if about[1] != "absent":
                        shown = [_number(numbers[i]) for i in _OF_SLICES]
                        writer.writerow((score.name, score.patient, index, *about, *shown))

        yield add


def _rows(score: CaseScore) -> Iterator[tuple[tuple[str, ...], Sequence[float]]]:
    """What is said of each annotated structure, and its metrics."""
    for i, structure in enumerate(STRUCTURES):
        if outcome := score.outcomes[i]:
            about = (structure.name, outcome, score.confused[i], score.unit)
            yield about, score.metrics[i].tolist()


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.6g}"


def summary_rows(summary: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Name and metrics of all structures, of the groups and of each structure that has numbers."""
    yield "all", summary["overall"]
    for name, row in {**summary["groups"], **summary["structures"]}.items():
        if row["dice"]["n"] or row["hd95"]["n"]:
            yield name, row


def markdown_table(summary: Mapping[str, Any]) -> str:
    """Mean, standard deviation and 95 % interval of the main metrics, in Markdown."""
    heads = ["", *_heads(summary["unit"])]
    lines = [_line(heads), _line(["---", *["---:"] * len(_SHOWN)])]
    lines += [_line([name, *_cells(row, "±", "–")]) for name, row in summary_rows(summary)]
    return "\n".join([*lines, "", _caption(summary)]) + "\n"


def latex_table(summary: Mapping[str, Any]) -> str:
    """A summary as a LaTeX table for the package booktabs."""
    heads = " & ".join(["", *_heads(summary["unit"])])
    rows = [
        " & ".join([name, *_cells(row, r"$\pm$", "--")]) + r" \\"
        for name, row in summary_rows(summary)
    ]
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{_caption(summary).replace('%', chr(92) + '%')}}}",
            rf"\begin{{tabular}}{{l{'r' * len(_SHOWN)}}}",
            r"\toprule",
            heads + r" \\",
            r"\midrule",
            *rows,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def _heads(unit: str) -> list[str]:
    return [f"{head} ({unit})" if m in _LENGTHS else head for m, head in _SHOWN.items()]


def _cells(row: Mapping[str, Any], plus_minus: str, nothing: str) -> list[str]:
    return [_cell(row[metric], plus_minus, nothing) for metric in _SHOWN]


def _cell(found: Mapping[str, Any], plus_minus: str, nothing: str) -> str:
    if found["mean"] is None:
        return nothing
    low, high = found["ci95"]
    return f"{found['mean']:.3f} {plus_minus} {found['sd']:.3f} [{low:.3f}, {high:.3f}]"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _caption(summary: Mapping[str, Any]) -> str:
    right = summary["levels_right"]
    levels = "" if right is None else f", every level right in {100 * right:.1f} %"
    over, number = summary["interval_over"], summary["px_left_out"]
    lengths = f" Lengths without the {number} cases that have no spacing." if number else ""
    return (
        f"{summary['cases']} cases{levels}. Mean, standard deviation, "
        f"and 95 % bootstrap interval over {over}.{lengths}"
    )
