"""The verb `train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from spinemsca.cli._console import note, print_json, progress_bar

EXAMPLE = "spine-msca train data/spider-space phantoms --out runs/first"


def run(
    releases: Annotated[list[Path], typer.Argument(help="Releases; their Train and Vali serve.")],
    out: Annotated[Path, typer.Option(help="Folder of the run; an unfinished one goes on.")],
    config: Annotated[Path | None, typer.Option(help="TOML with TrainingConfig's values.")] = None,
    begin: Annotated[
        Path | None, typer.Option(help="Checkpoint whose weights to begin with.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write for TensorBoard, too.")
    ] = False,
    version: Annotated[
        str | None, typer.Option(help="Of the weights; the folder's name if left out.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Trains a network on releases."""
    from spinemsca.release import Release, Split
    from spinemsca.segment import (
        BEST_NAME,
        Weights,
        export_checkpoint,
        load_examples,
        read_training_config,
        save_weights,
        train,
    )

    settings = read_training_config(config)
    opened = [Release.open(root) for root in releases]
    training, validation = (
        [e for release in opened if release.of(split) for e in load_examples(release, split)]
        for split in (Split.TRAIN, Split.VAL)
    )
    with progress_bar("Training", unit="steps") as progress:
        best = train(
            settings,
            training,
            validation,
            out,
            begin=begin,
            device=device,
            tensorboard=tensorboard,
            progress=progress,
        )
    network = export_checkpoint(out / BEST_NAME, settings.network)
    target = out / "weights.safetensors"
    save_weights(target, Weights(network, settings.size, version or out.name))
    result: dict[str, Any] = {"dice": best, "weights": str(target)}
    if as_json:
        print_json(result)
    note(f"Best mean Dice on validation {best:.4f}, weights in {target}")
