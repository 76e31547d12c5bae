"""Options that `measure` and `report` have in common."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

__all__ = ["Faces", "Labels", "Orientation", "OriginalSize", "RowColumnSpacing", "orientation_of"]

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
Orientation: TypeAlias = Annotated[
    str | None,
    typer.Option(
        help="Where rows and columns run: IP (feet, back), IA mirrored, SP, SA, PI, … Goes before "
        "what is stated; IP if nothing is."
    ),
]


def orientation_of(orientation: str | None, faces: str | None) -> str | None:
    """Axis codes of the two options that say how pictures lie.

    Raises:
        UsageError: If a patient faces neither left nor right, or the two options disagree.
    """
    from spinemsca.errors import UsageError

    if faces is None:
        return orientation
    codes = {"left": "IP", "right": "IA"}.get(faces)
    if codes is None:
        raise UsageError(f"a patient cannot face {faces}", remedy="Say left or right")
    if orientation not in (None, codes):
        raise UsageError(
            f"--faces {faces} means --orientation {codes}", remedy="Give one of the two"
        )
    return codes
