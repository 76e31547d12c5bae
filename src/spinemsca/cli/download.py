"""`spine-msca download`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EXAMPLE = "spine-msca download --root data --split train --split val"


def run(
    root: Annotated[Path, typer.Option(help="Folder of the release; made if it is not there.")],
    split: Annotated[
        list[str] | None, typer.Option(help="train, val or test; may be repeated. All if left out.")
    ] = None,
    mirror: Annotated[
        str | None,
        typer.Option(help="Address or folder of the archives, instead of the publisher's."),
    ] = None,
    keep_archives: Annotated[
        bool, typer.Option("--keep-archives", help="Keep the archives in ROOT/.archives.")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, max=16, help="Files fetched at once.")] = 4,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Downloads a release."""
    from spinemsca.cli._console import note, print_json, progress_bar
    from spinemsca.release import LICENCE, Split, download

    splits = tuple(dict.fromkeys(Split.parse(s) for s in split)) if split else None
    with progress_bar("Downloading", unit="bytes") as progress:
        result = download(
            root,
            splits=splits,
            mirror=mirror,
            keep_archives=keep_archives,
            workers=workers,
            progress=progress,
        )
    if mirror is None:
        note(f"The publisher's licence: {LICENCE}.")
    if result.checked is False:
        note("The mirror has no checksums: unchecked, but every zip CRC holds.")
    cases = {s.value: n for s, n in result.cases.items()}
    if json:
        print_json(
            {
                "root": str(result.root),
                "mirror": result.mirror,
                "checked": result.checked,
                "cases": cases,
            }
        )
        return
    counts = ", ".join(f"{n} {s}" for s, n in cases.items())
    state = {True: "checked", False: "unchecked", None: "there already"}[result.checked]
    typer.echo(f"{result.root}: {counts} ({state})")
