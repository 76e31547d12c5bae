"""What to predict: files, those in folders, cases of a release and DICOM series, each named."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Final

from spinemsca._util import opening
from spinemsca.errors import SpineError, UsageError
from spinemsca.io import find_series, kind_of, read_series, read_volume, stem
from spinemsca.predictions.ledger import read_ledger
from spinemsca.predictions.names import LABEL, OTHER, OVERLAY, WRITTEN, safe_path_name, source_of
from spinemsca.predictions.record import read_record
from spinemsca.predictions.releases import ReleaseCase, case_of, cases_of, opened_release

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from spinemsca.case import Spacing
    from spinemsca.io import Volume

__all__ = ["ScanInput", "find_scans", "named_in"]

# Formats of single slices without a header.
_PICTURES: Final = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
# Last suffixes of the formats that images are read from.
_SUFFIXES: Final = frozenset((*_PICTURES, ".pt", ".nii", ".gz", ".mha", ".nrrd", ".dcm", ".ima"))
# Name of an image in the dataset's release.
_IMAGE: Final = "img.pt"
# Name of a label map in the dataset's release.
_LABEL_PT: Final = "label.pt"
# Hexadecimal, that tell inputs of one name apart: 24 bits; chosen.
_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class ScanInput:
    """One thing to predict.

    Attributes:
        name: Of its result, safe on every file system; `/` between folders.
        paths: One file, or the slices of a DICOM series.
        names: That may be taken where others bear `name`; the last one is nobody else's.
        spacing: In mm as its release states it, for files that state none.
    """

    name: str
    paths: tuple[Path, ...]
    names: tuple[str, ...] = ()
    spacing: Spacing | None = None

    @property
    def path(self) -> Path:
        """The file, or a series' folder."""
        return self.paths[0] if len(self.paths) == 1 else self.paths[0].parent

    @property
    def source(self) -> str:
        """Digits that tell where it lies; several series may share a folder."""
        return source_of(self.paths[0])

    def read(self) -> Volume:
        """Reads the input.

        Raises:
            SpineError: As the format's reader says.
        """
        if len(self.paths) > 1:
            return read_series(self.paths, self.name.rpartition("/")[2])
        volume = read_volume(self.path)
        return volume if volume.spacing else volume.replace(spacing=self.spacing)

    def digest(self) -> str:
        """SHA-256 of the input's bytes, in hexadecimal.

        Raises:
            FileFormatError: If a file cannot be opened.
        """
        digests = [_digest(path) for path in self.paths]
        whole = digests[0] if len(digests) == 1 else hashlib.sha256(b"".join(digests)).digest()
        return whole.hex()


def _digest(path: Path) -> bytes:
    with opening(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


@dataclass(frozen=True, slots=True)
class _Found:
    """Files that make one input, and their place below the folder that was given."""

    paths: tuple[Path, ...]
    parts: tuple[str, ...]
    spacing: Spacing | None = None

    def candidates(self) -> Iterator[str]:
        """Names in the order in which they are tried; the last one is nobody else's."""
        path, own = self.paths[0], safe_path_name(self.parts)
        folder, _, last = own.rpartition("/")
        before = f"{folder}/" if folder else ""
        yield own
        yield f"{before}{safe_path_name((f'{path.parent.name}_{last}',))}"
        yield f"{before}{safe_path_name((path.name.replace('.', '_'),))}"
        yield f"{before}{safe_path_name((f'{last}-{source_of(path)[:_DIGITS]}',))}"


def find_scans(given: Iterable[Path]) -> list[ScanInput]:
    """Inputs among files and folders, in order; folders are searched to their depths.

    An input in a folder below the one that was given keeps that folder in its name. In folders,
    files of other kinds are left out, and so are label maps beside their images and what
    prediction wrote itself. DICOM slices of one series in one folder make one input; a release's
    cases go by their names. A file that is missing counts as unreadable, unless all are; one that
    is given twice counts once.

    Raises:
        UsageError: If there is nothing to predict.
    """
    taken: dict[str, ScanInput] = {}
    seen: set[str] = set()
    for found in _groups(given):
        source = source_of(found.paths[0])
        if source in seen:
            continue
        seen.add(source)
        names = tuple(found.candidates())
        name = _free(names, taken)
        taken[name.casefold()] = ScanInput(name, found.paths, names, found.spacing)
    if not any(item.path.exists() for item in taken.values()):
        raise UsageError(
            "there is no image to predict", remedy="Name image files, or a folder that holds some"
        )
    return list(taken.values())


def _free(candidates: Iterable[str], taken: dict[str, ScanInput]) -> str:
    # Names that differ in case only are one file on some file systems.
    return next(name for name in candidates if name.casefold() not in taken)


def named_in(out: Path, inputs: Sequence[ScanInput]) -> list[ScanInput]:
    """The inputs under names that are theirs in a folder of predictions.

    An input that was predicted into the folder before keeps its name; where other files bear a
    name, or the ledger lists another input under it, others are tried.

    Raises:
        FileFormatError: If there is a `predictions.csv` that is no ledger.
    """
    listed = {row.name.casefold(): row.source for row in read_ledger(out)}
    taken: set[str] = set()
    named = []
    for item in inputs:
        owners = {n: _owner(out, n, listed) for n in (item.name, *item.names)}
        left = [n for n in owners if n.casefold() not in taken]
        own = [n for n in left if owners[n] == item.source]
        free = [n for n in left if owners[n] is None]
        name = (own or free or left or [item.name])[0 if own or free else -1]
        taken.add(name.casefold())
        named.append(replace(item, name=name))
    return named


def _owner(out: Path, name: str, listed: Mapping[str, str]) -> str | None:
    """Digits of the source that owns a name in a folder, empty of others' files, or `None`."""
    record = out / f"{name}.json"
    try:
        return read_record(record).source
    except SpineError:
        pass
    try:
        return claim_of(out, name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        pass
    stem_ = record.name.removesuffix(".json")
    endings = (".json", *WRITTEN)
    there = any(record.with_name(f"{stem_}{ending}").exists() for ending in endings)
    return listed.get(name.casefold(), "" if there else None)


def claim_of(out: Path, name: str) -> Path:
    """The file that holds a name for an input while its result is being written."""
    target = out / f"{name}.json"
    return target.with_name(f".{target.name}.claim")


def _groups(given: Iterable[Path]) -> Iterator[_Found]:
    for path in given:
        if path.is_dir():
            yield from _in_tree(path)
        else:
            yield _single(path, (stem(path),))


def _in_tree(top: Path) -> Iterator[_Found]:
    files = sorted(p for p in top.rglob("*") if p.is_file() and _is_input(p, top))
    release = opened_release(top)
    cases = {} if release is None else {c.entry.image_path: c for c in cases_of(release)}
    for folder, inside in groupby(files, key=lambda p: p.parent):
        below = folder.relative_to(top).parts
        for group in _in_folder(list(inside)):
            case = cases.get(group[0])
            if case is not None:
                yield _of_case(case)
            elif len(group) > 1:
                yield _Found(group, below or (top.absolute().name,))
            else:
                yield _single(group[0], (*below, stem(group[0])))


def _single(path: Path, parts: tuple[str, ...]) -> _Found:
    """One file; a case's image goes by its folder, and by its release where one lies around it."""
    case = case_of(path)
    if case is not None:
        return _of_case(case)
    if path.name == _IMAGE:
        return _Found((path,), parts[:-1] or (path.absolute().parent.name,))
    return _Found((path,), parts)


def _of_case(case: ReleaseCase) -> _Found:
    name = tuple(case.entry.name.split("/"))
    return _Found((case.entry.image_path,), name, case.row.spacing)


def _is_input(path: Path, top: Path) -> bool:
    if any(part.startswith(".") for part in path.relative_to(top).parts):
        return False
    if path.name == _LABEL_PT and path.with_name(_IMAGE).exists():
        return False
    name = stem(path)
    for ending in (LABEL, OTHER, OVERLAY):
        if name.endswith(ending) and path.with_name(f"{name.removesuffix(ending)}.json").exists():
            return False
    return path.suffix.lower() in _SUFFIXES or _holds_dicom(path)


def _holds_dicom(path: Path) -> bool:
    try:
        return kind_of(path) == "dicom"
    except SpineError:
        return False


def _in_folder(files: list[Path]) -> Iterator[tuple[Path, ...]]:
    slices = [path for path in files if _holds_dicom(path)]
    series = {group[0]: group for group in find_series(slices)}
    later = {path for group in series.values() for path in group[1:]}
    for path in files:
        if path not in later:
            yield series.get(path, (path,))
