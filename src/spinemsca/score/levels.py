"""Whether structures bear the right names: the failure that overlap alone hides.

Everything here follows from the joint histogram of two label maps and from centroids.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.optimize import linear_sum_assignment

from spinemsca.anatomy import DISCS, STRUCTURES, VERTEBRAE, Structure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    Joint = NDArray[np.int64]
    Centroids = Mapping[int, NDArray[np.float64]]

__all__ = [
    "NEAR_MM",
    "NOTHING",
    "agnostic_dice",
    "confused_with",
    "identification",
    "outcome",
]

NOTHING: Final = "none"
"""Stands for no structure in a confusion matrix."""

NEAR_MM: Final = 20.0
"""How near a centroid must be to count as identified, in mm."""


def outcome(joint: Joint, structure: Structure) -> str:
    """What became of a structure's name.

    Args:
        joint: `(12, 12)` pixels by truth's value (rows) and prediction's (columns).
        structure: As the prediction names it.

    Returns:
        `found` when the truth that overlaps it best has the same name, `shifted` when that has
        another, `invented` when it overlaps none, `missed` when only the truth has it, `absent`
        when neither has.
    """
    value = structure.value
    if not joint[:, value].any():
        return "missed" if joint[value].any() else "absent"
    overlap = joint[1:, value]
    if not overlap.any():
        return "invented"
    return "found" if int(overlap.argmax()) + 1 == value else "shifted"


def confused_with(joint: Joint, structure: Structure) -> str:
    """The name that the prediction gives most of a true structure; `none` where it gives none.

    Args:
        joint: As for `outcome`.
        structure: Of the truth.
    """
    overlap = joint[structure.value, 1:]
    return STRUCTURES[int(overlap.argmax())].name if overlap.any() else NOTHING


def agnostic_dice(joint: Joint, annotated: Iterable[Structure]) -> NDArray[np.float64]:
    """Dice of each true structure with the body of its kind that fits, whatever its name.

    Vertebrae pair with vertebrae and discs with discs, one to one, so that the sum of Dice is
    largest (Kuhn, *The Hungarian method*, Nav. Res. Logist. Q. 2, 1955).

    Args:
        joint: As for `outcome`.
        annotated: Structures that the truth speaks of.

    Returns:
        `(12,)` in [0, 1] by label value; 0 where nothing fits, NaN where the truth does not
        show it.
    """
    wanted = set(annotated)
    scores = np.full(len(STRUCTURES) + 1, np.nan)
    for kind in (VERTEBRAE, DISCS):
        values = [s.value for s in kind]
        shown = [s.value for s in kind if s in wanted and joint[s.value].any()]
        if shown:
            table = np.array([_dice_row(joint, value, values) for value in shown])
            rows, columns = linear_sum_assignment(-table)
            scores[np.array(shown)[rows]] = table[rows, columns]
    return scores


def _dice_row(joint: Joint, value: int, others: list[int]) -> NDArray[np.float64]:
    area = joint[value].sum() + joint[:, others].sum(axis=0)
    return np.asarray(2 * joint[value, others] / area)


def identification(
    prediction: Centroids, truth: Centroids, annotated: Iterable[Structure], limit: float | None
) -> dict[str, float]:
    """How far off each identified structure of the truth lies.

    As in VerSe (Sekuboyina et al., Medical Image Analysis 73, 2021): the nearest true centroid of
    its kind to the predicted one bears the same name and lies within 20 mm. Without spacing, half
    the mean distance between true neighbours of the kind takes the place of the 20 mm.

    Args:
        prediction: Centroid by label value.
        truth: Centroid by label value.
        annotated: Structures that the truth speaks of.
        limit: Farthest distance in the centroids' unit, or `None` for the one without spacing.

    Returns:
        Distance of the centroids by name of each structure in the truth; infinite where it was
        not identified.
    """
    wanted = set(annotated)
    errors: dict[str, float] = {}
    for kind in (VERTEBRAE, DISCS):
        shown = [s for s in kind if s in wanted and s.value in truth]
        farthest = _half_pitch([truth[s.value] for s in shown]) if limit is None else limit
        for s in shown:
            errors[s.name] = float("inf")
            if s.value in prediction:
                away = [float(np.linalg.norm(prediction[s.value] - truth[o.value])) for o in shown]
                nearest = int(np.argmin(away))
                if shown[nearest] is s and away[nearest] <= farthest:
                    errors[s.name] = away[nearest]
    return errors


def _half_pitch(centres: list[NDArray[np.float64]]) -> float:
    """Half the mean distance of neighbours; without neighbours there is no limit."""
    if len(centres) < 2:
        return float("inf")
    return 0.5 * float(np.linalg.norm(np.diff(np.stack(centres), axis=0), axis=1).mean())
