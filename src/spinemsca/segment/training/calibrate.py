"""Calibrates a model's confidence on validation patients.

    python -m spinemsca.segment.training.calibrate WEIGHTS RELEASE… --out CALIBRATED

Each validation case is seen as it is and under augmentation, so that hard pictures are among them.
A later stage that has learnt from these cases would judge itself too kindly: `--into LATER` gives
it the calibration of the weights before it.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemsca._util import Progress, silent
from spinemsca.anatomy import STRUCTURES
from spinemsca.errors import ReleaseError, SpineError
from spinemsca.release import Release, Split
from spinemsca.segment.inference.model import Model
from spinemsca.segment.labelling.levels import consistent_levels
from spinemsca.segment.runtime.confidence import calibrated, calibration_error, evidence, fit
from spinemsca.segment.runtime.weights import load_weights, save_weights
from spinemsca.segment.training.augmentations import Augmentation, apply, draw
from spinemsca.segment.training.data import load_examples
from spinemsca.segment.training.validate import case_dice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spinemsca.anatomy import Structure
    from spinemsca.segment.runtime.confidence import Evidence
    from spinemsca.segment.training.data import Example
    from spinemsca.segment.training.partial_labels import CandidateMap

__all__ = ["GOOD_DICE", "gather_outcomes", "main", "outcomes"]

GOOD_DICE: Final = 0.8
"""From here on a structure counts as outlined well."""

_STRENGTH: Final = 0.8


def gather_outcomes(
    model: Model,
    examples: Sequence[Example],
    views: int,
    seed: int = 0,
    progress: Progress = silent,
) -> list[tuple[Evidence, bool]]:
    """Evidence and outcome of every structure that a model finds and that can be judged.

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


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the module; returns the exit status.

    Args:
        arguments: Without the program's name; `sys.argv` where not given.
    """
    parser = argparse.ArgumentParser(prog="python -m spinemsca.segment.training.calibrate")
    parser.add_argument("weights", type=Path)
    parser.add_argument("releases", type=Path, nargs="+", help="their validation cases serve")
    parser.add_argument("--out", type=Path, required=True, help="weights file to write")
    parser.add_argument(
        "--into", type=Path, help="weights that get the calibration, in place of those judged"
    )
    parser.add_argument("--views", type=int, default=4, help="pictures of each case")
    given = parser.parse_args(arguments)
    try:
        weights = load_weights(given.weights)
        receiver = load_weights(given.into) if given.into else weights
        examples = [
            e for root in given.releases for e in load_examples(Release.open(root), Split.VAL)
        ]
        gathered = gather_outcomes(Model(weights), examples, given.views)
        if not gathered:
            raise ReleaseError("nothing was found in the validation cases")
    except SpineError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    found, right = [one for one, _ in gathered], [good for _, good in gathered]
    calibration = fit(found, right)
    save_weights(given.out, replace(receiver, calibration=calibration))
    gap = calibration_error([calibrated(one, calibration) for one in found], right)
    sys.stdout.write(
        f"{len(right)} structures, {np.mean(right):.3f} of them right, "
        f"calibration error {gap:.3f}; {calibration}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
