"""Finding what to build from: images with their label maps, sexes, spacings and splits."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spinemsca.case import Sex, Spacing
from spinemsca.errors import UsageError
from spinemsca.release.split import Split
from spinemsca.release.stratify import stratified_splits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from spinemsca.curate.config import BuildConfig, Metadata

__all__ = ["Source", "assign_splits", "find_sources", "spacing_of"]

_UNSAFE = re.compile(r"[^0-9A-Za-z_-]+")


@dataclass(frozen=True, slots=True)
class Source:
    """An image to build a case from.

    Attributes:
        name: Of the case: the file's stem without odd characters.
        patient: Pseudonym, from the file's name.
        image: Path of the image.
        label: Path of its label map.
        row: The metadata's row; empty where there is none.
        sex: Or `None` where unknown.
    """

    name: str
    patient: str
    image: Path
    label: Path
    row: Mapping[str, str]
    sex: Sex | None


def find_sources(config: BuildConfig, data: Path) -> list[Source]:
    """Pairs every image with its label map and its row of metadata.

    Args:
        config: What to look for.
        data: Folder that the configuration's paths start from.

    Raises:
        UsageError: If there is no image, a partner is missing, a name does not fit the pattern,
            or two files would have one name.
    """
    images = _glob(data, config.images, "image")
    labels = {p.stem: p for p in _glob(data, config.labels, "label map")}
    if lonely := sorted({p.stem for p in images} ^ set(labels)):
        shown = ", ".join(lonely[:5]) + (", …" if len(lonely) > 5 else "")
        raise UsageError(
            f"{len(lonely)} images or label maps have no partner of the same name: {shown}",
            where=data,
            remedy="Add or remove files, or narrow the patterns",
        )
    rows = {} if config.metadata is None else _rows(config.metadata, data)
    sources = [_source(config, path, labels[path.stem], rows) for path in images]
    names = [s.name.casefold() for s in sources]
    if twice := {n for n in names if names.count(n) > 1}:
        raise UsageError(f"several files would be case {min(twice)!r}", where=data)
    return sources


def assign_splits(
    config: BuildConfig, sources: Sequence[Source], beside: Path, seed: int
) -> dict[str, Split]:
    """The split of every patient: as listed, or drawn by patient and stratified by sex.

    Args:
        config: Names the list, if there is one.
        sources: Whose patients are assigned.
        beside: Folder of the configuration.
        seed: Of the draw.

    Raises:
        UsageError: If the list cannot be read or lacks a patient.
    """
    sexes = {s.patient: s.sex for s in sorted(sources, key=lambda s: s.patient)}
    if config.splits is None:
        drawn = stratified_splits(list(sexes.values()), seed)
        return dict(zip(sexes, drawn, strict=True))
    path = beside / config.splits
    rows = _read_csv(path, {"patient", "split"})
    listed = {row["patient"]: Split.parse(row["split"]) for row in rows}
    if absent := sorted(set(sexes) - set(listed)):
        raise UsageError(f"lacks patient {absent[0]}", where=path, remedy="Add a row for it")
    return listed


def spacing_of(source: Source, config: BuildConfig, shape: tuple[int, int]) -> Spacing | None:
    """Spacing of an image as it is, in mm; `None` where unknown or not to be believed.

    An image that was stretched from its original size has the original's field of view.

    Args:
        source: The image.
        config: Says where spacing stands.
        shape: The image's rows and columns.
    """
    about = config.metadata
    if about is None or about.spacing is None:
        return None if config.spacing is None else Spacing(*config.spacing)
    try:
        header = [float(source.row[column]) for column in about.spacing]
        original = [int(source.row[column]) for column in about.size] if about.size else shape
    except (KeyError, ValueError):
        return None
    low, high = about.field_of_view
    extent = [mm * count for mm, count in zip(header, original, strict=True)]
    if not all(low <= mm <= high for mm in extent):
        return None
    return Spacing(extent[0] / shape[0], extent[1] / shape[1])


def _glob(data: Path, pattern: str, what: str) -> list[Path]:
    try:
        found = sorted(p for p in data.glob(pattern) if p.is_file())
    except (ValueError, NotImplementedError) as error:
        raise UsageError(f"{pattern!r} is no pattern ({error})") from None
    if not found:
        raise UsageError(
            f"no {what} matches {pattern!r}", where=data, remedy="Name the folder with --data"
        )
    return found


def _source(
    config: BuildConfig, image: Path, label: Path, rows: Mapping[str, Mapping[str, str]]
) -> Source:
    match = re.fullmatch(config.name, image.stem)
    if match is None:
        raise UsageError(
            f"its name does not fit {config.name!r}", where=image, remedy="Mend the pattern `name`"
        )
    groups = match.groupdict()
    key = config.metadata.value.format(**groups) if config.metadata else ""
    row = rows.get(key, {})
    sex_column = config.metadata.sex if config.metadata else None
    return Source(
        name=_UNSAFE.sub("-", image.stem).strip("-") or "case",
        patient=_UNSAFE.sub("-", groups["patient"]),
        image=image,
        label=label,
        row=row,
        sex=_sex(row.get(sex_column or "", "")),
    )


def _sex(text: str) -> Sex | None:
    try:
        return Sex(text.strip().upper()[:1])
    except ValueError:
        return None


def _rows(about: Metadata, data: Path) -> dict[str, dict[str, str]]:
    needed = {about.key, *filter(None, [about.sex]), *(about.spacing or ()), *(about.size or ())}
    return {row[about.key]: row for row in _read_csv(data / about.file, needed)}


def _read_csv(path: Path, needed: set[str]) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            lacking = needed - set(reader.fieldnames or ())
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"cannot be read ({error})", where=path) from None
    if lacking:
        raise UsageError(f"has no column {', '.join(sorted(lacking))}", where=path)
    return rows
