"""Calibrates a model's confidence on validation patients.

Each validation case is seen as it is and under augmentation, so that hard pictures are among them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemsca._util import Progress, silent
from spinemsca.anatomy import STRUCTURES
from spinemsca.errors import ReleaseError
from spinemsca.segment.labelling.levels import consistent_levels
from spinemsca.segment.runtime.confidence import calibrated, calibration_error, evidence, fit
from spinemsca.segment.training.augmentations import Augmentation, apply, draw
from spinemsca.segment.training.validate import case_dice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spinemsca.anatomy import Structure
    from spinemsca.segment.inference.model import Model
    from spinemsca.segment.runtime.confidence import Calibration, Evidence
    from spinemsca.segment.training.data import Example
    from spinemsca.segment.training.partial_labels import CandidateMap

__all__ = ["GOOD_DICE", "Calibrated", "calibrate", "gather_outcomes", "outcomes"]

GOOD_DICE: Final = 0.8
"""From here on a structure counts as outlined well."""

# Chosen, not measured: that of the strongest stage of the recipe in `examples/train`.
_STRENGTH: Final = 0.8


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A calibration, and how well it fits the structures that it was fitted to.

    Attributes:
        calibration: Of the model's confidence.
        structures: How many were judged.
        right: Share of them that are outlined well and named right, 0 to 1.
        error: Expected calibration error, 0 to 1.
    """

    calibration: Calibration
    structures: int
    right: float
    error: float


def calibrate(model: Model, examples: Sequence[Example], views: int) -> Calibrated:
    """Fits a model's confidence to what becomes of its structures.

    Args:
        model: To calibrate.
        examples: Of validation patients.
        views: Pictures of each, see `gather_outcomes`.

    Raises:
        ReleaseError: If the model finds nothing that can be judged.
    """
    gathered = gather_outcomes(model, examples, views)
    if not gathered:
        raise ReleaseError("nothing was found in the validation cases")
    found, right = [one for one, _ in gathered], [good for _, good in gathered]
    calibration = fit(found, right)
    error = calibration_error([calibrated(one, calibration) for one in found], right)
    return Calibrated(calibration, len(right), float(np.mean(right)), error)


def gather_outcomes(
    model: Model,
    examples: Sequence[Example],
    views: int,
    seed: int = 0,
    progress: Progress = silent,
) -> list[tuple[Evidence, bool]]:
    """Gathers evidence and outcome of every structure that a model finds and that can be judged.

    Args:
        model: To calibrate.
        examples: Of validation patients.
        views: Pictures of each, the first without augmentation.
        seed: Of the augmentation.
        progress: Told of examples.
    """
    gathered = []
    for i, example in enumerate(examples):
        for view in range(views):
            rng = np.random.default_rng((seed, i, view))
            change = draw(rng, _STRENGTH) if view else Augmentation()
            image, sets = apply(change, example.image, example.candidates, model.weights.size)
            probabilities = model.probabilities(image)
            levels = consistent_levels(probabilities.argmax(axis=0).astype(np.uint8))
            found = evidence(levels.label, probabilities, levels.agreement)
            judged = outcomes(levels.label, sets)
            gathered += [(one, judged[s]) for s, one in found.items() if s in judged]
        progress(i + 1, len(examples))
    return gathered


def outcomes(
    label: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], candidates: CandidateMap
) -> dict[Structure, bool]:
    """Whether each structure of a label map is outlined well and named right, where known.

    Args:
        label: `(H, W)` uint8, 0 to 11.
        candidates: `(H, W)` sets, see `candidate_sets`.
    """
    sets = candidates.astype(np.int32)
    dice = case_dice(label, sets)
    judged = {}
    for i, structure in enumerate(STRUCTURES):
        if (label == structure.value).any():
            possible = ((sets >> structure.value) & 1).any()
            if not np.isnan(dice[i]):
                judged[structure] = bool(dice[i] >= GOOD_DICE)
            elif not possible:
                judged[structure] = False
    return judged
