"""`spine-msca info`: what a release holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spinemsca.cli._console import note, print_json, print_table, progress_bar

if TYPE_CHECKING:
    from rich.table import Table

    from spinemsca.release import Info, NumberSummary

EXAMPLE = "spine-msca info data"


def run(
    root: Annotated[Path, typer.Argument(help="Folder with Train, Vali and Test.")],
    workers: Annotated[
        int | None, typer.Option(help="Threads; as many as cores by default.", min=1)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Prints the composition table of ROOT, then intensity and area statistics."""
    from spinemsca.release import info

    with progress_bar("Reading") as progress:
        found = info(root, workers=workers, progress=progress)
    if as_json:
        print_json(found.to_json())
    else:
        for table in (_composition(found), _intensity(found), _areas(found)):
            print_table(table)
    if found.unreadable:
        names = ", ".join(found.unreadable[:5]) + (", …" if len(found.unreadable) > 5 else "")
        note(f"left out of the statistics, since they cannot be read: {names}")
        note(f"run: spine-msca verify {root}")


def _composition(found: Info) -> Table:
    from rich.table import Table

    from spinemsca.release import Split

    parts = [found.parts[key] for key in (None, *Split)]
    table = Table("", "All", *(split.folder for split in Split))
    table.add_row("Quantity", *(str(p.cases) for p in parts))
    shares = ("–" if p.male is None else f"{100 * p.male:.0f} %" for p in parts)
    table.add_row("Sex ratio (man)", *shares)
    whole, *splits = (", ".join(p.archives) for p in parts)
    table.add_row("Archive", whole, *(names or "–" for names in splits))
    return table


def _intensity(found: Info) -> Table:
    from rich.table import Table

    table = Table("", "n", "Mean", "SD", "Min", "Max", title="Intensity of all pixels")
    table.add_row("Image", *_numbers(found.intensity, ".3f"))
    return table


def _areas(found: Info) -> Table:
    from rich.table import Table

    from spinemsca.anatomy import COLUMN

    table = Table("Structure", "Annotated", title="Area of each structure")
    for unit in ("px", "mm²") if found.areas_mm2 else ("px",):
        for heading in ("n", f"Mean {unit}", "SD", "Min", "Max"):
            table.add_column(heading, justify="right")
    for structure in COLUMN:
        row = _numbers(found.areas_px.get(structure), ".0f")
        if found.areas_mm2:
            row += _numbers(found.areas_mm2.get(structure), ".0f")
        count = found.annotated.get(structure, 0)
        table.add_row(structure.name, str(count) if count else "not annotated", *row)
    return table


def _numbers(summary: NumberSummary | None, form: str) -> list[str]:
    if summary is None:
        return ["–"] * 5
    values = (summary.mean, summary.sd, summary.min, summary.max)
    return [f"{summary.n:,}", *("–" if v is None else format(v, form) for v in values)]
