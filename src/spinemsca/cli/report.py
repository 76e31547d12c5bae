"""`spine-msca report`: a page a case, and one of all."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spinemsca.cli._options import (
    Faces,
    Labels,
    Orientation,
    OriginalSize,
    RowColumnSpacing,
    orientation_of,
)

EXAMPLE = "spine-msca report predictions/ --images scans/ --out reports"


def run(
    inputs: Annotated[
        list[Path],
        typer.Argument(help="Releases, folders from predict, or label maps.", show_default=False),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the pages.")],
    images: Annotated[
        Path | None, typer.Option(help="Folder of the images that label maps belong to.")
    ] = None,
    spacing: RowColumnSpacing = None,
    original_size: OriginalSize = None,
    sex: Annotated[
        Path | None, typer.Option(help="CSV with the columns case and sex (F or M).")
    ] = None,
    labels: Labels = "spine-msca",
    orientation: Orientation = None,
    faces: Faces = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Print every page to PDF too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Writes a page of measurements for each case. For research use only."""
    from spinemsca.cli._console import note, print_json, progress_bar
    from spinemsca.predictions import Reading, find_label_maps
    from spinemsca.report import INDEX, find_printer, read_sexes, report_inputs, write_reports

    printer = find_printer() if pdf else None
    sexes = None if sex is None else read_sexes(sex)
    how = Reading(images, labels, spacing, orientation_of(orientation, faces))
    files = find_label_maps(inputs)
    found = report_inputs(files.found, how, sexes)
    with progress_bar("Reporting") as progress:
        cohort = write_reports(
            found,
            out,
            original_size=original_size,
            printer=printer,
            progress=progress,
            left_out=files.left_out,
        )
    for name, reason in cohort.failed:
        note(f"spine-msca: {name}: {reason}")
    if as_json:
        failed = dict(cohort.failed)
        print_json({"index": str(out / INDEX), "cases": len(cohort.names), "failed": failed})
    note(f"{len(cohort.names)} cases, see {out / INDEX}. For research use only.")
    if cohort.failed:
        raise typer.Exit(1 if cohort.names else 2)
