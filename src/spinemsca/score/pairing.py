"""Which prediction belongs to which truth: by name, and what has no partner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spinemsca.anatomy import STRUCTURES, Structure
from spinemsca.errors import ReleaseError, UsageError
from spinemsca.release.store import Release

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Pair", "Pairing", "pair_labels"]

_SUFFIXES: Final = frozenset({".png", ".pt", ".tif", ".tiff"})


@dataclass(frozen=True, slots=True)
class Pair:
    """One case's two files, and what `cases.csv` says of it, where there is one."""

    name: str
    prediction: Path
    truth: Path
    annotated: frozenset[Structure] | None = None


@dataclass(frozen=True, slots=True)
class Pairing:
    """Pairs by name, and the names that only one side has."""

    pairs: tuple[Pair, ...]
    only_predicted: tuple[str, ...]
    only_truth: tuple[str, ...]


def pair_labels(predictions: Path, truth: Path) -> Pairing:
    """Pairs label files of two folders or releases by name.

    A file's name counts without its suffix and `_label`; `NAME/label.pt` is called `NAME`.

    Raises:
        UsageError: If a folder is missing, holds one name twice, or nothing pairs.
    """
    given, _ = _labels(predictions)
    wanted, annotated = _labels(truth)
    both = sorted(given.keys() & wanted.keys())
    if not both:
        raise UsageError(
            f"no prediction is called like a label map of {truth}",
            where=predictions,
            remedy="Name them alike: NAME.png or NAME_label.png beside NAME",
        )
    return Pairing(
        tuple(Pair(n, given[n], wanted[n], annotated.get(n)) for n in both),
        tuple(sorted(given.keys() - wanted.keys())),
        tuple(sorted(wanted.keys() - given.keys())),
    )


def _labels(root: Path) -> tuple[dict[str, Path], Mapping[str, frozenset[Structure]]]:
    if not root.is_dir():
        raise UsageError("no such folder", where=root, remedy="Name a folder of label maps")
    try:
        release = Release.open(root)
    except ReleaseError:
        if (root / "cases.csv").exists():
            raise
        return _in_folder(root), {}
    found = {e.name: e.label_path for e in release.entries if e.label_path is not None}
    known = {n: row.annotated for n, row in release.table.items()}
    return found, known or dict.fromkeys(found, frozenset(STRUCTURES))


def _in_folder(root: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(p for p in root.rglob("*") if p.suffix.lower() in _SUFFIXES):
        if path.name.startswith(".") or path.stem == "img" or path.stem.endswith("_overlay"):
            continue
        inside = path.parent if path.stem == "label" else path.with_suffix("")
        name = inside.relative_to(root).as_posix().removesuffix("_label")
        if name in found:
            raise UsageError(
                f"{path.name} and {found[name].name} are both called {name!r}",
                where=root,
                remedy="Keep one of the two",
            )
        found[name] = path
    return found
