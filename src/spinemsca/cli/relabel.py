"""The verb `relabel`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from spinemsca.cli._console import note, print_json
from spinemsca.cli.predict import Lowest

EXAMPLE = "spine-msca relabel predictions --lowest L6 --out corrected"


def run(
    labels: Annotated[
        list[Path], typer.Argument(help="Label maps, folders of them or from predict.")
    ],
    out: Annotated[Path, typer.Option(help="Folder to write into.")],
    lowest: Annotated[
        Lowest | None, typer.Option(help="What the lowest lumbar vertebra is.")
    ] = None,
    shift: Annotated[
        int, typer.Option(min=-1, max=1, help="Levels to move every name by, 1 towards the feet.")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was done as JSON.")] = False,
) -> None:
    """Renames levels in label maps where the numbering began at the wrong vertebra."""
    from spinemsca.errors import SpineError
    from spinemsca.predictions import find_label_maps
    from spinemsca.segment import Renaming, relabel_file

    how = Renaming(lowest.value if lowest else None, shift)
    files = find_label_maps(labels)
    for name, reason in files.left_out.items():
        note(f"{name}: left out: {reason}")
    done: list[dict[str, Any]] = []
    for file in files.found:
        try:
            done.append(relabel_file(file, out, how))
        except SpineError as error:
            note(f"spine-msca: {error}")
    if as_json:
        print_json(done)
    for said in done:
        lost = f"; dropped, having no name left: {', '.join(said['dropped'])}"
        note(f"{out / said['output']}: {said['assumed']}{lost if said['dropped'] else ''}")
    if len(done) < len(files.found) or files.left_out:
        raise typer.Exit(1 if done else 2)
