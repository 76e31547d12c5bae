"""A release's composition and statistics."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca._util import Progress, parallel_map, silent
from spinemsca.anatomy import COLUMN, STRUCTURES, Structure
from spinemsca.case import Sex
from spinemsca.errors import SpineError
from spinemsca.release.published import PUBLISHED_ARCHIVES
from spinemsca.release.release import Release
from spinemsca.release.split import PUBLISHED_SIZES, Split
from spinemsca.release.summary import NumberSummary, summarise_numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from spinemsca.case import Case
    from spinemsca.release.layout import Entry

__all__ = ["Info", "Part", "case_statistics", "composition", "info"]

Composition = dict[Split | None, "Part"]


@dataclass(frozen=True, slots=True)
class Part:
    """One split, or the whole.

    Attributes:
        cases: Number of cases.
        men: Cases known to be of men.
        women: Cases known to be of women.
        archives: Names of the archives that hold it; empty for the whole and for no cases.
    """

    cases: int
    men: int = 0
    women: int = 0
    archives: tuple[str, ...] = ()

    @property
    def male(self) -> float | None:
        """Share of men among cases of known sex, `None` where no sex is known."""
        known = self.men + self.women
        return self.men / known if known else None


@dataclass(frozen=True, slots=True, eq=False)
class CaseStatistics:
    """What is kept of one case.

    Attributes:
        moments: Count, sum and sum of squares of the image's values.
        low: Smallest value.
        high: Largest value.
        areas: Area of every annotated structure in px², 0 where it is absent.
        pixel: Area of a pixel in mm², `None` where spacing is unknown.
    """

    moments: NDArray[np.float64]
    low: float
    high: float
    areas: Mapping[Structure, int]
    pixel: float | None


@dataclass(frozen=True, slots=True)
class Info:
    """Composition and statistics of a release.

    Attributes:
        parts: Each split, and the whole under `None`.
        intensity: Of all pixels of all images, `None` without images.
        areas_px: Of each structure where it is annotated and present, px².
        areas_mm2: Likewise where spacing is known, mm².
        annotated: Cases in which each structure is annotated.
        unreadable: Names of the cases that could not be read, left out of statistics.
    """

    parts: Mapping[Split | None, Part]
    intensity: NumberSummary | None = None
    areas_px: Mapping[Structure, NumberSummary] = field(default_factory=dict)
    areas_mm2: Mapping[Structure, NumberSummary] = field(default_factory=dict)
    annotated: Mapping[Structure, int] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values in a stable form; what does not exist is `None`."""
        splits = {s.value: self.parts[s] for s in Split}
        return {
            "cases": self.parts[None].cases,
            "male": self.parts[None].male,
            "splits": {
                name: {"cases": p.cases, "male": p.male, "archives": list(p.archives)}
                for name, p in splits.items()
            },
            "intensity": None if self.intensity is None else self.intensity.to_json(),
            "structures": {s.name: self._structure(s) for s in COLUMN},
            "unreadable": list(self.unreadable),
        }

    def _structure(self, structure: Structure) -> dict[str, Any]:
        px, mm2 = self.areas_px.get(structure), self.areas_mm2.get(structure)
        return {
            "annotated": self.annotated.get(structure, 0),
            "area_px": None if px is None else px.to_json(),
            "area_mm2": None if mm2 is None else mm2.to_json(),
        }


def info(root: Path, *, workers: int | None = None, progress: Progress = silent) -> Info:
    """Counts and measures the release at `root`; cases are read one at a time.

    Args:
        root: Folder of the release.
        workers: Threads; as many as cores where not given.
        progress: Called after every case.

    Raises:
        ReleaseError: If there is no release, or `cases.csv` cannot be understood.
        UsageError: If `workers` is less than 1.
    """
    release = Release.open(root)
    measured = parallel_map(
        partial(_measured, release), release.entries, workers=workers, progress=progress
    )
    return _assemble(release, measured)


def composition(release: Release) -> dict[Split | None, Part]:
    """Counts cases, sexes and archives of each split, and of the whole under `None`."""
    parts: dict[Split | None, Part] = {None: _part(release, release.entries, ())}
    sizes = {split: len(release.of(split)) for split in Split}
    published = sizes == dict(PUBLISHED_SIZES)
    for split in Split:
        archives = PUBLISHED_ARCHIVES[split] if published else _packed(split)
        parts[split] = _part(release, release.of(split), archives if sizes[split] else ())
    return parts


def case_statistics(case: Case) -> CaseStatistics:
    """Sums up the intensities and areas of one case."""
    values = case.image.astype(np.float64)
    areas: dict[Structure, int] = {}
    if case.label is not None:
        counts = np.bincount(case.label.ravel(), minlength=len(STRUCTURES) + 1)
        areas = {s: int(counts[s.value]) for s in case.annotated}
    return CaseStatistics(
        moments=np.array([values.size, values.sum(), np.vdot(values, values)]),
        low=float(values.min()),
        high=float(values.max()),
        areas=areas,
        pixel=None if case.spacing is None else case.spacing.row * case.spacing.column,
    )


def _packed(split: Split) -> tuple[str, ...]:
    stem = f"{split.folder}.zip"
    return (f"{stem}.001", "…") if split is Split.TRAIN else (stem,)


def _part(release: Release, entries: Iterable[Entry], archives: tuple[str, ...]) -> Part:
    sexes = [release.row(e).sex for e in entries]
    return Part(len(sexes), sexes.count(Sex.MALE), sexes.count(Sex.FEMALE), archives)


def _measured(release: Release, entry: Entry) -> CaseStatistics | str:
    try:
        return case_statistics(release.load(entry))
    except SpineError:
        return entry.name


_MOMENTS: Final = 3


def _assemble(release: Release, results: Iterable[CaseStatistics | str]) -> Info:
    moments, low, high = np.zeros(_MOMENTS), np.inf, -np.inf
    annotated = dict.fromkeys(STRUCTURES, 0)
    px: dict[Structure, list[float]] = {s: [] for s in STRUCTURES}
    mm2: dict[Structure, list[float]] = {s: [] for s in STRUCTURES}
    unreadable: list[str] = []
    for result in results:
        if isinstance(result, str):
            unreadable.append(result)
            continue
        moments += result.moments
        low, high = min(low, result.low), max(high, result.high)
        for structure, area in result.areas.items():
            annotated[structure] += 1
            if area:
                px[structure].append(area)
            if area and result.pixel is not None:
                mm2[structure].append(area * result.pixel)
    return Info(
        parts=composition(release),
        intensity=NumberSummary.of_moments(moments, low, high) if moments[0] else None,
        areas_px={s: summarise_numbers(v) for s, v in px.items() if v},
        areas_mm2={s: summarise_numbers(v) for s, v in mm2.items() if v},
        annotated=annotated,
        unreadable=tuple(unreadable),
    )
