"""Finding what to build from: images with their label maps, and what a table says of them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spinemsca._util import printable
from spinemsca.curate.names import alike, ascii_name, composed, stem_of
from spinemsca.curate.tables import metadata_rows, sex_in
from spinemsca.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from spinemsca.case import Sex
    from spinemsca.curate.config import BuildConfig

__all__ = ["Source", "find_sources"]

_ONE_WAY = "Write each name one way in all files, or mend the pattern `name`"


@dataclass(frozen=True, slots=True)
class Source:
    """An image to build a case from.

    Attributes:
        name: Of the case: the file's stem, made safe.
        patient: Pseudonym: the patient's name, made safe.
        patient_name: As it stands in the file's name, for looking it up; not released.
        image: Path of the image.
        label: Path of its label map.
        row: The metadata's row; empty where there is none.
        sex: Or `None` where unknown.
    """

    name: str
    patient: str
    patient_name: str
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
            or two files or two patients would have one name, also where only case tells them
            apart.
    """
    images = _by_stem(_glob(data, config.images, "image"), data, "images")
    labels = _by_stem(_glob(data, config.labels, "label map"), data, "label maps")
    if lonely := sorted(set(images) ^ set(labels)):
        shown = ", ".join(map(printable, lonely[:5])) + (", …" if len(lonely) > 5 else "")
        raise UsageError(
            f"{len(lonely)} images or label maps have no partner of the same name: {shown}",
            where=data,
            remedy="Add or remove files, or narrow the patterns",
        )
    rows = {} if config.metadata is None else metadata_rows(config.metadata, data)
    sources = [_source(config, stem, images[stem], labels[stem], rows) for stem in images]
    _refuse_alike(images, "case", data)
    _refuse_alike((s.patient_name for s in sources), "patient", data)
    _refuse_both_sexes(sources, data)
    if rows and not any(s.row for s in sources):
        raise UsageError(
            "no image has a row in the metadata", where=data, remedy="Mend `key` or `value`"
        )
    return sources


def _by_stem(paths: Sequence[Path], data: Path, what: str) -> dict[str, Path]:
    counts = Counter(map(stem_of, paths))
    if twice := [stem for stem, count in counts.items() if count > 1]:
        raise UsageError(
            f"several {what} are called {printable(twice[0])!r}",
            where=data,
            remedy="Rename all but one, or narrow the patterns",
        )
    return {stem_of(path): path for path in paths}


def _refuse_alike(texts: Iterable[str], kind: str, data: Path) -> None:
    if pair := alike(texts, kind):
        one, other = map(printable, pair)
        what = "several files would be one case" if kind == "case" else "two patients would be one"
        raise UsageError(f"{what}: {one!r} and {other!r}", where=data, remedy=_ONE_WAY)


def _refuse_both_sexes(sources: Sequence[Source], data: Path) -> None:
    """Where a pattern cuts names short, the metadata may show that two people became one."""
    known: dict[str, Source] = {}
    for source in sources:
        other = known.setdefault(source.patient, source) if source.sex else source
        if other.sex is not source.sex:
            names = " and ".join(s.image.name for s in (other, source))
            raise UsageError(
                f"patient {printable(source.patient_name)!r} has both sexes, of {names}",
                where=data,
                remedy="Mend the pattern `name` so that it tells patients apart, or the metadata",
            )


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
    config: BuildConfig, stem: str, image: Path, label: Path, rows: Mapping[str, Mapping[str, str]]
) -> Source:
    match = re.fullmatch(config.name, stem)
    if match is None or not (match["patient"] or "").strip():
        raise UsageError(
            f"its name does not fit {config.name!r}, or names no patient",
            where=image,
            remedy="Mend the pattern `name`",
        )
    groups = {name: text or "" for name, text in match.groupdict().items()}
    key = config.metadata.value.format(**groups) if config.metadata else ""
    row = rows.get(composed(key), {})
    return Source(
        name=ascii_name(stem, "case"),
        patient=ascii_name(groups["patient"], "patient"),
        patient_name=groups["patient"],
        image=image,
        label=label,
        row=row,
        sex=sex_in(row, config.metadata),
    )
