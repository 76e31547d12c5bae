"""Synthetic patients whose slices are known to the last pixel, on two grids.

Arrays lie as the house wants them: `(S, H, W)` slices from right to left, rows down, columns back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

import numpy as np

from spinemsca.anatomy import SPINE, VERTEBRAE, by_any_name
from spinemsca.measure.measurements import measure
from spinemsca.phantom import draw_parameters, render
from spinemsca.phantom.priors import LEVELS
from tests.segment.stacks import _cover

SLICES = 6
SHOWN = 3
"""The middle one of the slices 2, 3 and 4, which run through the canal."""

THICK = 4.0
"""From slice to slice, mm."""

GRIDS = {"square": (1.2, 1.2), "oblong": (0.9, 1.5)}
"""Spacing of rows and columns in mm."""

BESIDE = (0, 1, 5)
_LEVEL = LEVELS.index("L4")

Numbers = dict[tuple[str, str], float | str | None]


@dataclass(frozen=True, eq=False)
class Patient:
    """One patient on one grid.

    Attributes:
        images: `(S, H, W)` int16, 0 to 900, no two slices alike.
        labels: `(S, H, W)` uint8 as a model sees them; in slice k L4 lies k + 1 mm before L5.
        truth: As an expert does: a row less of L3, and a larger D4.
        spacing: Of rows and columns in mm.
    """

    name: str
    images: np.ndarray
    labels: np.ndarray
    truth: np.ndarray
    spacing: tuple[float, float]


@cache
def patient(name: str = "a", grid: str = "square") -> Patient:
    """Patient `a` or `b`."""
    spacing = GRIDS[grid]
    drawn = [_slice(name, k) for k in range(SLICES)]
    made = [_resampled(image, label, old, spacing) for image, label, old in drawn]
    images, labels = (np.stack(one) for one in zip(*made, strict=True))
    return Patient(name, images, labels, np.stack([_seen_by_expert(s) for s in labels]), spacing)


def drawn_slip(name: str, index: int) -> float:
    """Of L4 on L5 in mm, forwards positive, by the corners that were drawn."""
    case = _drawn(name, index)
    corners = {
        body: {k: np.array(v) * case.spacing for k, v in found.items() if len(v) == 2}
        for body, found in case.provenance["truth"]["landmarks"].items()
    }
    upper, lower = corners["L4"]["inferior_posterior"], corners["L5"]
    along = lower["superior_anterior"] - lower["superior_posterior"]
    away = upper - lower["superior_posterior"]
    return float(away @ along / np.linalg.norm(along))


def _slice(name: str, index: int):
    case = _drawn(name, index)
    image = case.image.copy()
    if index in BESIDE:
        _put_pedicles(image, case.label)
    # A mark in front of the spine tells slices apart.
    image[20 + 30 * index : 50 + 30 * index, 40:70] = 1
    return image, case.label, case.spacing


@cache
def _drawn(name: str, index: int):
    # One scanner, so that both patients have grids of one size.
    scanner = draw_parameters(5, 0).scanner
    parameters = replace(draw_parameters(5, "ab".index(name)), scanner=scanner)
    discs = list(parameters.shape.discs)
    discs[_LEVEL] = replace(discs[_LEVEL], slip=float(index + 1))
    shape = replace(parameters.shape, discs=tuple(discs))
    return render(replace(parameters, shape=shape), size=256, name=name)


def _put_pedicles(image, label) -> None:
    bodies = [v.value for v in VERTEBRAE]
    tops = [int(np.flatnonzero((label == v).any(axis=1))[0]) for v in bodies]
    for value, rows in zip(bodies, pairwise([*tops, tops[-1] + 25]), strict=True):
        _cover(image, label, value, rows)


def _resampled(image, label, old, new):
    """The same on another grid, by the nearest pixel, cropped to more rows than columns."""
    size = [int(n * o / s) for n, o, s in zip(label.shape, old, new, strict=True)]
    rows, columns = (
        np.minimum((np.arange(n) * s / o).astype(int), limit - 1)
        for n, s, o, limit in zip(size, new, old, label.shape, strict=True)
    )
    columns = columns[(columns >= 36) & (columns < 222)]
    picked = np.ix_(rows, columns)
    return np.rint(image[picked] * 900).astype(np.int16), label[picked]


def _seen_by_expert(label):
    truth = label.copy()
    body, disc = (by_any_name(n).value for n in ("L3", "D4"))
    top = np.flatnonzero((label == body).any(axis=1))[0]
    truth[top][truth[top] == body] = 0
    grown = np.roll(label == disc, 1, axis=1)
    truth[grown & (truth == 0)] = disc
    return truth


def renamed(label: np.ndarray, names: dict[str, str]) -> np.ndarray:
    """Structures under other names; what is not listed keeps its own."""
    table = np.arange(len(SPINE) + 1, dtype=np.uint8)
    for old, new in names.items():
        table[by_any_name(old).value] = by_any_name(new).value
    return table[label]


WITH_L6 = {"L1": "L2", "D1": "D2", "L2": "L3", "D2": "D3", "L3": "L4", "D3": "D4", "L4": "L5",
           "D4": "L5/L6", "L5": "L6", "D5": "L6/S1"}  # fmt: skip
ONE_UP = {"L1": "T12", "D1": "T12/L1", "L2": "L1", "D2": "D1", "L3": "L2", "D3": "D2", "L4": "L3",
          "D4": "D3", "L5": "L4", "D5": "D4", "S1": "L5"}  # fmt: skip


@cache
def numbers(
    name: str,
    grid: str,
    index: int = SHOWN,
    *,
    known: bool = True,
    tilt: float | None = None,
    names: str = "",
) -> Numbers:
    """All measures of one slice, upright and in memory: what every way round must give."""
    whole = patient(name, grid)
    tables = {"": {}, "L6": WITH_L6, "up": ONE_UP}
    label = renamed(whole.labels[index], tables[names])
    found = measure(label, spacing=whole.spacing if known else None, tilt=tilt)
    return {(r.structure, r.definition.name): r.value for r in found.results}
