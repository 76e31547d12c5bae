"""`spine-msca measure`: label maps to morphometry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spinemsca.cli._options import Faces, Labels, OriginalSize, RowColumnSpacing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spinemsca.measure.measure import Measurements
    from spinemsca.measure.uncertainty import Change
    from spinemsca.progress import Progress

EXAMPLE = "spine-msca measure case_label.png --spacing 0.6 0.6 --out measurements.csv"


def run(
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(help="Label maps, cases or folders of them.", show_default=False),
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
    labels: Labels = "spine-msca",
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
    options = {
        "spacing": spacing,
        "original_size": original_size,
        "labels": labels,
        "faces": faces,
    }
    if compare:
        _print_changes(inputs, image, options, json=json)
    else:
        _measure_all(inputs, image, options, (out, wide, json))


def _measured(path: Path, image: Path | None, options: dict[str, Any]) -> Measurements:
    from spinemsca.measure.measure import measure
    from spinemsca.measure.sources import read

    source = read(path, image, foreign=options["labels"] != "spine-msca")
    given = options | {
        "spacing": source.spacing or options["spacing"],
        "faces": options["faces"] or source.faces,
    }
    return measure(source.label, image=source.image, name=source.name, **given)


def _measure_all(
    inputs: list[Path],
    image: Path | None,
    options: dict[str, Any],
    output: tuple[Path | None, bool, bool],
) -> None:
    from spinemsca.cli._console import note, print_json, progress_bar
    from spinemsca.measure import cohort, table
    from spinemsca.measure.sources import find

    out, wide, json = output
    paths: list[Path] = list(find(inputs))
    failed: list[Path] = []
    with progress_bar("Measuring") as progress:
        cases = _each(paths, image, options, failed, progress)
        if out is not None:
            count = cohort.write(out, cases, wide=wide)
            found = []
        else:
            found = list(cases)
            count = len(found)
    if json and out is None:
        print_json([table.as_json(case) for case in found])
    else:
        for case in found:
            _print_case(case)
    if out is not None:
        note(f"{count} cases written to {out}. For research use only.")
    if failed:
        raise typer.Exit(1 if count else 2)


def _each(
    paths: list[Path],
    image: Path | None,
    options: dict[str, Any],
    failed: list[Path],
    progress: Progress,
) -> Iterator[Measurements]:
    """Measures one path after another; a bad one is told and the rest go on."""
    from spinemsca.cli._console import note
    from spinemsca.errors import SpineError

    for done, path in enumerate(paths):
        progress(done, len(paths))
        try:
            yield _measured(path, image, options)
        except SpineError as error:
            note(f"spine-msca: {error}")
            failed.append(path)


def _print_case(case: Measurements) -> None:
    from rich.table import Table

    from spinemsca.cli._console import print_table

    view = Table(title=f"{case.case or 'case'} (research use only)", title_justify="left")
    for heading in ("structure", "measure", "value", "standard error", "unit", "normal"):
        view.add_column(heading, justify="right" if heading in ("value", "normal") else "left")
    for r in sorted(case.results, key=lambda r: _ROWS.index(r.structure)):
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


_ROWS = ("L1", "D1", "L2", "D2", "L3", "D3", "L4", "D4", "L5", "D5", "S1", "spine")


def _print_changes(
    inputs: list[Path], image: Path | None, options: dict[str, Any], *, json: bool
) -> None:
    from spinemsca.cli._console import print_json
    from spinemsca.errors import UsageError
    from spinemsca.measure.sources import find
    from spinemsca.measure.uncertainty import compare

    if len(inputs) != 2:
        raise UsageError(f"{len(inputs)} inputs to compare", remedy="Give two, the earlier first")
    before, after = (_measured(next(find([path])), image, options) for path in inputs)
    changes = compare(before, after)
    if json:
        print_json([_change(change) for change in changes])
    else:
        _print_change_table(changes)


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
    from spinemsca.measure.registry import MEASURES, describe, document

    rows = [describe(definition) for definition in MEASURES]
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
    from spinemsca.io.files import write_text
    from spinemsca.measure import table

    rows = table.codebook()
    write_text(path, table.csv_text(list(rows[2]), rows))
