"""What to predict: files, those in folders, cases of a release and DICOM series, each named."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Final

from spinemsca.errors import FileFormatError, SpineError, UsageError
from spinemsca.io.dicom_series import find_series, read_series
from spinemsca.io.nifti import stem
from spinemsca.io.read import kind_of, read_volume
from spinemsca.predictions.names import LABEL, OTHER, OVERLAY, safe_path_name, source_of
from spinemsca.predictions.record import read_record
from spinemsca.predictions.releases import opened_release

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from spinemsca.io.volume import Volume

__all__ = ["ScanInput", "find_scans", "named_in"]

_PICTURES: Final = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
_SUFFIXES: Final = frozenset((*_PICTURES, ".pt", ".nii", ".gz", ".mha", ".nrrd", ".dcm", ".ima"))
_IMAGE: Final = "img.pt"
_LABEL_PT: Final = "label.pt"
_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class ScanInput:
    """One thing to predict.

    Attributes:
        name: Of its result, safe on every file system; `/` between folders.
        paths: One file, or the slices of a DICOM series.
    """

    name: str
    paths: tuple[Path, ...]

    @property
    def path(self) -> Path:
        """The file, or a series' folder."""
        return self.paths[0] if len(self.paths) == 1 else self.paths[0].parent

    @property
    def source(self) -> str:
        """Digits that tell where it lies; several series may share a folder."""
        return source_of(self.paths[0])

    def read(self) -> Volume:
        """Reads it.

        Raises:
            SpineError: As the format's reader says.
        """
        if len(self.paths) == 1:
            return read_volume(self.path)
        return read_series(self.paths, self.name.rpartition("/")[2])

    def digest(self) -> str:
        """SHA-256 of its bytes, in hexadecimal.

        Raises:
            FileFormatError: If a file cannot be opened.
        """
        digests = [_digest(path) for path in self.paths]
        whole = digests[0] if len(digests) == 1 else hashlib.sha256(b"".join(digests)).digest()
        return whole.hex()


def _digest(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileFormatError(
            f"cannot be opened ({reason})", where=path, remedy="Check the path and its permissions"
        ) from None


@dataclass(frozen=True, slots=True)
class _Found:
    """Files that make one input, and their place below the folder that was given."""

    paths: tuple[Path, ...]
    parts: tuple[str, ...]

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
    seen: set[Path] = set()
    for found in _groups(given):
        if found.paths[0].absolute() in seen:
            continue
        seen.add(found.paths[0].absolute())
        name = _free(found.candidates(), taken)
        taken[name.casefold()] = ScanInput(name, found.paths)
    if not any(item.path.exists() for item in taken.values()):
        raise UsageError(
            "there is no image to predict", remedy="Name image files, or a folder that holds some"
        )
    return list(taken.values())


def _free(candidates: Iterator[str], taken: dict[str, ScanInput]) -> str:
    # Names that differ in case only are one file on some file systems.
    free = [name for name in candidates if name.casefold() not in taken]
    return free[0]


def named_in(out: Path, inputs: Sequence[ScanInput]) -> list[ScanInput]:
    """The inputs under names that are theirs in a folder of predictions.

    An input that was predicted into the folder before keeps its name; where other files bear a
    name, others are tried.
    """
    taken: set[str] = set()
    named = []
    for item in inputs:
        names = [item.name, *_others(item)]
        own = [n for n in names if n.casefold() not in taken and _owner(out, n) == item.source]
        free = [n for n in names if n.casefold() not in taken and _owner(out, n) is None]
        name = (own or free or names[-1:])[0]
        taken.add(name.casefold())
        named.append(replace(item, name=name))
    return named


def _others(item: ScanInput) -> Iterator[str]:
    parts = tuple(item.name.split("/"))
    yield from list(_Found(item.paths, parts).candidates())[1:]


def _owner(out: Path, name: str) -> str | None:
    """Whose a name is in a folder: digits of its source, empty for others' files, else `None`."""
    record, claim = out / f"{name}.json", claim_of(out, name)
    if record.is_file():
        try:
            return read_record(record).source
        except SpineError:
            return ""
    try:
        return claim.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        pass
    here = record.parent
    stem_ = record.name.removesuffix(".json")
    ours = any(
        (here / f"{stem_}{part}{end}").exists()
        for part in (LABEL, OTHER, OVERLAY)
        for end in (".png", ".nii.gz")
    )
    return "" if ours else None


def claim_of(out: Path, name: str) -> Path:
    """The file that holds a name for an input while its result is being written."""
    target = out / f"{name}.json"
    return target.with_name(f".{target.name}.claim")


def _groups(given: Iterable[Path]) -> Iterator[_Found]:
    for path in given:
        if path.is_dir():
            yield from _in_tree(path)
        else:
            yield _Found((path,), (stem(path),))


def _in_tree(top: Path) -> Iterator[_Found]:
    files = sorted(p for p in top.rglob("*") if p.is_file() and _is_input(p, top))
    release = opened_release(top)
    cases = {e.image_path: tuple(e.name.split("/")) for e in release.entries} if release else {}
    for folder, inside in groupby(files, key=lambda p: p.parent):
        below = folder.relative_to(top).parts
        for group in _in_folder(list(inside)):
            first = group[0]
            if first in cases:
                yield _Found(group, cases[first])
            elif len(group) > 1 or first.name == _IMAGE:
                yield _Found(group, below or (top.absolute().name,))
            else:
                yield _Found(group, (*below, stem(first)))


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
