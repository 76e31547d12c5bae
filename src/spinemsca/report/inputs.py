"""What to report on: releases, folders of predictions, label maps beside their images."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from spinemsca.case import Sex
from spinemsca.errors import SpineError, UsageError
from spinemsca.io.read import read_scan
from spinemsca.measure import sources
from spinemsca.measure.record import read_record
from spinemsca.release.split import Split
from spinemsca.release.store import Release
from spinemsca.release.table import TABLE_NAME
from spinemsca.report.about import About, from_prediction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from spinemsca.case import Spacing
    from spinemsca.release.layout import Entry

__all__ = ["Input", "Loaded", "find_inputs", "read_sexes"]

_SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".pt")
_LABEL: Final = "_label"
_MAX_TABLE: Final = 1 << 26


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A case's arrays and what is known beside them.

    Attributes:
        label: Numbers as they came.
        image: `(H, W)` or `None`.
        spacing: In mm, or `None`.
        about: Beside the numbers.
        faces: Where the patient looks, where that is stated.
    """

    label: NDArray[Any]
    image: NDArray[Any] | None
    spacing: Spacing | None
    about: About
    faces: str | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """One case that has been found on disk; nothing is loaded yet.

    Attributes:
        name: Of the case: its file's stem or its name in a release.
        files: What its report is made from.
        read: Loads it; raises `SpineError` where it cannot.
        sex: As known before loading: `None` where unknown.
    """

    name: str
    files: tuple[Path, ...]
    read: Callable[[], Loaded]
    sex: Sex | None = None


def find_inputs(
    inputs: Iterable[Path],
    *,
    images: Path | None = None,
    sexes: Mapping[str, Sex] | None = None,
    foreign: bool = False,
) -> list[Input]:
    """Finds the cases in files and folders, in order.

    Args:
        inputs: Releases, folders that `predict` wrote, label maps or folders of them.
        images: Folder of the images, or the one image, for label maps without one.
        sexes: By case; goes before what a release says.
        foreign: Whether label maps hold another tool's numbers.

    Raises:
        SpineError: If an input does not exist or holds no case.
    """
    if images is not None and not images.exists():
        raise UsageError("does not exist", where=images)
    known = sexes or {}
    found: list[Input] = []
    for path in inputs:
        if _is_release(path):
            found.extend(_from_release(path, known))
        else:
            found.extend(_from_label(p, images, known, foreign) for p in sources.find([path]))
    return found


def _is_release(path: Path) -> bool:
    if not path.is_dir():
        return False
    folders = (f.name for f in path.iterdir() if f.is_dir())
    return (path / TABLE_NAME).is_file() or any(Split.from_folder(f) for f in folders)


def _from_release(root: Path, sexes: Mapping[str, Sex]) -> Iterator[Input]:
    release = Release.open(root)
    for entry in release.entries:
        if entry.label_path is not None:
            files = tuple(dict.fromkeys((entry.image_path, entry.label_path)))
            sex = sexes.get(entry.name, release.row(entry).sex)
            yield Input(entry.name, files, _release_reader(release, entry, sex), sex)


def _release_reader(release: Release, entry: Entry, sex: Sex | None) -> Callable[[], Loaded]:
    def read() -> Loaded:
        case = release.load(entry)
        if case.label is None:
            raise UsageError("has no label map", where=entry.name)
        about = About(sex, case.source)
        return Loaded(case.label, case.image, case.spacing, about)

    return read


def _from_label(path: Path, images: Path | None, sexes: Mapping[str, Sex], foreign: bool) -> Input:
    name = path.parent.name if path.name == "label.pt" else path.stem.removesuffix(_LABEL)
    record_path = path.with_name(f"{name}.json")
    record = read_record(record_path) if path.suffix != ".pt" else None
    image = None if images is None else _find_image(images, name, record)
    beside = [p for p in (record_path, image, path.with_name("img.pt")) if p and p.is_file()]

    sex = sexes.get(name)

    def read() -> Loaded:
        source = sources.read(path, foreign=foreign)
        scan = None if image is None else read_scan(image)
        about = replace(from_prediction(record), sex=sex)
        pixels = source.image if scan is None else scan.pixels
        spacing = source.spacing or (None if scan is None else scan.spacing)
        return Loaded(source.label, pixels, spacing, about, source.faces)

    return Input(name, (path, *beside), read, sex)


def _find_image(images: Path, name: str, record: Any) -> Path | None:
    """The image of a label map: by its own name, or by the one its prediction was made from."""
    if images.is_file():
        return images
    stated = record.get("input") if isinstance(record, dict) else None
    names = [f"{name}{suffix}" for suffix in _SUFFIXES]
    if isinstance(stated, str) and stated.rpartition("/")[2].rpartition("\\")[2] == stated:
        names.insert(0, stated)
    return next((images / n for n in names if (images / n).is_file()), None)


def read_sexes(path: Path) -> dict[str, Sex]:
    """Reads a table with the columns `case` and `sex` (F, M, or empty).

    Raises:
        UsageError: If it is no such table.
    """
    try:
        if path.stat().st_size > _MAX_TABLE:
            raise UsageError("is too large for a table of cases", where=path)
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [(r["case"], (r["sex"] or "").strip()) for r in csv.DictReader(file)]
            return {case: Sex(sex) for case, sex in rows if sex}
    except SpineError:
        raise
    except (OSError, KeyError, ValueError, csv.Error, UnicodeDecodeError) as error:
        raise UsageError(
            f"is no table of sexes ({error})", where=path, remedy="Its columns are case and sex"
        ) from None
