"""Many cases in a few numbers, with seeded bootstrap intervals over patients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca.anatomy import DISCS, STRUCTURES, VERTEBRAE
from spinemsca.score.case_score import FAR, METRICS
from spinemsca.score.levels import NOTHING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spinemsca.score.case_score import CaseScore

__all__ = ["GROUPS", "describe", "describe_columns", "summarise"]

GROUPS: Final = {"vertebrae": VERTEBRAE, "discs": DISCS}
"""Structures that are summed up together, beside all of them."""

_DRAWS: Final = 1000
_OUTCOMES: Final = ("found", "shifted", "missed", "invented", "absent")


def describe(
    values: Sequence[float] | NDArray[np.float64],
    *,
    metric: str = "dice",
    patients: Sequence[str] = (),
    seed: int = 0,
    draws: int = _DRAWS,
) -> dict[str, Any]:
    """Mean, median, standard deviation, worst and 95 % interval of one metric over cases.

    The interval is the percentile bootstrap of the mean (Efron, Ann. Statist. 7, 1979), drawing
    whole patients, since slices of one patient are alike.

    Args:
        values: One a case; NaN is left out.
        metric: Tells which way is worse: up for distances, away from 0 for area errors.
        patients: Whose case each is; each its own where left out.
        seed: Of the bootstrap.
        draws: Bootstrap samples.

    Returns:
        `mean`, `median`, `sd` (n - 1; 0 for one value), `worst`, `ci95` and `n`; all but `n`
        are `None` without any number.
    """
    column = np.asarray(values, dtype=float).reshape(-1, 1)
    return describe_columns(column, [metric], patients, seed, draws)[0]


def describe_columns(
    values: NDArray[np.float64],
    metrics: Sequence[str],
    patients: Sequence[str] = (),
    seed: int = 0,
    draws: int = _DRAWS,
) -> list[dict[str, Any]]:
    """`describe` for many columns, which share the bootstrap's samples.

    Args:
        values: `(N, M)`, a row a case.
        metrics: `M` names.
        patients: `N`, or none.
        seed: Of the bootstrap.
        draws: Bootstrap samples.
    """
    low, high = _intervals(values, patients, seed, draws)
    return [
        _described(column[~np.isnan(column)], metric, bounds)
        for column, metric, *bounds in zip(values.T, metrics, low, high, strict=True)
    ]


def _described(known: NDArray[np.float64], metric: str, bounds: Sequence[float]) -> dict[str, Any]:
    if not known.size:
        return dict.fromkeys(("mean", "median", "sd", "worst", "ci95")) | {"n": 0}
    mean = float(known.mean())
    return {
        "mean": mean,
        "median": float(np.median(known)),
        "sd": float(known.std(ddof=1)) if known.size > 1 else 0.0,
        "worst": _worst(known, metric),
        "ci95": [min(float(bounds[0]), mean), max(float(bounds[1]), mean)],
        "n": int(known.size),
    }


def _worst(known: NDArray[np.float64], metric: str) -> float:
    if metric.startswith("area_error"):
        return float(known[np.abs(known).argmax()])
    return float(known.max() if metric in FAR else known.min())


def _intervals(
    values: NDArray[np.float64], patients: Sequence[str], seed: int, draws: int
) -> NDArray[np.float64]:
    """`(2, M)` percentiles of the mean over patients drawn with replacement."""
    owner = np.unique(patients, return_inverse=True)[1] if len(patients) else np.arange(len(values))
    many = int(owner.max(initial=-1)) + 1
    sums, counts = np.zeros((2, many, values.shape[1]))
    np.add.at(sums, owner, np.nan_to_num(values))
    np.add.at(counts, owner, ~np.isnan(values))
    random = np.random.default_rng(seed)
    means = np.empty((draws, values.shape[1]))
    for i in range(draws):
        taken = np.bincount(random.integers(max(many, 1), size=many), minlength=many)
        with np.errstate(invalid="ignore"):
            means[i] = (taken @ sums) / (taken @ counts)
    bounds = np.full((2, values.shape[1]), np.nan)
    for column in range(values.shape[1]):
        known = means[~np.isnan(means[:, column]), column]
        if known.size:
            bounds[:, column] = np.percentile(known, [2.5, 97.5])
    return bounds


def summarise(scores: Sequence[CaseScore], *, seed: int = 0) -> dict[str, Any]:
    """The summary that `evaluate --json` prints.

    `overall` describes each case's mean over its structures, `groups` the same over vertebrae
    and over discs, `structures` each structure over the cases.

    Args:
        scores: Of all cases.
        seed: Of the bootstrap.
    """
    patients = [s.patient for s in scores] if all(s.patient for s in scores) else []
    values = np.array([s.metrics for s in scores]).reshape(-1, len(STRUCTURES), len(METRICS))
    blocks = [_case_means(values), *(_case_means(values[:, _rows(g)]) for g in GROUPS.values())]
    blocks += [values[:, i] for i in range(len(STRUCTURES))]
    names = list(METRICS) * len(blocks)
    rows = describe_columns(np.concatenate(blocks, axis=1), names, patients, seed)
    tables = [
        dict(zip(METRICS, rows[i : i + len(METRICS)], strict=True))
        for i in range(0, len(rows), len(METRICS))
    ]
    groups, structures = tables[1 : 1 + len(GROUPS)], tables[1 + len(GROUPS) :]
    right = float(np.mean([c.levels_right for c in scores])) if scores else None
    return {
        "overall": tables[0],
        "groups": dict(zip(GROUPS, groups, strict=True)),
        "structures": {s.name: t for s, t in zip(STRUCTURES, structures, strict=True)},
        "levels_right": right,
        "levels": _levels(scores),
        "not_annotated": {
            s.name: sum(not c.outcomes[i] for c in scores) for i, s in enumerate(STRUCTURES)
        },
        "cases": len(scores),
        "patients": len(set(patients)) if patients else None,
        "interval_over": "patients" if patients else "cases",
        **_published(scores, tables[0], structures, patients, seed),
    }


def _published(
    scores: Sequence[CaseScore],
    usual: dict[str, Any],
    usual_structures: Sequence[dict[str, Any]],
    patients: Sequence[str],
    seed: int,
) -> dict[str, Any]:
    """The published way beside the usual one, where it was asked for."""
    known = [s.published for s in scores if s.published is not None]
    if not known:
        return {}
    values = np.array(known)
    names = ["dice", "hd95"]

    def described(columns: NDArray[np.float64]) -> dict[str, Any]:
        return dict(zip(names, describe_columns(columns, names, patients, seed), strict=True))

    overall = described(_case_means(values))
    structures = {s.name: described(values[:, i]) for i, s in enumerate(STRUCTURES)}
    return {
        "published": {
            "overall": overall,
            "structures": structures,
            "published_minus_usual": _gap(overall, usual),
            "published_minus_usual_structures": {
                name: _gap(row, other)
                for (name, row), other in zip(structures.items(), usual_structures, strict=True)
            },
        }
    }


def _gap(published: dict[str, Any], usual: dict[str, Any]) -> dict[str, float | None]:
    """Difference of the means; `None` where either does not exist."""
    means = {name: (row["mean"], usual[name]["mean"]) for name, row in published.items()}
    return {name: None if None in pair else pair[0] - pair[1] for name, pair in means.items()}


def _rows(group: Sequence[Any]) -> list[int]:
    return [s.value - 1 for s in group]


def _case_means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """`(N, S, M)` to `(N, M)`, NaN left out."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, values, 0).sum(axis=1) / known.sum(axis=1))


def _levels(scores: Sequence[CaseScore]) -> dict[str, Any]:
    """Outcomes, confusion matrix, identification rate and localisation error of all cases."""
    named = [s.name for s in STRUCTURES]
    outcomes = {o: sum(s.outcomes.count(o) for s in scores) for o in _OUTCOMES}
    confusion = {name: dict.fromkeys([*named, NOTHING], 0) for name in named}
    for score in scores:
        for name, given in zip(named, score.confused, strict=True):
            if given:
                confusion[name][given] += 1
    away = np.array([s.identified for s in scores]).reshape(-1)
    asked, close = away[~np.isnan(away)], away[np.isfinite(away)]
    return {
        "outcomes": outcomes,
        "confusion": confusion,
        "identification_rate": float(np.isfinite(asked).mean()) if asked.size else None,
        "localisation_error": float(close.mean()) if close.size else None,
    }
