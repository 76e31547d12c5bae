"""`spine-msca demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EXAMPLE = "spine-msca demo --out demo"


def run(
    out: Annotated[Path, typer.Option(help="Folder to write; an older demo is replaced.")] = Path(
        "demo"
    ),
    cases: Annotated[int, typer.Option(min=3, max=500, help="Synthetic cases to make.")] = 24,
    seed: Annotated[int, typer.Option(min=0, help="Of the cases.")] = 1,
    real: Annotated[Path | None, typer.Option(help="A real slice to segment as well.")] = None,
) -> None:
    """Runs the whole life of a release and writes a page that shows it."""
    from spinemsca.cli._console import note
    from spinemsca.demo import run_demo

    page = run_demo(out, cases=cases, seed=seed, real=real, say=note)
    typer.echo(f"Look at {page.resolve()}")
