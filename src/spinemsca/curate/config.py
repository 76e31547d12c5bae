"""What to build a release from: a small TOML or YAML file, checked before anything is read."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import yaml
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    model_validator,
)

from spinemsca._util import Strict
from spinemsca.anatomy import STRUCTURES, by_name
from spinemsca.case import Spacing
from spinemsca.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from spinemsca.anatomy import Structure

__all__ = ["BuildConfig", "Metadata", "read_build_config"]


def _structure(name: str) -> str:
    try:
        return by_name(name).name
    except KeyError:
        names = ", ".join(s.name for s in STRUCTURES)
        raise ValueError(f"{name!r} is no structure; use {names}") from None


def _pattern(text: str) -> str:
    try:
        groups = re.compile(text).groupindex
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression ({error})") from None
    if "patient" not in groups:
        raise ValueError(f"{text!r} has no group (?P<patient>...)")
    return text


def _spacing(value: object) -> Spacing | None:
    try:
        return None if value is None else Spacing.checked(value)
    except UsageError as error:
        raise ValueError(error.what) from None


StructureName = Annotated[str, AfterValidator(_structure)]


class Metadata(Strict):
    """A CSV with a row a series or patient.

    Attributes:
        file: Path below the data folder.
        key: Column that identifies the row.
        value: What stands in it; `{patient}` and other groups of the name's pattern are filled in.
        sex: Column with M or F.
        spacing: Columns with the row and column spacing in mm.
        size: Columns with rows and columns of the original. Where the image has another size,
            it was stretched, and its spacing follows.
        field_of_view: Least and most mm that rows × spacing may span; else spacing is unknown.
    """

    file: str
    key: str
    value: str = "{patient}"
    sex: str | None = None
    spacing: tuple[str, str] | None = None
    size: tuple[str, str] | None = None
    field_of_view: tuple[float, float] = (100.0, 600.0)


class BuildConfig(Strict):
    """How a folder of images and label maps becomes a release.

    Attributes:
        images: Glob below the data folder.
        labels: Glob below the data folder; a label map, or list of polygons, has its image's
            stem. Without an orientation of its own it lies on the rows and columns of its image's
            file, or, beside NIfTI, MHA and NRRD, with the head up and the patient facing left.
        values: Structure of each value in the label maps but 0, which is background.
        recipe: Name of a function that makes label maps from other masks, in place of `values`.
        polygons: Structures of the classes 0, 1, 2 …, in place of `values`; labels are then
            lists of polygons in YOLO's format.
        annotated: Structures that the label maps speak of; where left out, those of `polygons`
            or `values`, with a recipe all.
        name: Pattern of a file's stem, with a group `patient`.
        metadata: Sexes and spacings.
        spacing: In mm, of all images, where no metadata give it.
        splits: CSV with the columns `patient`, named as in the files, and `split`, beside the
            configuration; drawn by patient and stratified by sex where left out.
        source: Where the images come from and under which terms, for `cases.csv`.
    """

    images: str
    labels: str
    values: dict[int, StructureName] = Field(default={})
    recipe: Literal["spider-space"] | None = None
    polygons: list[StructureName] = Field(default=[])
    annotated: list[StructureName] = Field(default=[])
    name: Annotated[str, AfterValidator(_pattern)] = r"(?P<patient>.+)"
    metadata: Metadata | None = None
    spacing: Annotated[tuple[float, float] | None, BeforeValidator(_spacing)] = None
    splits: str | None = None
    source: str = ""

    @model_validator(mode="after")
    def _one_mapping(self) -> Self:
        given = (bool(self.values), self.recipe is not None, bool(self.polygons))
        if sum(given) != 1:
            raise ValueError("give either values or recipe or polygons")
        if len(set(self.polygons)) < len(self.polygons):
            raise ValueError("polygons names a structure twice")
        return self

    @model_validator(mode="after")
    def _drawn_where_annotated(self) -> Self:
        drawn = self.polygons or self.values.values()
        if 0 in self.values:
            raise ValueError("values names 0, which is background")
        if drawn and (lacking := [n for n in self.annotated if n not in drawn]):
            raise ValueError(f"annotated names {lacking[0]}, which no label map can show")
        return self

    @model_validator(mode="after")
    def _groups_of_the_name(self) -> Self:
        groups = re.compile(self.name).groupindex
        value = self.metadata.value if self.metadata else ""
        try:
            value.format(**dict.fromkeys(groups, ""))
        except (KeyError, IndexError, ValueError, AttributeError):
            raise ValueError(
                f"metadata.value is {value!r}; in braces it takes {', '.join(groups)}"
            ) from None
        return self

    @property
    def structures(self) -> frozenset[Structure]:
        """What the label maps speak of."""
        drawn = self.polygons or self.values.values() or [s.name for s in STRUCTURES]
        names = self.annotated or drawn
        return frozenset(by_name(name) for name in names)


def read_build_config(path: Path) -> BuildConfig:
    """Reads a TOML or YAML configuration.

    Raises:
        UsageError: If it cannot be read, or something in it is unknown or missing; each fault
            is named with its place.
    """
    try:
        return BuildConfig.model_validate(_parsed(path))
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors()
        )
        raise UsageError(faults, where=path, remedy="See examples/spider-space.toml") from None


def _parsed(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix.lower() in {".yaml", ".yml"}:
            return yaml.safe_load(text)
        return tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, yaml.YAMLError) as error:
        raise UsageError(
            f"cannot be read ({error})", where=path, remedy="Give a TOML or YAML file"
        ) from None
