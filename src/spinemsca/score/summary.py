"""Many cases in a few numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_args

import numpy as np

from spinemsca.anatomy import DISCS, STRUCTURES, VERTEBRAE
from spinemsca.score.case_score import METRICS
from spinemsca.score.describe import describe_columns
from spinemsca.score.levels import NOTHING
from spinemsca.score.schema import (
    Group,
    LevelScores,
    Metrics,
    Outcome,
    Published,
    PublishedMetric,
    PublishedMetrics,
    ScoreSummary,
)
from spinemsca.score.units import in_one_unit, unit_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spinemsca.anatomy import Structure
    from spinemsca.score.case_score import CaseScore, Unit

__all__ = ["GROUPS", "summarise"]

GROUPS: Final[dict[Group, tuple[Structure, ...]]] = {"vertebrae": VERTEBRAE, "discs": DISCS}
"""Structures that are summed up together, beside all of them."""

# Defined by the schema.
_OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
# Defined by the schema.
_PUBLISHED: Final[tuple[PublishedMetric, ...]] = get_args(PublishedMetric)


def summarise(scores: Sequence[CaseScore], *, seed: int = 0) -> dict[str, Any]:
    """The summary that `evaluate --json` prints.

    `overall` describes each case's mean over its structures, `groups` the same over vertebrae
    and over discs, `structures` each structure over the cases. Cases that show no annotated
    structure have no part in `levels_right`. Where some cases are in pixels and some in mm, what
    has a unit is described over the latter alone, and `px_left_out` counts the former.

    Args:
        scores: Of all cases.
        seed: Of the bootstrap.
    """
    patients = [s.patient for s in scores] if all(s.patient for s in scores) else []
    unit, scores = unit_of(scores), in_one_unit(scores)
    values = np.array([s.metrics for s in scores]).reshape(-1, len(STRUCTURES), len(METRICS))
    blocks = [_case_means(values), *(_case_means(values[:, _rows(g)]) for g in GROUPS.values())]
    blocks += [values[:, i] for i in range(len(STRUCTURES))]
    names = list(METRICS) * len(blocks)
    rows = describe_columns(np.concatenate(blocks, axis=1), names, patients, seed)
    tables = [
        Metrics(**dict(zip(METRICS, rows[i : i + len(METRICS)], strict=True)))
        for i in range(0, len(rows), len(METRICS))
    ]
    groups, structures = tables[1 : 1 + len(GROUPS)], tables[1 + len(GROUPS) :]
    right = [s.levels_right for s in scores if s.levels_right is not None]
    found = ScoreSummary(
        overall=tables[0],
        groups=dict(zip(GROUPS, groups, strict=True)),
        structures={s.name: t for s, t in zip(STRUCTURES, structures, strict=True)},
        levels_right=float(np.mean(right)) if right else None,
        levels=_levels(scores, unit),
        not_annotated={
            s.name: sum(not c.outcomes[i] for c in scores) for i, s in enumerate(STRUCTURES)
        },
        cases=len(scores),
        unit=unit,
        px_left_out=sum(s.unit != unit for s in scores),
        patients=len(set(patients)) if patients else None,
        interval_over="patients" if patients else "cases",
        published=_published(scores, tables[0], structures, patients, seed),
    )
    return found.model_dump(mode="json", exclude=None if found.published else {"published"})


def _published(
    scores: Sequence[CaseScore],
    usual: Metrics,
    usual_structures: Sequence[Metrics],
    patients: Sequence[str],
    seed: int,
) -> Published | None:
    """The published way beside the usual one, where it was asked for."""
    known = [s.published for s in scores if s.published is not None]
    if not known:
        return None
    values = np.array(known)

    def described(columns: NDArray[np.float64]) -> PublishedMetrics:
        found = describe_columns(columns, _PUBLISHED, patients, seed)
        return PublishedMetrics(**dict(zip(_PUBLISHED, found, strict=True)))

    overall = described(_case_means(values))
    structures = {s.name: described(values[:, i]) for i, s in enumerate(STRUCTURES)}
    return Published(
        overall=overall,
        structures=structures,
        published_minus_usual=_gap(overall, usual),
        published_minus_usual_structures={
            name: _gap(row, other)
            for (name, row), other in zip(structures.items(), usual_structures, strict=True)
        },
    )


def _gap(published: PublishedMetrics, usual: Metrics) -> dict[PublishedMetric, float | None]:
    """Difference of the means; `None` where either does not exist."""
    means = {m: (getattr(published, m).mean, getattr(usual, m).mean) for m in _PUBLISHED}
    return {m: None if None in pair else pair[0] - pair[1] for m, pair in means.items()}


def _rows(group: Sequence[Any]) -> list[int]:
    return [s.value - 1 for s in group]


def _case_means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means of each case over its structures, `(N, S, M)` to `(N, M)`; NaN is left out."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, values, 0).sum(axis=1) / known.sum(axis=1))


def _levels(scores: Sequence[CaseScore], unit: Unit) -> LevelScores:
    """Outcomes, confusion matrix, identification rate and localisation error of all cases."""
    named = [s.name for s in STRUCTURES]
    outcomes = {o: sum(s.outcomes.count(o) for s in scores) for o in _OUTCOMES}
    confusion = {name: dict.fromkeys([*named, NOTHING], 0) for name in named}
    for score in scores:
        for name, given in zip(named, score.confused, strict=True):
            if given:
                confusion[name][given] += 1
    away = np.array([s.identified for s in scores]).reshape(-1)
    asked = away[~np.isnan(away)]
    close = [v for s in scores if s.unit == unit for v in s.identified if np.isfinite(v)]
    return LevelScores(
        outcomes=outcomes,
        confusion=confusion,
        identification_rate=float(np.isfinite(asked).mean()) if asked.size else None,
        localisation_error=float(np.mean(close)) if close else None,
    )
