"""One metric over many cases, with seeded bootstrap intervals over patients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from spinemsca.score.case_score import FAR
from spinemsca.score.schema import Described

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["describe_columns"]

# Percentiles of the ends of a 95 % interval settle at about a thousand samples: Efron and
# Tibshirani, An Introduction to the Bootstrap, 1993.
_DRAWS: Final = 1000

# Beginnings of the names of metrics that are best at 0, with their sign: defined in `METRICS`.
_SIGNED: Final = ("area_error", "volume_error")


def describe_columns(
    values: NDArray[np.float64],
    metrics: Sequence[str],
    patients: Sequence[str] = (),
    seed: int = 0,
    draws: int = _DRAWS,
) -> list[Described]:
    """Mean, median, standard deviation, worst and 95 % interval of each metric over cases.

    The interval is the percentile bootstrap of the mean (Efron, Ann. Statist. 7, 1979), drawing
    whole patients, since slices of one patient are alike. Columns share its samples.

    Args:
        values: `(N, M)`, a row a case; NaN is left out.
        metrics: `M` names, which tell what way is worse: up for distances, away from 0 for
            errors of size.
        patients: Whose each of the `N` cases is; each its own where left out.
        seed: Of the bootstrap.
        draws: Bootstrap samples.

    Returns:
        `M` descriptions; `sd` is that of n - 1, and 0 for one value.
    """
    low, high = _intervals(values, patients, seed, draws)
    return [
        _described(column[~np.isnan(column)], metric, bounds)
        for column, metric, *bounds in zip(values.T, metrics, low, high, strict=True)
    ]


def _described(known: NDArray[np.float64], metric: str, bounds: Sequence[float]) -> Described:
    if not known.size:
        return Described(mean=None, median=None, sd=None, worst=None, ci95=None, n=0)
    mean = float(known.mean())
    return Described(
        mean=mean,
        median=float(np.median(known)),
        sd=float(known.std(ddof=1)) if known.size > 1 else 0.0,
        worst=_worst(known, metric),
        ci95=(min(float(bounds[0]), mean), max(float(bounds[1]), mean)),
        n=int(known.size),
    )


def _worst(known: NDArray[np.float64], metric: str) -> float:
    if metric.startswith(_SIGNED):
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
