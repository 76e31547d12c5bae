"""`spine-msca show`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from PIL.Image import Image

    from spinemsca.case import Case

EXAMPLE = "spine-msca show data --cases 20 --out sheet.png"


def run(
    source: Annotated[
        Path, typer.Argument(help="A release, a case's folder, a .pt file or an image file.")
    ],
    out: Annotated[Path | None, typer.Option(help="PNG to write.")] = None,
    window: Annotated[bool, typer.Option("--window", help="Open a window as well.")] = False,
    case: Annotated[str | None, typer.Option(help="Name of one case of the release.")] = None,
    cases: Annotated[int, typer.Option(min=1, max=400, help="Cases on a contact sheet.")] = 20,
    split: Annotated[str | None, typer.Option(help="Only this split: train, val or test.")] = None,
    label: Annotated[Path | None, typer.Option(help="Label map of an image file.")] = None,
) -> None:
    """Draws a case or a release."""
    from spinemsca.draw import case_figure, contact_sheet
    from spinemsca.errors import UsageError

    if out is None and not window:
        raise UsageError("nowhere to show it", remedy="Give --out PICTURE.png, or --window")
    found = _find(source, case, cases, split, label)
    picture = case_figure(found[0]) if len(found) == 1 else contact_sheet(found)
    if out is not None:
        _write(picture, out)
        typer.echo(str(out))
    if window:
        _open_window(picture)


def _find(
    source: Path, name: str | None, most: int, split: str | None, label: Path | None
) -> list[Case]:
    from spinemsca.curate import read_case
    from spinemsca.errors import UsageError
    from spinemsca.release import IMAGE_NAME, Release, Split

    if source.is_file() or (source / IMAGE_NAME).is_file():
        return [read_case(source, label)]
    release = Release.open(source)
    wanted = release.entries if split is None else release.of(Split.parse(split))
    if name is not None:
        wanted = tuple(e for e in wanted if e.name == name)
        if not wanted:
            raise UsageError(
                f"has no case {name!r}", where=source, remedy="List them with: spine-msca info"
            )
    return [release.load(entry) for entry in wanted[:most]]


def _write(picture: Image, out: Path) -> None:
    from spinemsca._util import atomic_path

    with atomic_path(out) as temporary:
        picture.save(temporary, format="PNG")


def _open_window(picture: Image) -> None:
    from spinemsca._util import optional

    pyplot = optional("matplotlib.pyplot")
    figure = pyplot.figure(figsize=(picture.width / 100, picture.height / 100))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(picture)
    axes.set_axis_off()
    pyplot.show()
