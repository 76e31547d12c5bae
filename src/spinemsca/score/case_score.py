"""All metrics of one case."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np
from scipy.ndimage import find_objects

from spinemsca.anatomy import STRUCTURES, Structure
from spinemsca.score.boxes import around, without_margins
from spinemsca.score.checks import check_label_maps, checked_spacing
from spinemsca.score.levels import (
    NEAR_MM,
    agnostic_dice,
    confused_with,
    identification,
    outcome,
)
from spinemsca.score.literature_protocol import published_scores
from spinemsca.score.overlap import joint_histogram, overlaps
from spinemsca.score.size_and_centroid import centroids, size_errors
from spinemsca.score.surface import surface_distances

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinemsca.case import LabelMap

__all__ = ["FAR", "METRICS", "WITH_UNIT", "CaseScore", "Unit", "score_case"]

Unit: TypeAlias = Literal["px", "mm"]

METRICS: Final = (
    "dice", "iou", "precision", "recall", "hd95", "hd", "assd", "nsd", "nsd2",
    "area", "area_error", "area_error_percent", "volume", "volume_error",
    "volume_error_percent", "centroid_error", "agnostic_dice",
)  # fmt: skip
"""Names of the metrics; `nsd` has a tolerance of 1, `nsd2` of 2 (px, or mm with a spacing).

Slices have an area, volumes a volume; what they do not have is NaN.
"""

FAR: Final = ("hd95", "hd", "assd", "centroid_error")
"""Metrics that are distances: the larger, the worse; the diagonal where one mask is empty."""

WITH_UNIT: Final = (*FAR, "nsd", "nsd2", "area", "area_error", "volume", "volume_error")
"""Metrics that are other numbers in pixels than in millimetres, and never summed up with those."""


@dataclass(frozen=True, slots=True, eq=False)
class CaseScore:
    """Metrics of one case, packed small so that thousands of them fit in memory.

    Rows are structures in order of their label values; a structure that is not annotated has
    NaN and empty names.

    Attributes:
        metrics: `(11, 17)` float64, columns as `METRICS`; NaN where both masks are empty.
        outcomes: `found`, `shifted`, `missed`, `invented` or `absent`.
        confused: Of a structure in the truth, the name most of it was given, or `none`.
        identified: `(11,)` centroid distances of identified structures; infinite where a
            structure of the truth was not identified.
        published: `(11, 2)` Dice and HD95 in the published way, or `None`.
        name: Of the case.
        patient: Whose case it is, or empty where nothing says so.
        unit: Of lengths, `px` or `mm`.
        slices: Each slice scored by itself, from the patient's right, where that was asked for.
    """

    metrics: NDArray[np.float64]
    outcomes: tuple[str, ...]
    confused: tuple[str, ...]
    identified: NDArray[np.float64]
    published: NDArray[np.float64] | None = None
    name: str = ""
    patient: str = ""
    unit: Unit = "px"
    slices: tuple[CaseScore, ...] = ()

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
    def levels_right(self) -> bool | None:
        """Whether every structure is found, or absent from both; `None` where all are absent."""
        shown = set(self.outcomes) - {"absent", ""}
        return shown == {"found"} if shown else None


def score_case(
    prediction: LabelMap,
    truth: LabelMap,
    *,
    spacing: tuple[float, ...] | None = None,
    annotated: frozenset[Structure] = frozenset(STRUCTURES),
    published: bool = False,
) -> CaseScore:
    """Scores one label map, of a slice or of a volume, against the truth.

    Args:
        prediction: `(H, W)` or `(S, H, W)` uint8, values 0 to 11.
        truth: The same shape and range.
        spacing: Of (slices,) rows and columns in mm; `None` for distances in pixels.
        annotated: Structures that the truth speaks of; the others are not scored.
        published: Whether to compute the published way, too.

    Raises:
        CaseError: If shapes differ, or values leave the range.
        UsageError: If the spacing is not as many positive numbers as the label maps have axes.
    """
    check_label_maps(prediction, truth)
    axes = truth.ndim
    pixel = (1.0,) * axes if spacing is None else checked_spacing(spacing, (axes,))
    far = float(np.linalg.norm(np.multiply(truth.shape, pixel)))
    prediction, truth = without_margins(prediction, truth)
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
        row |= _surfaces(prediction, truth, s.value, [b[s.value - 1] for b in boxes], pixel, far)
        row |= _sizes(joint, s.value, pixel)
        row["centroid_error"] = _apart(places[0].get(s.value), places[1].get(s.value), far)
        metrics[s.value - 1] = [row.get(name, np.nan) for name in METRICS]
    return CaseScore(
        metrics,
        tuple(outcome(joint, s) if s in annotated else "" for s in STRUCTURES),
        tuple(
            confused_with(joint, s) if s in annotated and s.value in places[1] else ""
            for s in STRUCTURES
        ),
        np.array([identified.get(s.name, np.nan) for s in STRUCTURES]),
        published_scores(prediction, truth, wanted, pixel) if published else None,
        unit="px" if spacing is None else "mm",
    )


def _surfaces(
    prediction: LabelMap,
    truth: LabelMap,
    value: int,
    boxes: list[Any],
    spacing: tuple[float, ...],
    far: float,
) -> dict[str, float]:
    """Distances between a structure's surfaces; the diagonal where one mask is empty."""
    one, other = boxes
    if one is None or other is None:
        away = float("nan") if one is other else far
        return {"hd95": away, "hd": away, "assd": away, "nsd": 0 * away, "nsd2": 0 * away}
    box = around(boxes, truth.ndim)
    found = surface_distances(prediction[box] == value, truth[box] == value, spacing)
    return {
        "hd95": found.hausdorff(95),
        "hd": found.hausdorff(),
        "assd": found.assd(),
        "nsd": found.nsd(1),
        "nsd2": found.nsd(2),
    }


def _sizes(joint: NDArray[np.int64], value: int, spacing: tuple[float, ...]) -> dict[str, float]:
    name = "area" if len(spacing) == 2 else "volume"
    prediction, truth = int(joint[:, value].sum()), int(joint[value].sum())
    return size_errors(name, prediction, truth, math.prod(spacing))


def _apart(one: NDArray[np.float64] | None, other: NDArray[np.float64] | None, far: float) -> float:
    """Distance of two centroids; the diagonal where one is missing, NaN where both are."""
    if one is None and other is None:
        return float("nan")
    if one is None or other is None:
        return far
    return float(np.linalg.norm(one - other))
