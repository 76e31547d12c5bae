"""Which slice of a volume runs through the middle of the spinal canal, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from spinemsca.segment.inference.canal import canal_share

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spinemsca.anatomy import Structure
    from spinemsca.case import LabelMap

__all__ = ["Choice", "choose_slice"]

_Floats = NDArray[np.float64]

# Slices of at least this share of the best score belong to its run: the usual half maximum.
_HALF: Final = 0.5
# Certainty left with no, one or both borders of the canal in view; chosen so that a stack that
# shows neither never gets more than a half.
_BORDERS: Final = (0.5, 0.75, 1.0)
# Lead below which another run is spoken of; chosen: that run has half the weight.
_LEAD: Final = 0.5
# Score from which a slice is said to show the canal: of 23 slices of SPIDER beside it the best has
# 0.41, and the median of 614 through it is 0.82.
_PLAIN: Final = 0.5
# Score below which no slice gives a hint: 10 of those 23 have less, and of the 614 one.
_NOTHING: Final = 0.1
# What is said below `_NOTHING`.
_UNGUIDED: Final = "No slice shows the canal plainly: the middle of those with most structures"


@dataclass(frozen=True, slots=True)
class Choice:
    """The slice to show of a volume.

    Attributes:
        index: Of the slice.
        certainty: That it runs through the middle of the canal, 0 to 1: the share of bodies with
            the canal behind them, less where another run of slices shows it, too, or where the
            stack ends within the canal. A score, no calibrated probability.
        reason: One sentence.
    """

    index: int
    certainty: float
    reason: str


@dataclass(frozen=True, slots=True)
class _Run:
    """Neighbouring slices that show the canal.

    Attributes:
        slices: Their indices.
        lead: Over the next such run, 0 to 1.
        borders: Of the canal in view, 0 to 2.
    """

    slices: range
    lead: float
    borders: int


def choose_slice(
    images: Sequence[NDArray[Any]],
    labels: Sequence[LabelMap],
    confidences: Sequence[Mapping[Structure, float]],
    gap_mm: float | None = None,
) -> Choice:
    """Chooses the slice through the middle of the canal.

    Of the neighbouring slices that show it, the one next to their centre, weighted by how many
    bodies each shows it behind. Where nothing tells, the middle of those with most structures.

    Args:
        images: `(H, W)` each, any real dtype and range, row 0 at the head, column 0 anterior.
        labels: `(H, W)` uint8 each, 0 to 11, levels agreeing.
        confidences: Of the structures found in each slice; empty where there are none.
        gap_mm: From one slice to the next, or `None`.
    """
    found = np.array([len(known) for known in confidences])
    if len(found) == 1:
        return Choice(0, 1.0, "There is only one slice")
    if not found.any():
        return Choice((len(found) - 1) // 2, 0.0, "No slice shows a structure: the middle one")
    shares = [
        canal_share(image, label) if known else 0.0
        for image, label, known in zip(images, labels, confidences, strict=True)
    ]
    # Where structures are out of view, so is the canal behind them.
    return _chosen(np.array(shares) * found / found.max(), found, gap_mm)


def _chosen(scores: _Floats, found: NDArray[np.intp], gap_mm: float | None) -> Choice:
    guided = bool(scores.max() >= _NOTHING)
    weights = scores if guided else (found == found.max()).astype(float)
    run = _best_run(weights)
    index = _middle(weights, found, run.slices)
    score = float(scores[index])
    reason = _reason(run, score, gap_mm) if guided else _UNGUIDED
    return Choice(index, score * run.lead * _BORDERS[run.borders], reason)


def _best_run(weights: _Floats) -> _Run:
    inside = np.concatenate(([False], weights >= _HALF * weights.max(), [False]))
    edges = np.flatnonzero(inside[1:] != inside[:-1]).reshape(-1, 2)
    sums = np.array([weights[start:stop].sum() for start, stop in edges])
    best = int(sums.argmax())
    rival = np.delete(sums, best).max(initial=0.0)
    start, stop = edges[best].tolist()
    borders = int(start > 0) + int(stop < len(weights))
    return _Run(range(start, stop), float(1 - rival / sums[best]), borders)


def _middle(weights: _Floats, found: NDArray[np.intp], run: range) -> int:
    """The slice next to a run's weighted centre; a structure missing is as bad as a slice off."""
    places = np.arange(run.start, run.stop)
    centre = np.average(places, weights=weights[places])
    missing = found[places].max() - found[places]
    # Rounded, so that of two that lie alike the better is taken, and else the first.
    far = np.round(np.abs(places - centre) + missing, 6)
    return int(places[np.lexsort((-weights[places].round(6), far))[0]])


def _reason(run: _Run, score: float, gap_mm: float | None) -> str:
    count = len(run.slices)
    width = "" if gap_mm is None else f" ({count * gap_mm:.0f} mm)"
    show = "show" if score >= _PLAIN else "may show"
    if count > 1:
        text = f"{count} slices{width} {show} the canal, and this is their middle"
    else:
        text = f"Only this slice {show if score < _PLAIN else 'shows'} the canal"
    if run.borders < 2:
        text += f"; its border is not in view on {('either', 'one')[run.borders]} side"
    return text if run.lead > _LEAD else f"{text}; slices apart from it look much the same"
