"""The verb `predict`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spinemsca.cli._console import note, print_json, progress_bar

if TYPE_CHECKING:
    from spinemsca.segment import Outcome

EXAMPLE = "spine-msca predict scans/ --out predictions"


class Lowest(StrEnum):
    """What the lowest lumbar vertebra may be."""

    L4 = "L4"
    L5 = "L5"
    L6 = "L6"


class EngineName(StrEnum):
    """What may run the network."""

    AUTO = "auto"
    TORCH = "torch"
    ONNXRUNTIME = "onnxruntime"
    OPENVINO = "openvino"


def run(
    inputs: Annotated[
        list[Path],
        typer.Argument(help="PNG, JPEG, .pt, NIfTI, MHA, NRRD or DICOM files, or their folders."),
    ],
    out: Annotated[Path, typer.Option(help="Folder for label maps, overlays, JSON and table.")],
    weights: Annotated[
        Path | None, typer.Option(help="Weights file; else the one that is installed.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto.")] = "auto",
    engine: Annotated[EngineName, typer.Option(help="What runs the network.")] = EngineName.AUTO,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Slices at a time; else one a processor.")
    ] = None,
    lowest: Annotated[
        Lowest | None,
        typer.Option(help="What the lowest lumbar vertebra (no sacrum: in view) is."),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Predict also what is in OUT already.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Segments lumbar MR slices and volumes. For research use only."""
    from spinemsca.predictions import TABLE_NAME, find_scans

    found = find_scans(inputs)
    from spinemsca._util import default_workers
    from spinemsca.segment import load_model, predict_files

    model = load_model(weights, device, engine.value)
    with progress_bar("Segmenting", unit="cases") as progress:
        outcomes = predict_files(
            model,
            found,
            out,
            progress,
            lowest=lowest.value if lowest else None,
            workers=workers or default_workers(),
            again=again,
        )
    if as_json:
        print_json({o.name: _as_json(o) for o in outcomes})
    _tell(outcomes)
    note(f"See {out / TABLE_NAME}. For research use only.")


def _as_json(outcome: Outcome) -> dict[str, Any]:
    said = {} if outcome.record is None else outcome.record.model_dump(mode="json")
    return {"status": outcome.status, "reason": outcome.reason} | said


def _tell(outcomes: list[Outcome]) -> None:
    from spinemsca._util import printable

    without = [o for o in outcomes if o.status != "segmented"]
    for outcome in without:
        note(f"{printable(outcome.path)}: {outcome.status}: {outcome.reason}")
    kept = sum(o.kept for o in outcomes)
    there = f", {kept} of them were there already" if kept else ""
    note(f"{len(outcomes) - len(without)} of {len(outcomes)} segmented{there}")
