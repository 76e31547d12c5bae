"""Scoring folders of predictions, and single label maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spinemsca.anatomy import STRUCTURES, Structure
from spinemsca.errors import CaseError, UsageError
from spinemsca.io.read import read_label_map
from spinemsca.progress import Progress, silent
from spinemsca.score.case_score import CaseScore, score_case
from spinemsca.score.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spinemsca.case import LabelMap
    from spinemsca.score.pairing import Pair

__all__ = ["evaluate", "evaluate_pairs"]


def evaluate(
    prediction: LabelMap, truth: LabelMap, *, spacing: tuple[float, float] | None = None
) -> dict[str, Any]:
    """Scores one `(H, W)` uint8 label map against another; as `evaluate --json` of one case.

    Raises:
        CaseError: If shapes differ, or values leave 0 to 11.
    """
    annotated = _present(truth)
    return summarise([score_case(prediction, truth, spacing=spacing, annotated=annotated)])


def evaluate_pairs(
    pairs: Sequence[Pair],
    *,
    spacing: tuple[float, float] | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Scores pairs one at a time.

    Where nothing says what was annotated, a structure that no truth of the run holds counts as
    not annotated and is not scored; it is listed under `not_annotated`.

    Raises:
        SpineError: If a file cannot be read or two do not fit; names the prediction.
    """
    common: frozenset[Structure] = frozenset()
    if any(p.annotated is None for p in pairs):
        for pair in pairs:
            common |= _present(read_label_map(pair.truth))
    scores = []
    for done, pair in enumerate(pairs, start=1):
        scores.append(_score(pair, common, spacing))
        progress(done, len(pairs))
    left_out = {s.name: sum(s.name not in c.values for c in scores) for s in STRUCTURES}
    return summarise(scores, seed=seed) | {"not_annotated": left_out}


def _score(
    pair: Pair, common: frozenset[Structure], spacing: tuple[float, float] | None
) -> CaseScore:
    annotated = common if pair.annotated is None else pair.annotated
    if spacing is not None and not all(0 < v < np.inf for v in spacing):
        raise UsageError("spacing is not positive", remedy="Give two lengths in mm")
    prediction, truth = read_label_map(pair.prediction), read_label_map(pair.truth)
    try:
        return score_case(prediction, truth, spacing=spacing, annotated=annotated)
    except CaseError as error:
        raise CaseError(error.what, where=pair.prediction, remedy=error.remedy) from None


def _present(truth: LabelMap) -> frozenset[Structure]:
    held = set(np.unique(truth).tolist())
    return frozenset(s for s in STRUCTURES if s.value in held)
