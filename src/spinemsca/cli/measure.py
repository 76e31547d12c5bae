"""`spine-msca measure`: label maps to morphometry."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EXAMPLE = "spine-msca measure case_label.png --spacing 0.6 0.6 --out measurements.csv"


def run(
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(help="Label maps, cases or folders of them.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Table to write: .csv, .parquet or .json.")
    ] = None,
    wide: Annotated[bool, typer.Option("--wide", help="One row a case instead of a structure.")] = False,
    codebook: Annotated[
        Path | None, typer.Option(help="CSV to write that explains every column.")
    ] = None,
    spacing: Annotated[
        tuple[float, float] | None,
        typer.Option(help="ROW COLUMN in mm, where the file has none.", show_default=False),
    ] = None,
    original_size: Annotated[
        tuple[int, int] | None,
        typer.Option(help="ROWS COLUMNS before the image was stretched.", show_default=False),
    ] = None,
    image: Annotated[
        Path | None, typer.Option(help="Image, or folder of images named as the label maps.")
    ] = None,
    labels: Annotated[
        str, typer.Option(help="Whose numbers: spine-msca, spineps, totalspineseg, spider.")
    ] = "spine-msca",
    faces: Annotated[str, typer.Option(help="Where the patient looks: left or right.")] = "left",
    compare: Annotated[
        bool, typer.Option("--compare", help="Compare two inputs, earlier first.")
    ] = False,
    list_: Annotated[bool, typer.Option("--list", help="Print all measures and stop.")] = False,
    format_: Annotated[
        str, typer.Option("--format", help="Of --list: table, markdown or json.")
    ] = "table",
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    from spinemsca.cli import _measure as work

    if codebook is not None:
        work.write_codebook(codebook)
    if list_:
        work.print_list("json" if json else format_)
        return
    if not inputs:
        if codebook is None:
            work.refuse_nothing()
        return
    options = work.Options(spacing, original_size, image, labels, faces)
    if compare:
        work.print_changes(inputs, options, json=json)
        return
    work.measure_all(inputs, options, out=out, wide=wide, json=json)
