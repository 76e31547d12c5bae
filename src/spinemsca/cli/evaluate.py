"""`spine-msca evaluate`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

EXAMPLE = "spine-msca evaluate predictions data/Test --json"


class ProtocolName(StrEnum):
    """Ways to score."""

    usual = "usual"
    published = "published"


def run(
    predictions: Annotated[
        Path, typer.Argument(help="Folder or release of predictions, or a CSV of pairs.")
    ],
    truth: Annotated[
        Path | None, typer.Argument(help="Folder or release of true label maps.")
    ] = None,
    spacing: Annotated[
        tuple[float, float] | None, typer.Option(help="Row and column spacing in mm.")
    ] = None,
    mm: Annotated[
        bool, typer.Option("--mm", help="In mm, with the spacing that the release states.")
    ] = False,
    protocol: Annotated[
        ProtocolName, typer.Option(help="Add the published way of scoring, or not.")
    ] = ProtocolName.usual,
    workers: Annotated[int, typer.Option(help="Processes; 0 for one a core.", min=0)] = 0,
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Scores predictions against the truth."""
    import os

    from spinemsca.cli._console import note, print_json, progress_bar
    from spinemsca.score.evaluate import Protocol, score_pairs
    from spinemsca.score.pairing import pair_labels, read_pairs
    from spinemsca.score.summary import summarise

    found = read_pairs(predictions) if truth is None else pair_labels(predictions, truth)
    for where, names in (("truth", found.only_predicted), ("prediction", found.only_truth)):
        if names:
            note(f"{len(names)} without a {where}, left out: {', '.join(names[:5])}")
    how = Protocol(spacing, own_spacing=mm, published=protocol is ProtocolName.published)
    workers = workers or os.cpu_count() or 1
    with progress_bar("Scoring") as progress:
        scores = list(score_pairs(found.pairs, how, workers=workers, progress=progress))
    result = summarise(scores, seed=seed) | {
        "unit": "px" if spacing is None and not mm else "mm",
        "without_truth": found.only_predicted,
        "without_prediction": found.only_truth,
    }
    if as_json:
        print_json(result)
    else:
        _print(result)


def _print(result: dict[str, Any]) -> None:
    from rich.table import Table

    from spinemsca.cli._console import note, print_table

    unit = result["unit"]
    shown = ("dice", "agnostic_dice", "iou", "hd95", "assd", "nsd")
    table = Table(title=f"{result['cases']} cases, levels right {result['levels_right']:.1%}")
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
            note(
                f"{metric} the published way: {values['mean']:.4f}, {gap[metric]:+.4f} to the usual"
            )
