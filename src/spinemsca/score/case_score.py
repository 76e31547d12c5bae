"""All metrics of one case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.ndimage import find_objects

from spinemsca.anatomy import STRUCTURES, Structure
from spinemsca.errors import CaseError
from spinemsca.score.levels import (
    NEAR_MM,
    agnostic_dice,
    confused_with,
    identification,
    outcome,
)
from spinemsca.score.overlap import joint_histogram, overlaps
from spinemsca.score.position import area_errors, centroids
from spinemsca.score.published import published_scores
from spinemsca.score.surface import surface_distances

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spinemsca.case import LabelMap

__all__ = ["FAR", "METRICS", "CaseScore", "score_case"]

METRICS: Final = (
    "dice", "iou", "precision", "recall", "hd95", "hd", "assd", "nsd", "nsd2",
    "area", "area_error", "area_error_percent", "centroid_error", "agnostic_dice",
)  # fmt: skip
"""Names of the metrics; `nsd` has a tolerance of 1, `nsd2` of 2 (px, or mm with a spacing)."""

FAR: Final = ("hd95", "hd", "assd", "centroid_error")
"""Metrics that are distances: the larger, the worse; the diagonal where one mask is empty."""


@dataclass(frozen=True, slots=True, eq=False)
class CaseScore:
    """Metrics of one case, packed small so that thousands of them fit in memory.

    Rows are structures in order of their label values; a structure that is not annotated has
    NaN and empty names.

    Attributes:
        metrics: `(11, 14)` float64, columns as `METRICS`; NaN where both masks are empty.
        outcomes: `found`, `shifted`, `missed`, `invented` or `absent`.
        confused: Of a structure in the truth, the name most of it was given, or `none`.
        identified: `(11,)` centroid distances of identified structures; infinite where a
            structure of the truth was not identified.
        published: `(11, 2)` Dice and HD95 in the published way, or `None`.
        name: Of the case.
        patient: Whose case it is, or empty where nothing says so.
    """

    metrics: NDArray[np.float64]
    outcomes: tuple[str, ...]
    confused: tuple[str, ...]
    identified: NDArray[np.float64]
    published: NDArray[np.float64] | None = None
    name: str = ""
    patient: str = ""

    @property
    def values(self) -> dict[str, dict[str, float]]:
        """Metrics by structure's name, then metric; only annotated structures."""
        return {
            s.name: dict(zip(METRICS, row.tolist(), strict=True))
            for s, row, outcome in zip(STRUCTURES, self.metrics, self.outcomes, strict=True)
            if outcome
        }

    @property
    def levels(self) -> dict[str, str]:
        """Outcomes by structure's name; only annotated structures."""
        return {s.name: o for s, o in zip(STRUCTURES, self.outcomes, strict=True) if o}

    @property
    def levels_right(self) -> bool:
        """Whether every structure is found, or absent from both."""
        return set(self.outcomes) <= {"found", "absent", ""}


def score_case(
    prediction: LabelMap,
    truth: LabelMap,
    *,
    spacing: tuple[float, float] | None = None,
    annotated: frozenset[Structure] = frozenset(STRUCTURES),
    published: bool = False,
) -> CaseScore:
    """Scores one label map against the truth.

    Args:
        prediction: `(H, W)` uint8, values 0 to 11.
        truth: The same shape and range.
        spacing: Of rows and columns in mm; `None` for distances in pixels.
        annotated: Structures that the truth speaks of; the others are not scored.
        published: Whether to compute the published way, too.

    Raises:
        CaseError: If shapes differ, or values leave the range.
    """
    _check(prediction, truth)
    pixel = spacing or (1.0, 1.0)
    far = float(np.hypot(truth.shape[0] * pixel[0], truth.shape[1] * pixel[1]))
    prediction, truth = _without_margins(prediction, truth)
    joint = joint_histogram(prediction, truth)
    wanted = [s for s in STRUCTURES if s in annotated]
    boxes: list[list[Any]] = [find_objects(m, len(STRUCTURES)) for m in (prediction, truth)]
    places = [centroids(m, b, pixel) for m, b in zip((prediction, truth), boxes, strict=True)]
    shares = overlaps(joint) | {"agnostic_dice": agnostic_dice(joint, wanted)}
    limit = None if spacing is None else NEAR_MM
    identified = identification(places[0], places[1], wanted, limit)
    metrics = np.full((len(STRUCTURES), len(METRICS)), np.nan)
    for s in wanted:
        row = {name: float(share[s.value]) for name, share in shares.items()}
        row |= _contours(prediction, truth, s.value, [b[s.value - 1] for b in boxes], pixel, far)
        row |= _areas(joint, s.value, pixel)
        row["centroid_error"] = _apart(places[0].get(s.value), places[1].get(s.value), far)
        metrics[s.value - 1] = [row[name] for name in METRICS]
    return CaseScore(
        metrics,
        tuple(outcome(joint, s) if s in annotated else "" for s in STRUCTURES),
        tuple(
            confused_with(joint, s) if s in annotated and s.value in places[1] else ""
            for s in STRUCTURES
        ),
        np.array([identified.get(s.name, np.nan) for s in STRUCTURES]),
        published_scores(prediction, truth, wanted, pixel) if published else None,
    )


def _check(prediction: LabelMap, truth: LabelMap) -> None:
    if prediction.ndim != 2 or truth.ndim != 2:
        raise CaseError(
            f"prediction has shape {prediction.shape}, the truth {truth.shape}",
            remedy="Give label maps of shape (rows, columns), not one channel a structure",
        )
    if prediction.shape != truth.shape:
        raise CaseError(
            f"prediction has shape {prediction.shape}, the truth {truth.shape}",
            remedy="Bring both onto the same pixel grid",
        )
    for what, label in (("prediction", prediction), ("truth", truth)):
        if label.dtype != np.uint8 or int(label.max(initial=0)) > len(STRUCTURES):
            raise CaseError(
                f"{what} is no label map",
                remedy=f"Give uint8 values from 0 to {len(STRUCTURES)}",
            )


def _without_margins(prediction: LabelMap, truth: LabelMap) -> tuple[LabelMap, LabelMap]:
    """Both label maps without the rows and columns where both are background."""
    shown = np.maximum(prediction, truth)
    rows, columns = (np.flatnonzero(shown.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return prediction[:1, :1], truth[:1, :1]
    box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    return np.ascontiguousarray(prediction[box]), np.ascontiguousarray(truth[box])


def _contours(
    prediction: LabelMap,
    truth: LabelMap,
    value: int,
    boxes: Sequence[Any],
    spacing: tuple[float, float],
    far: float,
) -> dict[str, float]:
    """Distances between a structure's contours; the diagonal where one mask is empty."""
    one, other = boxes
    if one is None or other is None:
        away = float("nan") if one is other else far
        return {"hd95": away, "hd": away, "assd": away, "nsd": 0 * away, "nsd2": 0 * away}
    box = _around(one, other)
    found = surface_distances(prediction[box] == value, truth[box] == value, spacing)
    return {
        "hd95": found.hausdorff(95),
        "hd": found.hausdorff(),
        "assd": found.assd(),
        "nsd": found.nsd(1),
        "nsd2": found.nsd(2),
    }


def _areas(joint: NDArray[np.int64], value: int, spacing: tuple[float, float]) -> dict[str, float]:
    prediction, truth = int(joint[:, value].sum()), int(joint[value].sum())
    return area_errors(prediction, truth, spacing[0] * spacing[1])


def _around(one: Any, other: Any) -> tuple[slice, slice]:
    rows, columns = (
        slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True)
    )
    return rows, columns


def _apart(one: NDArray[np.float64] | None, other: NDArray[np.float64] | None, far: float) -> float:
    """Distance of two centroids; the diagonal where one is missing, NaN where both are."""
    if one is None and other is None:
        return float("nan")
    if one is None or other is None:
        return far
    return float(np.linalg.norm(one - other))
