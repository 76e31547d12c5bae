"""`spine-msca build`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EXAMPLE = "spine-msca build examples/spider-space.toml data --data ../shared/data"


def run(
    config: Annotated[Path, typer.Argument(help="TOML or YAML that says what to build from.")],
    out: Annotated[Path, typer.Argument(help="Folder to write; new or empty.")],
    data: Annotated[
        Path | None, typer.Option(help="Folder of the images; the configuration's if left out.")
    ] = None,
    fit: Annotated[
        str, typer.Option(help="stretch to the square, or pad and keep the aspect.")
    ] = "stretch",
    seed: Annotated[int, typer.Option(min=0, help="Of the splits, where they are drawn.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Builds a release."""
    from spinemsca.cli._console import note, print_json, progress_bar
    from spinemsca.curate import Fit, build, read_build_config
    from spinemsca.errors import UsageError
    from spinemsca.release import Split

    if fit not in set(Fit):
        raise UsageError(f"{fit!r} is no fit", remedy="Use stretch or pad")
    read = read_build_config(config)
    with progress_bar("Building") as progress:
        built = build(
            read,
            data or config.parent,
            out,
            beside=config.parent,
            fit=Fit(fit),
            seed=seed,
            progress=progress,
        )
    counts = {s.value: len(built.release.of(s)) for s in Split}
    if json:
        found = {"left_out": dict(built.left_out), "notes": dict(built.notes)}
        print_json({"out": str(out), "cases": counts, **found})
        return
    for sentence, number in built.notes.items():
        note(f"{number} images: {sentence}")
    for name, reason in built.left_out.items():
        note(f"Left out {name}: {reason}")
    typer.echo(f"{out}: {', '.join(f'{n} {s}' for s, n in counts.items())}")
