"""Scoring folders of predictions, and single label maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spinemsca._util import Progress, silent
from spinemsca.anatomy import STRUCTURES, Structure
from spinemsca.errors import UsageError
from spinemsca.score.case_score import score_case
from spinemsca.score.checks import checked_label_map
from spinemsca.score.files import score_pairs
from spinemsca.score.protocol import Protocol
from spinemsca.score.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from spinemsca.predictions import Pair

__all__ = ["Protocol", "evaluate", "evaluate_pairs", "score_pairs"]


def evaluate(
    prediction: NDArray[Any],
    truth: NDArray[Any],
    *,
    spacing: tuple[float, ...] | None = None,
    annotated: Collection[str] | None = None,
    published: bool = False,
) -> dict[str, Any]:
    """Scores one label map against another; as `evaluate --json` of one case.

    Args:
        prediction: `(H, W)`, or of a volume `(S, H, W)`, whole numbers from 0 to 11.
        truth: The same shape and range.
        spacing: Of rows and columns in mm, of a volume's slices before them; `None` for
            distances in pixels.
        annotated: Names of the structures that the truth speaks of; all where left out, so that
            a structure which only the prediction shows counts as invented.
        published: Whether to add the published way of scoring.

    Raises:
        CaseError: If shapes differ, or values are no labels.
        UsageError: If the spacing is not a positive number an axis, or a name is no structure's.
    """
    score = score_case(
        checked_label_map(prediction, "prediction"),
        checked_label_map(truth, "truth"),
        spacing=spacing,
        annotated=_structures(annotated),
        published=published,
    )
    return summarise([score])


def evaluate_pairs(
    pairs: Sequence[Pair],
    protocol: Protocol | None = None,
    *,
    seed: int = 0,
    workers: int = 1,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Scores pairs of files and sums them up, as `evaluate --json` prints it.

    Args:
        pairs: From `pair_labels`.
        protocol: How to score.
        seed: Of the bootstrap.
        workers: Processes.
        progress: Told the pairs done.

    Raises:
        SpineError: If a file cannot be read or two do not fit; names the prediction.
    """
    return summarise(
        list(score_pairs(pairs, protocol, workers=workers, progress=progress)), seed=seed
    )


def _structures(names: Collection[str] | None) -> frozenset[Structure]:
    if names is None:
        return frozenset(STRUCTURES)
    known = {s.name: s for s in STRUCTURES}
    if unknown := sorted(set(names) - known.keys()):
        raise UsageError(f"{unknown[0]!r} is no structure", remedy=f"Use {', '.join(known)}")
    return frozenset(known[name] for name in names)
