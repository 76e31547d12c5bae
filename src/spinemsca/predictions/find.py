"""Finding label maps: in folders of predictions, releases, loose files and folders of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from spinemsca._util import printable
from spinemsca.errors import UsageError
from spinemsca.io import stem
from spinemsca.predictions.ledger import read_ledger
from spinemsca.predictions.names import LABEL, OTHER, OVERLAY, TABLE_NAME, source_of
from spinemsca.predictions.releases import ReleaseCase, case_of, cases_of, opened_release

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from spinemsca.predictions.ledger import LedgerRow
    from spinemsca.release import CaseRow

__all__ = ["LabelFile", "LabelFiles", "find_label_maps", "record_beside"]

# Formats that label maps are read from.
_SUFFIXES: Final = (".png", ".tif", ".tiff", ".pt", ".nii", ".nii.gz", ".mha", ".nrrd")
# Name of a label map in the dataset's release.
_LABEL_PT: Final = "label.pt"


@dataclass(frozen=True, slots=True)
class LabelFile:
    """A label map that has been found; nothing is read yet.

    Attributes:
        name: Of the case: its path below the folder that was given, without suffix and `_label`.
        path: Of the label map; a `.pt` may hold the image, too.
        record: Of the prediction that wrote it, or `None`.
        other: Label map of other vertebrae beside it, or `None`.
        image: Of the same case in its release, or `None`.
        row: What a release says of the case, or `None`.
    """

    name: str
    path: Path
    record: Path | None = None
    other: Path | None = None
    image: Path | None = None
    row: CaseRow | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """All files that the case is made of."""
        given = (self.path, self.record, self.other, self.image)
        return tuple(dict.fromkeys(p for p in given if p is not None))


@dataclass(frozen=True, slots=True)
class LabelFiles:
    """What was found, and what is not among it although somebody may expect it.

    Attributes:
        found: In order.
        unnamed: Files that may be label maps but are not called so, as others in their folder
            are; among `left_out`, too.
        left_out: Reason by name.
    """

    found: list[LabelFile] = field(default_factory=list)
    unnamed: list[LabelFile] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


def find_label_maps(inputs: Iterable[Path]) -> LabelFiles:
    """Label maps among files, folders that `predict` wrote, releases and other folders.

    In a folder, files called `*_label` and `label.pt` are taken; where there are none, all files
    of a format that can be a label map. What is given twice counts once;
    cases of one name from several inputs are told apart by their folders.

    Raises:
        UsageError: If an input does not exist or holds no label map.
        SpineError: If a release or a ledger cannot be understood.
    """
    result = LabelFiles()
    for path in inputs:
        if not path.exists():
            raise UsageError("does not exist", where=printable(path))
        before = len(result.found)
        _add(path, result)
        if len(result.found) == before:
            raise _nothing(path, result)
    once = {source_of(file.path): file for file in reversed(result.found)}
    return replace(result, found=_told_apart(list(reversed(once.values()))))


def _told_apart(files: list[LabelFile]) -> list[LabelFile]:
    """Files of several inputs: those of one name get the folder before it, else a number."""
    taken: set[str] = set()
    named = []
    for file in files:
        folder = printable(file.path.absolute().parent.name)
        names = (file.name, f"{folder}/{file.name}", *(f"{file.name}-{n}" for n in range(2, 1000)))
        name = next((n for n in names if n not in taken), file.name)
        taken.add(name)
        named.append(replace(file, name=name))
    return named


def _nothing(path: Path, result: LabelFiles) -> UsageError:
    reasons = "; ".join(f"{name}: {reason}" for name, reason in list(result.left_out.items())[:3])
    return UsageError(
        f"holds no label map{f' ({reasons})' if reasons else ''}",
        where=printable(path),
        remedy="Give what predict wrote, a release, or *_label.png, *_label.nii.gz, label.pt",
    )


def _add(path: Path, result: LabelFiles) -> None:
    if path.is_file():
        result.found.append(_file(path, path.parent))
        return
    release = opened_release(path)
    if release is not None:
        labelled = [c for c in cases_of(release) if c.entry.label_path is not None]
        result.found.extend(map(_of_case, labelled))
    else:
        _add_tree(path, result)


def _of_case(case: ReleaseCase) -> LabelFile:
    entry = case.entry
    image = entry.image_path if entry.image_path.exists() else None
    return LabelFile(entry.name, entry.label_path or entry.image_path, image=image, row=case.row)


def _add_tree(top: Path, result: LabelFiles) -> None:
    files = sorted(p for p in top.rglob("*") if _may_be_label(p, top))
    named = [p for p in files if _is_named(p)]
    taken = named or files
    found = [_file(path, top) for path in taken]
    _refuse_doubles(found, top)
    result.found.extend(found)
    stems = {f.path.parent / f.name.rpartition("/")[2] for f in found}
    for path in files:
        if path not in taken and path.parent / stem(path) not in stems:
            result.unnamed.append(_file(path, top))
            name = printable(path.relative_to(top))
            result.left_out[name] = "is not called *_label, as others in the folder are"
    _add_unlabelled(top, {f.name for f in found}, result)


def _may_be_label(path: Path, top: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(top).parts)
    name = stem(path)
    if hidden or not path.name.lower().endswith(_SUFFIXES) or name.endswith(OVERLAY):
        return False
    if name.endswith(OTHER) and _partner(path, name.removesuffix(OTHER)):
        return False
    return name != "img" and path.is_file()


def _partner(path: Path, short: str) -> bool:
    """Whether the label map that other vertebrae belong to lies beside theirs."""
    beside = (path.with_name(f"{short}{part}{s}") for part in (LABEL, "") for s in _SUFFIXES)
    return any(p.is_file() for p in beside)


def _is_named(path: Path) -> bool:
    return path.name == _LABEL_PT or stem(path).endswith(LABEL)


def _file(path: Path, top: Path) -> LabelFile:
    case = case_of(path)
    if case is not None:
        return _of_case(case)
    short = stem(path).removesuffix(LABEL)
    if path.name == _LABEL_PT:
        inside = path.parent
        name = (
            inside.absolute().name
            if inside == top
            else printable(inside.relative_to(top).as_posix())
        )
        image = path.with_name("img.pt")
        return LabelFile(name, path, image=image if image.is_file() else None)
    name = printable(path.with_name(short).relative_to(top).as_posix())
    others = (path.with_name(f"{short}{OTHER}{suffix}") for suffix in (".png", ".nii.gz", ".nii"))
    other = next((p for p in others if p.is_file() and p != path), None)
    return LabelFile(name, path, record_beside(path), other)


def record_beside(path: Path) -> Path | None:
    """The record of the prediction that wrote a label map, where one lies beside it."""
    record = path.with_name(f"{stem(path).removesuffix(LABEL)}.json")
    return record if stem(path).endswith(LABEL) and record.is_file() else None


def _refuse_doubles(found: list[LabelFile], top: Path) -> None:
    by_name: dict[str, LabelFile] = {}
    for file in found:
        other = by_name.setdefault(file.name, file)
        if other is not file:
            raise UsageError(
                f"{file.path.name} and {other.path.name} are both called {file.name!r}",
                where=printable(top),
                remedy="Keep one of the two",
            )


def _add_unlabelled(top: Path, names: set[str], result: LabelFiles) -> None:
    """Inputs that a ledger lists and that have no label map."""
    for table in sorted(top.rglob(TABLE_NAME)):
        below = table.parent.relative_to(top).as_posix()
        for row in read_ledger(table.parent):
            name = row.name if below == "." else f"{below}/{row.name}"
            if name not in names:
                result.left_out[name] = _why(row)


def _why(row: LedgerRow) -> str:
    if row.status == "segmented":
        return "its label map is not there any more"
    return f"{row.status} by predict: {row.reason}"
