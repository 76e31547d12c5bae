"""The record of a prediction: what `NAME.json` says, in one strict schema with a version.

A record and its label map describe one grid. Spacing and orientation are those of the label
file as written, axis by axis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from spinemsca._util import Strict, opening, write_text
from spinemsca.anatomy import SPINE
from spinemsca.errors import FileFormatError, UsageError
from spinemsca.io import Orientation

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SCHEMA_VERSION", "ModelUsed", "Record", "read_record", "write_record"]

SCHEMA_VERSION: Final = 2
"""Version of the records written and read here; 0.1.0 wrote records without one."""

# A record has some 2 kB; what is larger is none.
_LARGEST: Final = 1 << 20
# 255 bytes are common to all file systems.
_LONGEST_NAME: Final = 255
# Remedy of a record that cannot be read.
_AGAIN: Final = "Predict the scan again, or remove the JSON and state --spacing and --orientation"

Share = Annotated[float, Field(ge=0, le=1)]
Step = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]


class ModelUsed(Strict, strict=True):
    """Which model drew a label map.

    Attributes:
        version: Of its weights.
        size: Pixels of the longer side that the network saw.
        engine: What ran it.
    """

    version: str
    size: int
    engine: str


class Record(Strict, strict=True):
    """What is known of a label map that `predict` or `relabel` wrote.

    Attributes:
        schema_version: Of this form.
        input: Name of the file predicted, without its folder.
        source: Digits that tell where it lay.
        sha256: Of its bytes.
        lowest: What the user said that the lowest lumbar vertebra is, or `None`.
        model: Which drew the label map.
        refused: Why there is no answer, or `None` where there is one.
        structures: Names of those found, from top to bottom.
        confidence: Of each, that it is outlined well and named right.
        pixels: Of each.
        shape: Of the label file, axis by axis; a flat volume has a third axis of one.
        orientation: Axis codes of the label file: `IP`, `IA`, … of a picture's rows and columns,
            three letters of a volume; `None` of what was refused unread.
        orientation_from: `header`, `picture` where it was recognised, or `assumed`.
        spacing_mm: Along the axes of the label file, or `None` where unknown.
        tilt_deg: By which columns fall below the patient's horizontal, `None` where unknown.
        slices: In the house's orientation, from the patient's right.
        slices_segmented: Those that show a lumbar spine.
        slice_shown: Index of the one through the canal's middle, which is measured.
        slice_certainty: How sure that choice is, `None` of a single slice.
        slice_reason: Why that one, in one sentence; empty of a single slice.
        numbering: What the levels were counted from, in one sentence.
        ambiguous: Whether the levels may be numbered wrongly.
        warnings: What a reader should know, one sentence each.
        relabelled: How levels were renamed afterwards, or `None`.
        files: Written beside the record.
        software: Which wrote it.
    """

    schema_version: Literal[2] = SCHEMA_VERSION
    input: str
    source: str
    sha256: str
    lowest: Literal["L4", "L5", "L6"] | None
    model: ModelUsed
    refused: str | None
    structures: tuple[str, ...]
    confidence: dict[str, Share]
    pixels: dict[str, Count]
    shape: tuple[Annotated[int, Field(gt=0)], ...]
    orientation: str | None
    orientation_from: Literal["header", "picture", "assumed"]
    spacing_mm: tuple[Step, ...] | None
    tilt_deg: Annotated[float, Field(ge=-180, le=180)] | None
    slices: Count
    slices_segmented: Count
    slice_shown: Count | None
    slice_certainty: Share | None
    slice_reason: str
    numbering: str
    ambiguous: bool
    warnings: tuple[str, ...]
    relabelled: str | None = None
    files: tuple[str, ...] = ()
    software: str = ""

    @field_validator("structures")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if not {*names} <= {s.name for s in SPINE}:
            raise ValueError("a name is no structure's")
        return names

    @model_validator(mode="after")
    def _one_grid(self) -> Self:
        if self.orientation is not None:
            try:
                Orientation.parse(self.orientation)
            except UsageError:
                raise ValueError("its orientation is none") from None
        axes = {len(part) for part in (self.shape, self.orientation, self.spacing_mm) if part}
        if len(axes) > 1:
            raise ValueError("shape, orientation and spacing are of different numbers of axes")
        if {*self.confidence, *self.pixels} - {*self.structures}:
            raise ValueError("confidence or pixels name a structure that is not listed")
        if self.slice_shown is not None and self.slice_shown >= self.slices:
            raise ValueError("slice_shown is none of the slices")
        if not all(map(_lies_beside, self.files)):
            raise ValueError("files lie in other folders")
        return self


def _lies_beside(name: str) -> bool:
    """Whether this can be the name of a file in the record's folder."""
    plain = 0 < len(name.encode()) <= _LONGEST_NAME and not {*name} & {*"/\\:\0"}
    return plain and name not in (".", "..")


def read_record(path: Path) -> Record:
    """Reads `NAME.json`.

    Raises:
        FileFormatError: If it is no record of this version: edited, foreign, damaged or older.
    """
    try:
        with opening(path):
            if path.stat().st_size > _LARGEST:
                raise FileFormatError("is too large for a record", where=path, remedy=_AGAIN)
            return Record.model_validate_json(path.read_bytes())
    except (ValidationError, ValueError, RecursionError) as error:
        raise FileFormatError(_fault(error), where=path, remedy=_AGAIN) from None


def _fault(error: Exception) -> str:
    """What is wrong, without quoting what the file holds."""
    if not isinstance(error, ValidationError):
        return "is no record of a prediction"
    missing = {e["loc"] for e in error.errors() if e["type"] == "missing"}
    if {("orientation",), ("shape",)} <= missing:
        return "is no record of a prediction, or was written by version 0.1.0"
    first = error.errors(include_input=False, include_url=False)[0]
    # Further parts may be names that the file made up.
    place = first["loc"][0] if first["loc"] else None
    if place is not None and place not in Record.model_fields:
        return "is no record of a prediction"
    said = first["msg"].removeprefix("Value error, ")
    return f"is no record of a prediction ({f'{place}: ' if place else ''}{said})"


def write_record(path: Path, record: Record) -> None:
    """Writes `NAME.json`: last, so that a whole record means a whole result."""
    write_text(path, record.model_dump_json(indent=2) + "\n")
