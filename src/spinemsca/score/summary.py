"""Many cases in a few numbers, with seeded bootstrap intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca.anatomy import STRUCTURES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spinemsca.score.case_score import CaseScore

__all__ = ["describe", "summarise"]

_SHOWN: Final = ("dice", "iou", "precision", "recall", "hd95", "hd", "assd", "nsd", "nsd2")
_FAR: Final = frozenset({"hd95", "hd", "assd"})


def describe(
    values: Sequence[float], *, larger_is_worse: bool, seed: int = 0, draws: int = 1000
) -> dict[str, Any]:
    """Mean, median, standard deviation (n - 1), worst and 95 % percentile-bootstrap interval.

    NaN is left out; without any number all entries are `None`, with one the deviation is 0.
    """
    known = np.array([v for v in values if not np.isnan(v)], dtype=float)
    if not known.size:
        return dict.fromkeys(("mean", "median", "sd", "worst", "ci95")) | {"n": 0}
    mean = float(known.mean())
    return {
        "mean": mean,
        "median": float(np.median(known)),
        "sd": float(known.std(ddof=1)) if known.size > 1 else 0.0,
        "worst": float(known.max() if larger_is_worse else known.min()),
        "ci95": _interval(known, mean, seed, draws),
        "n": int(known.size),
    }


def _interval(known: Any, mean: float, seed: int, draws: int) -> list[float]:
    random = np.random.default_rng(seed)
    means = [random.choice(known, known.size).mean() for _ in range(draws)]
    low, high = np.percentile(means, [2.5, 97.5])
    return [min(float(low), mean), max(float(high), mean)]


def summarise(scores: Sequence[CaseScore], *, seed: int = 0) -> dict[str, Any]:
    """The summary that `evaluate --json` prints.

    `overall` describes each case's mean over its structures; `structures` each structure over
    the cases.
    """
    structures = {
        s.name: {m: _describe([c.values.get(s.name, {}).get(m, np.nan) for c in scores], m, seed)
                 for m in _SHOWN}
        for s in STRUCTURES
    }  # fmt: skip
    overall = {m: _describe([_case_mean(c, m) for c in scores], m, seed) for m in _SHOWN}
    right = float(np.mean([c.levels_right for c in scores])) if scores else None
    return {
        "overall": overall,
        "structures": structures,
        "levels_right": right,
        "cases": len(scores),
    }


def _describe(values: Sequence[float], metric: str, seed: int) -> dict[str, Any]:
    return describe(values, larger_is_worse=metric in _FAR, seed=seed)


def _case_mean(score: CaseScore, metric: str) -> float:
    known = [v[metric] for v in score.values.values() if not np.isnan(v[metric])]
    return float(np.mean(known)) if known else float("nan")
