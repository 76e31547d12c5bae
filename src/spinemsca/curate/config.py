"""What to build a release from: a small TOML or YAML file, checked before anything is read."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, model_validator

from spinemsca.anatomy import STRUCTURES, by_name
from spinemsca.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from spinemsca.anatomy import Structure

__all__ = ["BuildConfig", "Metadata", "read_config"]


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


StructureName = Annotated[str, AfterValidator(_structure)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Metadata(_Strict):
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


class BuildConfig(_Strict):
    """How a folder of images and label maps becomes a release.

    Attributes:
        images: Glob below the data folder.
        labels: Glob below the data folder; a label map, or list of polygons, has its image's
            stem.
        values: Structure of each value in the label maps; all others are background.
        recipe: Name of a function that makes label maps from other masks, in place of `values`.
        polygons: Structures of the classes 0, 1, 2 …, in place of `values`; labels are then
            lists of polygons in YOLO's format.
        annotated: Structures that the label maps speak of; where left out, those of `polygons`,
            else all.
        name: Pattern of a file's stem, with a group `patient`.
        metadata: Sexes and spacings.
        spacing: In mm, of all images, where no metadata give it.
        splits: CSV with the columns `patient` and `split`, beside the configuration; drawn by
            patient and stratified by sex where left out.
        source: Where the images come from and under which terms, for `cases.csv`.
    """

    images: str
    labels: str
    values: dict[int, StructureName] = {}
    recipe: Literal["spider-space"] | None = None
    polygons: list[StructureName] = []
    annotated: list[StructureName] = []
    name: Annotated[str, AfterValidator(_pattern)] = r"(?P<patient>.+)"
    metadata: Metadata | None = None
    spacing: tuple[float, float] | None = None
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

    @property
    def structures(self) -> frozenset[Structure]:
        """What the label maps speak of."""
        names = self.annotated or self.polygons or [s.name for s in STRUCTURES]
        return frozenset(by_name(name) for name in names)


def read_config(path: Path) -> BuildConfig:
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
