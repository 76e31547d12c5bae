"""One unit a table: pixels and millimetres are never averaged together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca.score.case_score import METRICS, WITH_UNIT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from spinemsca.score.case_score import CaseScore, Unit

__all__ = ["in_one_unit", "left_out", "unit_of"]

# Places of the metrics that bear a unit.
_COLUMNS: Final = [METRICS.index(metric) for metric in WITH_UNIT]


def unit_of(scores: Iterable[CaseScore]) -> Unit:
    """Millimetres where any case has them, else pixels."""
    return "mm" if any(s.unit == "mm" for s in scores) else "px"


def in_one_unit(scores: Sequence[CaseScore], unit: Unit | None = None) -> list[CaseScore]:
    """The scores, those in another unit without what has a unit.

    Args:
        scores: Of all cases.
        unit: To keep; that of `unit_of` where left out.
    """
    kept = unit or unit_of(scores)
    return [s if s.unit == kept else _without_lengths(s) for s in scores]


def _without_lengths(score: CaseScore) -> CaseScore:
    metrics = score.metrics.copy()
    metrics[:, _COLUMNS] = np.nan
    published = score.published
    if published is not None:
        published = published * [1, np.nan]
    return replace(score, metrics=metrics, published=published)


def left_out(summary: Mapping[str, Any]) -> str:
    """A sentence on cases whose lengths are in no mean; empty where there are none.

    Args:
        summary: What `summarise` gives.
    """
    number = summary["px_left_out"]
    if not number:
        return ""
    return (
        f"{number} of {summary['cases']} cases have no spacing: what they have in pixels "
        "(distances, NSD, sizes) is left out of the means, which are in mm"
    )
