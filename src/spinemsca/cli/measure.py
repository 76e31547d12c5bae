"""`spine-msca measure`: label maps to morphometry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spinemsca.cli._options import (
    Faces,
    Labels,
    Orientation,
    OriginalSize,
    RowColumnSpacing,
    orientation_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spinemsca._util import Progress
    from spinemsca.measure import Change, Measurements
    from spinemsca.predictions import LabelFile, LabelFiles, LabelledScan, Reading

EXAMPLE = "spine-msca measure case_label.png --spacing 0.6 0.6 --out measurements.csv"


def run(
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Folders from predict, releases, label maps or folders of them.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Table to write: .csv, .parquet or .json.")
    ] = None,
    wide: Annotated[
        bool, typer.Option("--wide", help="One row a case instead of one a structure.")
    ] = False,
    codebook: Annotated[
        Path | None, typer.Option(help="CSV to write that explains every column.")
    ] = None,
    spacing: RowColumnSpacing = None,
    original_size: OriginalSize = None,
    image: Annotated[
        Path | None, typer.Option(help="Image, or folder of images named as the label maps.")
    ] = None,
    all_slices: Annotated[
        bool, typer.Option("--all-slices", help="Each slice of a volume, not one.")
    ] = False,
    labels: Labels = "spine-msca",
    orientation: Orientation = None,
    faces: Faces = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Compare two inputs, the earlier first.")
    ] = False,
    listing: Annotated[bool, typer.Option("--list", help="Print all measures and stop.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="--list as Markdown.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measures spines in label maps. For research use only."""
    from spinemsca.errors import UsageError

    if codebook is not None:
        _write_codebook(codebook)
    if listing:
        _print_list(json=json, markdown=markdown)
        return
    if not inputs:
        if codebook is None:
            raise UsageError("no label map was given", remedy=f"For example: {EXAMPLE}")
        return
    from spinemsca.predictions import Reading

    how = Reading(image, labels, spacing, orientation_of(orientation, faces))
    if compare:
        _print_changes(inputs, how, original_size, json=json)
    else:
        _measure_all(inputs, how, (original_size, all_slices), (out, wide, json))


def _measure_all(
    inputs: list[Path],
    how: Reading,
    options: tuple[tuple[int, int] | None, bool],
    output: tuple[Path | None, bool, bool],
) -> None:
    from spinemsca.cli._console import note, print_json, progress_bar
    from spinemsca.measure import as_json, write_measurements
    from spinemsca.predictions import find_label_maps

    out, wide, json = output
    files = find_label_maps(inputs)
    failed: list[str] = list(files.left_out)
    with progress_bar("Measuring") as progress:
        cases = _each(files, how, options, failed, progress)
        if out is not None:
            count = write_measurements(out, cases, wide=wide)
            found = []
        else:
            found = list(cases)
            count = len(found)
    if json and out is None:
        print_json([as_json(case) for case in found])
    else:
        for case in found:
            _print_case(case)
    for name, reason in files.left_out.items():
        note(f"{name}: left out: {reason}")
    if out is not None:
        what = "slices" if options[1] else "cases"
        note(f"{count} {what} written to {out}. For research use only.")
    if failed:
        raise typer.Exit(1 if count else 2)


def _each(
    files: LabelFiles,
    how: Reading,
    options: tuple[tuple[int, int] | None, bool],
    failed: list[str],
    progress: Progress,
) -> Iterator[Measurements]:
    """Measures one file after another; a bad one is told and the rest go on."""
    from spinemsca.cli._console import note
    from spinemsca.errors import SpineError

    for done, file in enumerate(files.found):
        progress(done, len(files.found))
        try:
            yield from _measured(file, how, options)
        except SpineError as error:
            note(f"spine-msca: {error}")
            failed.append(file.name)


def _measured(
    file: LabelFile, how: Reading, options: tuple[tuple[int, int] | None, bool]
) -> list[Measurements]:
    from spinemsca.measure import measure_scan, measure_slices
    from spinemsca.predictions import read_labelled

    original_size, all_slices = options
    scan = read_labelled(file, how)
    if not all_slices or scan.is_picture:
        return [measure_scan(scan, original_size=original_size)]
    _tell_empty(scan)
    return list(measure_slices(scan, original_size=original_size))


def _tell_empty(scan: LabelledScan) -> None:
    from spinemsca.cli._console import note

    number = len(scan.volume.pixels)
    shown = int(scan.volume.pixels.any(axis=(1, 2)).sum())
    if shown < number:
        note(f"{scan.file.name}: {number - shown} of {number} slices show nothing: no rows")


def _print_case(case: Measurements) -> None:
    from rich.table import Table

    from spinemsca.cli._console import print_table
    from spinemsca.measure import ALL_ROWS

    view = Table(title=f"{case.case or 'case'} (research use only)", title_justify="left")
    for heading in ("structure", "measure", "value", "standard error", "unit", "normal"):
        view.add_column(heading, justify="right" if heading in ("value", "normal") else "left")
    for r in sorted(case.results, key=lambda r: ALL_ROWS.index(r.structure)):
        if r.value is None:
            continue
        value = r.value if isinstance(r.value, str) else f"{r.value:.2f}"
        error = "" if r.error is None else f"± {r.error:.2f}"
        normal = "" if r.normal is None else f"{r.normal[0]:g} to {r.normal[1]:g}"
        unit = r.definition.quantity.suffix(case.unit)
        view.add_row(r.structure, r.definition.name, value, error, unit, normal)
    print_table(view)
    for row, texts in case.flags.items():
        print_table(f"{row}: {'; '.join(texts)}")


def _print_changes(
    inputs: list[Path], how: Reading, original_size: tuple[int, int] | None, *, json: bool
) -> None:
    from spinemsca.cli._console import print_json
    from spinemsca.errors import UsageError
    from spinemsca.measure import detect_changes
    from spinemsca.predictions import find_label_maps

    if len(inputs) != 2:
        raise UsageError(f"{len(inputs)} inputs to compare", remedy="Give two, the earlier first")
    files = [_only(find_label_maps([path]).found, path) for path in inputs]
    before, after = (_measured(file, how, (original_size, False))[0] for file in files)
    changes = detect_changes(before, after)
    if json:
        print_json([_change(change) for change in changes])
    else:
        _print_change_table(changes)


def _only(files: list[LabelFile], path: Path) -> LabelFile:
    from spinemsca.errors import UsageError

    if len(files) != 1:
        raise UsageError(
            f"holds {len(files)} label maps to compare", where=path, remedy="Name one file"
        )
    return files[0]


def _change(change: Change) -> dict[str, Any]:
    return {
        "measure": change.before.definition.name,
        "structure": change.before.structure,
        "before": change.before.value,
        "after": change.after.value,
        "change": change.change,
        "smallest_detectable_change": change.detectable,
        "detected": change.detected,
    }


def _print_change_table(changes: list[Change]) -> None:
    from rich.table import Table

    from spinemsca.cli._console import print_table

    view = Table()
    for heading in ("structure", "measure", "before", "after", "change", "detectable", ""):
        view.add_column(heading)
    for change in changes:
        row = _change(change)
        numbers = [f"{row[k]:.2f}" for k in ("before", "after", "change")]
        mark = "changed" if change.detected else ""
        limit = f"{change.detectable:.2f}"
        view.add_row(row["structure"], row["measure"], *numbers, limit, mark)
    print_table(view)


def _print_list(*, json: bool, markdown: bool) -> None:
    from rich.table import Table

    from spinemsca.cli._console import print_json, print_table
    from spinemsca.measure import MEASURES, describe_measure, document

    rows = [describe_measure(definition) for definition in MEASURES]
    if json:
        print_json(rows)
    elif markdown:
        typer.echo(document(), nl=False)
    else:
        view = Table(*rows[0])
        for row in rows:
            view.add_row(*row.values())
        print_table(view)


def _write_codebook(path: Path) -> None:
    from spinemsca._util import write_text
    from spinemsca.measure import codebook, csv_text

    rows = codebook()
    columns = max((list(row) for row in rows), key=len)
    write_text(path, csv_text(columns, rows))
