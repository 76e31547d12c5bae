"""The verb `predict`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spinemsca.cli._console import note, print_json, progress_bar

EXAMPLE = "spine-msca predict scans/ --out predictions"


def run(
    inputs: Annotated[list[Path], typer.Argument(help="Image files, or folders of them.")],
    out: Annotated[Path, typer.Option(help="Folder for label maps, overlays, JSON and table.")],
    weights: Annotated[Path, typer.Option(help="Weights file of this package.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Segments lumbar MR slices."""
    from spinemsca.segment.batch import TABLE_NAME, find_inputs, predict_files
    from spinemsca.segment.predict import Model

    named = find_inputs(inputs)
    model = Model.load(weights)
    with progress_bar("Segmenting", unit="cases") as progress:
        outcomes = predict_files(model, named, out, progress)
    without = [o for o in outcomes if o.status != "segmented"]
    if as_json:
        print_json({o.name: {"status": o.status, "reason": o.reason} for o in outcomes})
    for outcome in without:
        note(f"{outcome.path}: {outcome.status}: {outcome.reason}")
    note(f"{len(outcomes) - len(without)} of {len(outcomes)} segmented, see {out / TABLE_NAME}")
