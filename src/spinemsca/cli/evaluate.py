"""`spine-msca evaluate`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spinemsca.predictions import Pair, Pairing
    from spinemsca.score import CaseScore, Protocol

EXAMPLE = "spine-msca evaluate predictions data/Test --json"


class ProtocolName(StrEnum):
    """Ways to score."""

    usual = "usual"
    published = "published"


def run(
    predictions: Annotated[
        Path | None, typer.Argument(help="Folder or release of predictions, or a CSV of pairs.")
    ] = None,
    truth: Annotated[
        Path | None, typer.Argument(help="Folder or release of true label maps.")
    ] = None,
    spacing: Annotated[
        tuple[float, float] | None,
        typer.Option(help="Row and column spacing of slices in mm; volumes state their own."),
    ] = None,
    mm: Annotated[
        bool,
        typer.Option("--mm", help="Slices in mm, with the spacing of the release or the file."),
    ] = False,
    protocol: Annotated[
        ProtocolName, typer.Option(help="Add the published way of scoring, or not.")
    ] = ProtocolName.usual,
    workers: Annotated[int, typer.Option(help="Processes; 0 for one a core.", min=0)] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Folder for CSV, JSON, Markdown, LaTeX and pictures.")
    ] = None,
    images: Annotated[
        Path | None, typer.Option(help="Folder of images, for the picture of the worst cases.")
    ] = None,
    slices: Annotated[
        bool, typer.Option("--slices", help="Write slices.csv, too: each slice by itself.")
    ] = False,
    compare: Annotated[
        Path | None, typer.Option(help="Other predictions of the same cases, to compare with.")
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema of the result.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap.", min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Scores predictions against the truth; volumes whole, in mm."""
    import os

    from spinemsca.cli._console import note, print_json
    from spinemsca.errors import UsageError
    from spinemsca.score import Protocol, left_out, summarise

    if schema:
        from spinemsca.score import summary_schema

        print_json(summary_schema())
        return
    if predictions is None:
        raise UsageError("there is nothing to score", remedy=f"For example: {EXAMPLE}")
    if compare is not None and (truth is None or out is None):
        raise UsageError("--compare needs the truth and --out")
    if slices and out is None:
        raise UsageError("--slices needs --out", remedy="Name the folder for slices.csv")
    how = Protocol(spacing, own_spacing=mm, published=protocol is ProtocolName.published)
    workers = workers or os.cpu_count() or 1
    found = _paired(predictions, truth)
    scores = _scored(found.pairs, how, workers, out if slices else None)
    result = summarise(scores, seed=seed) | {
        "without_truth": found.only_predicted,
        "without_prediction": found.only_truth,
    }
    if out is not None:
        from spinemsca.score import missing_plots, write_comparison, write_results

        write_results(out, scores, result, found.pairs, images)
        if compare is not None:
            others = _scored(_paired(compare, truth).pairs, how, workers)
            write_comparison(out, scores, others, seed)
        _say(missing_plots())
        note(f"Tables and pictures in {out}")
    _say(left_out(result))
    if as_json:
        print_json(result)
    else:
        _print(result)


def _paired(predictions: Path, truth: Path | None) -> Pairing:
    """Pairs of files, and a note on those without a partner."""
    from spinemsca.cli._console import note
    from spinemsca.predictions import pair_labels, read_pairs

    found = read_pairs(predictions) if truth is None else pair_labels(predictions, truth)
    for where, names in (("truth", found.only_predicted), ("prediction", found.only_truth)):
        if names:
            note(f"{len(names)} without a {where}, left out: {', '.join(names[:5])}")
    return found


def _say(text: str) -> None:
    from spinemsca.cli._console import note

    if text:
        note(text)


def _scored(
    pairs: Sequence[Pair], how: Protocol, workers: int, out: Path | None = None
) -> list[CaseScore]:
    """Scores of all pairs; with a folder, those of each slice go into a table there."""
    from dataclasses import replace

    from spinemsca.cli._console import progress_bar
    from spinemsca.score import score_pairs, slice_table

    if out is None:
        with progress_bar("Scoring") as progress:
            return list(score_pairs(pairs, how, workers=workers, progress=progress))
    how, scores = replace(how, slices=True), []
    with progress_bar("Scoring") as progress, slice_table(out / "slices.csv") as add:
        for score in score_pairs(pairs, how, workers=workers, progress=progress):
            add(score)
            scores.append(replace(score, slices=()))
    return scores


def _print(result: dict[str, Any]) -> None:
    from rich.table import Table

    from spinemsca.cli._console import note, print_table

    unit, right = result["unit"], result["levels_right"]
    shown = ("dice", "agnostic_dice", "iou", "hd95", "assd", "nsd")
    levels = "no level to be right" if right is None else f"levels right {right:.1%}"
    table = Table(title=f"{result['cases']} cases, {levels}")
    heads = ("Dice", "Dice, any level", "IoU", f"HD95 {unit}", f"ASSD {unit}", f"NSD 1 {unit}")
    for head in ("", *heads):
        table.add_column(head, justify="right" if head else "left")
    for name, row in {"all": result["overall"], **result["groups"], **result["structures"]}.items():
        means = [row[m]["mean"] for m in shown]
        table.add_row(name, *("–" if v is None else f"{v:.4f}" for v in means))
    print_table(table)
    if "published" in result:
        gap = result["published"]["published_minus_usual"]
        for metric, values in result["published"]["overall"].items():
            if gap[metric] is not None:
                mean = f"{values['mean']:.4f}"
                note(f"{metric} as published: {mean}, {gap[metric]:+.4f} to the usual")
