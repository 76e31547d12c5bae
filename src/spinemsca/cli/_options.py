"""Options that `measure` and `report` have in common."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

__all__ = ["Faces", "Labels", "OriginalSize", "RowColumnSpacing"]

RowColumnSpacing: TypeAlias = Annotated[
    tuple[float, float] | None,
    typer.Option(help="ROW COLUMN in mm, where the files state none.", show_default=False),
]
OriginalSize: TypeAlias = Annotated[
    tuple[int, int] | None,
    typer.Option(help="ROWS COLUMNS before the images were stretched.", show_default=False),
]
Labels: TypeAlias = Annotated[
    str, typer.Option(help="Whose numbers: spine-msca, spineps, totalspineseg, spider.")
]
Faces: TypeAlias = Annotated[
    str | None,
    typer.Option(help="Where the patients look: left or right; left if not stated."),
]
