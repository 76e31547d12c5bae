"""Two predictions of the same cases against each other, in pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import stats

from spinemsca.anatomy import STRUCTURES
from spinemsca.errors import CaseError
from spinemsca.score.case_score import METRICS, CaseScore
from spinemsca.score.units import in_one_unit, unit_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Agreement", "bland_altman", "compare_scores", "holm", "rank_biserial"]

# Of all metrics those of overlap, and of distance, that papers compare; chosen.
_COMPARED: Final = ("dice", "hd95", "assd", "nsd")
# As many as for a mean, see `describe._DRAWS`.
_DRAWS: Final = 1000
# Standard deviations of Bland and Altman's limits of agreement: 97.5th percentile of a normal.
_LIMIT: Final = 1.96


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """A Bland–Altman analysis (Bland and Altman, Lancet 327, 1986).

    Attributes:
        mean: `(N,)` of both measurements.
        difference: `(N,)` second minus first.
        bias: Mean difference.
        limits: Bias minus and plus 1.96 standard deviations.
    """

    mean: NDArray[np.float64]
    difference: NDArray[np.float64]
    bias: float
    limits: tuple[float, float]


def compare_scores(
    first: Sequence[CaseScore], second: Sequence[CaseScore], *, seed: int = 0
) -> dict[str, Any]:
    """How the second prediction differs from the first, patient by patient.

    Cases of a patient are averaged first, so that pairs are independent; lengths in pixels are
    left out where other cases have them in mm. For each metric, of all
    structures together and of each: the median difference (second minus first) with a bootstrap
    interval, the Wilcoxon signed-rank test (Biometrics Bull. 1, 1945) with Holm's correction over
    the structures of a metric, and the matched-pairs rank-biserial correlation as effect size.

    Args:
        first: Scores of one prediction.
        second: Scores of the other, of the same cases.
        seed: Of the bootstrap.

    Raises:
        CaseError: If the two do not hold the same cases.
    """
    unit = unit_of([*first, *second])
    pairs = _paired(in_one_unit(first, unit), in_one_unit(second, unit))
    owners = [a.patient or a.name for a, _ in pairs]
    one, other = (_by_patient([p[i] for p in pairs], owners) for i in range(2))
    result: dict[str, Any] = {"pairs": len(one), "structures": {}, "overall": {}}
    for metric in _COMPARED:
        column = METRICS.index(metric)
        a, b = one[:, :, column], other[:, :, column]
        result["overall"][metric] = _difference(_mean(a), _mean(b), seed)
        rows = {
            s.name: _difference(a[:, i], b[:, i], seed)
            for i, s in enumerate(STRUCTURES)
            if (~np.isnan(a[:, i] - b[:, i])).any()
        }
        adjusted = holm([row["p"] for row in rows.values()])
        for (name, row), p in zip(rows.items(), adjusted, strict=True):
            result["structures"].setdefault(name, {})[metric] = row | {"p_holm": p}
    return result


def bland_altman(first: NDArray[np.float64], second: NDArray[np.float64]) -> Agreement:
    """Agreement of two measurements of the same things; pairs with NaN are left out.

    Args:
        first: `(N,)`.
        second: `(N,)`.
    """
    known = ~np.isnan(first + second)
    difference = second[known] - first[known]
    bias = float(difference.mean()) if difference.size else float("nan")
    spread = _LIMIT * float(difference.std(ddof=1)) if difference.size > 1 else 0.0
    mean = (first[known] + second[known]) / 2
    return Agreement(mean, difference, bias, (bias - spread, bias + spread))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction (Scand. J. Stat. 6, 1979), in the order given."""
    order = np.argsort(p_values, kind="stable")
    scaled = [(len(order) - rank) * p_values[i] for rank, i in enumerate(order)]
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(1, np.maximum.accumulate(scaled)) if scaled else []
    return [float(p) for p in adjusted]


def rank_biserial(difference: NDArray[np.float64]) -> float:
    """Share of rank sum that is positive minus that which is negative (Kerby, 2014).

    Args:
        difference: `(N,)`; zeros are left out.

    Returns:
        −1 to 1; 0 where all are zero.
    """
    kept = difference[difference != 0]
    if not kept.size:
        return 0.0
    ranks = stats.rankdata(np.abs(kept))
    return float((ranks * np.sign(kept)).sum() / ranks.sum())


def _paired(
    first: Sequence[CaseScore], second: Sequence[CaseScore]
) -> list[tuple[CaseScore, CaseScore]]:
    others = {s.name: s for s in second}
    if len(others) != len(second) or others.keys() != {s.name for s in first}:
        raise CaseError(
            "the two predictions do not hold the same cases",
            remedy="Predict the same cases with both",
        )
    return [(s, others[s.name]) for s in first]


def _by_patient(scores: list[CaseScore], owners: list[str]) -> NDArray[np.float64]:
    """`(P, 11, 17)` means over each patient's cases."""
    values = np.array([s.metrics for s in scores]).reshape(-1, len(STRUCTURES), len(METRICS))
    patients = sorted(set(owners))
    held = np.array(owners)
    return np.array([_mean(values[held == p], axis=0) for p in patients]).reshape(
        -1, *values.shape[1:]
    )


def _mean(values: NDArray[np.float64], axis: int = 1) -> NDArray[np.float64]:
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, values, 0).sum(axis=axis) / known.sum(axis=axis))


def _difference(one: NDArray[np.float64], other: NDArray[np.float64], seed: int) -> dict[str, Any]:
    difference = (other - one)[~np.isnan(other - one)]
    if not difference.size:
        return {"n": 0, "median": None, "ci95": None, "p": 1.0, "effect": None}
    random = np.random.default_rng(seed)
    drawn = random.choice(difference, (_DRAWS, difference.size))
    low, high = np.percentile(np.median(drawn, axis=1), [2.5, 97.5])
    moved = bool((difference != 0).any())
    return {
        "n": int(difference.size),
        "median": float(np.median(difference)),
        "ci95": [float(low), float(high)],
        "p": float(stats.wilcoxon(difference).pvalue) if moved else 1.0,
        "effect": rank_biserial(difference),
    }
