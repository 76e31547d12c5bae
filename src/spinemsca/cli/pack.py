"""`spine-msca pack`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EXAMPLE = "spine-msca pack data archives --part-size 50MB"


def run(
    root: Annotated[Path, typer.Argument(help="A release, in any layout.")],
    out: Annotated[Path, typer.Argument(help="Folder to write; new or empty.")],
    part_size: Annotated[
        str, typer.Option(help="Of a part of the training archive, as 50MB or 64MiB.")
    ] = "50MB",
    licence: Annotated[str, typer.Option(help="Terms of use, for the card.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print files and sums as JSON.")] = False,
) -> None:
    """Packs a release."""
    from spinemsca.cli._console import print_json, progress_bar
    from spinemsca.release import pack, parse_size

    size = parse_size(part_size)
    with progress_bar("Packing") as progress:
        sums = pack(root, out, part_size=size, licence=licence, progress=progress)
    if json:
        files = {n: {"bytes": (out / n).stat().st_size, "sha256": s} for n, s in sums.items()}
        print_json({"out": str(out), "files": files})
        return
    for name in sorted(sums):
        typer.echo(f"{sums[name]}  {out / name}")
