"""`synth`: make a release of synthetic cases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spinemsca.cli._console import note, print_json, progress_bar

EXAMPLE = "spine-msca synth phantoms --cases 40 --seed 1"


def run(
    out: Annotated[Path, typer.Argument(help="New or empty folder for the release.")],
    cases: Annotated[int, typer.Option(help="How many cases.")] = 40,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 0,
    size: Annotated[int, typer.Option(help="Rows and columns of a case.")] = 512,
    workers: Annotated[int, typer.Option(help="Processes.")] = 1,
    contrast: Annotated[str, typer.Option(help="t2, t1 or random.")] = "t2",
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Makes a release of synthetic cases."""
    from spinemsca.release import PHANTOMS_NAME, Split, synthesise

    with progress_bar("Making cases") as progress:
        release = synthesise(
            out,
            cases,
            seed,
            size=size,
            contrast=contrast,
            workers=workers,
            progress=progress,
        )
    counts = {split.value: len(release.of(split)) for split in Split}
    if as_json:
        print_json(
            {
                "root": str(out),
                "cases": cases,
                "seed": seed,
                "splits": counts,
                "parameters": str(out / PHANTOMS_NAME),
            }
        )
        return
    parts = ", ".join(f"{n} {split}" for split, n in counts.items())
    note(f"{cases} synthetic cases ({parts}) in {out}, their parameters in {PHANTOMS_NAME}")
