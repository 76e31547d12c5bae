"""All metrics of one case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.ndimage import find_objects

from spinemsca.anatomy import STRUCTURES, Structure
from spinemsca.errors import CaseError
from spinemsca.score.overlap import joint_histogram, overlaps
from spinemsca.score.surface import surface_distances

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spinemsca.case import LabelMap

__all__ = ["METRICS", "CaseScore", "score_case"]

METRICS: Final = (
    "dice", "iou", "precision", "recall", "hd95", "hd", "assd", "nsd", "nsd2",
)  # fmt: skip
"""Names of the metrics; `nsd` has a tolerance of 1, `nsd2` of 2 (px, or mm with a spacing)."""


@dataclass(frozen=True, slots=True)
class CaseScore:
    """Metrics of one case.

    Attributes:
        values: By structure's name, then metric; only annotated structures. NaN where both
            masks are empty.
        levels: By structure's name: `found`, `shifted`, `missed`, `invented` or `absent`.
    """

    values: Mapping[str, Mapping[str, float]]
    levels: Mapping[str, str]

    @property
    def levels_right(self) -> bool:
        """Whether every structure is found, or absent from both."""
        return set(self.levels.values()) <= {"found", "absent"}


def score_case(
    prediction: LabelMap,
    truth: LabelMap,
    *,
    spacing: tuple[float, float] | None = None,
    annotated: frozenset[Structure] = frozenset(STRUCTURES),
) -> CaseScore:
    """Scores one label map against the truth.

    Args:
        prediction: `(H, W)` uint8, values 0 to 11.
        truth: The same shape and range.
        spacing: Of rows and columns in mm; `None` for distances in pixels.
        annotated: Structures that the truth speaks of; the others are not scored.

    Raises:
        CaseError: If shapes differ, or values leave the range.
    """
    _check(prediction, truth)
    joint = joint_histogram(prediction, truth)
    shares = overlaps(joint)
    boxes = _boxes(prediction, truth)
    values, levels = {}, {}
    for s in STRUCTURES:
        if s in annotated:
            levels[s.name] = _level(joint, s.value)
            row = {name: float(share[s.value]) for name, share in shares.items()}
            row |= _distances(prediction, truth, s.value, boxes, spacing or (1.0, 1.0))
            values[s.name] = row
    return CaseScore(values, levels)


def _check(prediction: LabelMap, truth: LabelMap) -> None:
    if prediction.shape != truth.shape or truth.ndim != 2:
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


Boxes = tuple[list[Any], list[Any]]


def _boxes(prediction: LabelMap, truth: LabelMap) -> Boxes:
    many = len(STRUCTURES)
    return find_objects(prediction, many), find_objects(truth, many)


def _distances(
    prediction: LabelMap, truth: LabelMap, value: int, boxes: Boxes, spacing: tuple[float, float]
) -> dict[str, float]:
    one, other = boxes[0][value - 1], boxes[1][value - 1]
    if one is None and other is None:
        return dict.fromkeys(("hd95", "hd", "assd", "nsd", "nsd2"), float("nan"))
    if one is None or other is None:
        far = float(np.hypot(truth.shape[0] * spacing[0], truth.shape[1] * spacing[1]))
        return {"hd95": far, "hd": far, "assd": far, "nsd": 0.0, "nsd2": 0.0}
    box = tuple(
        slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True)
    )
    found = surface_distances(prediction[box] == value, truth[box] == value, spacing)
    return {
        "hd95": found.hausdorff(95),
        "hd": found.hausdorff(),
        "assd": found.assd(),
        "nsd": found.nsd(1),
        "nsd2": found.nsd(2),
    }


def _level(joint: np.ndarray[tuple[int, ...], np.dtype[np.int64]], value: int) -> str:
    wanted, given = joint[value].sum(), joint[:, value].sum()
    if not given:
        return "missed" if wanted else "absent"
    overlap = joint[1:, value]
    if not overlap.any():
        return "invented"
    return "found" if int(overlap.argmax()) + 1 == value else "shifted"
