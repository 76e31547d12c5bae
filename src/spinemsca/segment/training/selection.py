"""Which cases a run learns from, and which choose its best weights."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from spinemsca.errors import ReleaseError, UsageError
from spinemsca.segment.training.negatives import distractors
from spinemsca.segment.training.partial_labels import with_open_edges

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spinemsca.segment.training.config import TrainingConfig
    from spinemsca.segment.training.data import Example

__all__ = ["choose_cases"]


def choose_cases(
    config: TrainingConfig, training: Sequence[Example], validation: Sequence[Example]
) -> tuple[list[Example], list[Example]]:
    """The cases to learn from, and those that choose the best weights.

    Args:
        config: Says whether validation cases are learnt from too, how many distractors there
            are, whose edges are open, and which groups choose.
        training: Of the training patients.
        validation: Of other patients.

    Raises:
        ReleaseError: If there are no cases of either kind.
        UsageError: If the configuration names a group that is not there.
    """
    if not training:
        raise ReleaseError("there are no training cases", remedy="Add a release that has some")
    learnt = [*training, *(validation if config.learn_validation else ())]
    learnt = [_opened(e, config.open_edges.get(e.group, 0)) for e in learnt]
    learnt += distractors(learnt, config.distractors, config.seed)
    _check_groups("weights", config.weights, learnt)
    _check_groups("choose_by", config.choose_by, validation)
    _check_groups("open_edges", config.open_edges, learnt)
    judges = [e for e in validation if not config.choose_by or e.group in config.choose_by]
    if not judges:
        raise ReleaseError("there are no validation cases", remedy="Add a release that has some")
    return learnt, judges


def _opened(case: Example, width: int) -> Example:
    return replace(case, candidates=with_open_edges(case.candidates, width))


def _check_groups(option: str, named: Iterable[str], examples: Sequence[Example]) -> None:
    groups = {e.group for e in examples}
    if unknown := sorted(set(named) - groups):
        raise UsageError(
            f"{option} names the group {unknown[0]!r}",
            remedy=f"Groups are the releases' folder names: {', '.join(sorted(groups))}",
        )
