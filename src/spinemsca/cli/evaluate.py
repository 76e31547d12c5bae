"""`spine-msca evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

EXAMPLE = "spine-msca evaluate predictions data/Test --json"


def run(
    predictions: Annotated[Path, typer.Argument(help="Folder or release of predictions.")],
    truth: Annotated[Path, typer.Argument(help="Folder or release of true label maps.")],
    spacing: Annotated[
        tuple[float, float] | None, typer.Option(help="Row and column spacing in mm.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Scores predictions against the truth."""
    from spinemsca.cli._console import note, print_json, progress_bar
    from spinemsca.score.evaluate import evaluate_pairs
    from spinemsca.score.pairing import pair_labels

    found = pair_labels(predictions, truth)
    for where, names in (("truth", found.only_predicted), ("prediction", found.only_truth)):
        if names:
            note(f"{len(names)} without a {where}, left out: {', '.join(names[:5])}")
    with progress_bar("Scoring") as progress:
        result = evaluate_pairs(found.pairs, spacing=spacing, seed=seed, progress=progress)
    if as_json:
        print_json(result | {"without_truth": found.only_predicted,
                             "without_prediction": found.only_truth})  # fmt: skip
    else:
        _print(result, "px" if spacing is None else "mm")


def _print(result: dict[str, Any], unit: str) -> None:
    from rich.table import Table

    from spinemsca.cli._console import print_table

    shown = ("dice", "iou", "hd95", "assd", "nsd")
    table = Table(title=f"{result['cases']} cases, levels right {result['levels_right']:.1%}")
    for head in ("", "Dice", "IoU", f"HD95 {unit}", f"ASSD {unit}", f"NSD 1 {unit}"):
        table.add_column(head, justify="right" if head else "left")
    for name, row in {"all": result["overall"], **result["structures"]}.items():
        means = [row[m]["mean"] for m in shown]
        table.add_row(name, *("–" if v is None else f"{v:.4f}" for v in means))
    print_table(table)
