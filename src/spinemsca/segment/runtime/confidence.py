"""How sure a segmentation is of each structure, as a probability that holds.

A network's own probabilities say little of levels, and are too sure of themselves. So what it
believes of a structure's tissue and how far the spine's bodies agree on their numbering are turned
into one probability by logistic regression on validation patients (Platt, *Probabilistic outputs
for support vector machines*, 1999): that the structure is outlined well and named right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit

from spinemsca._util import Strict
from spinemsca.anatomy import BACKGROUND, COLUMN, STRUCTURES, Structure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spinemsca.case import LabelMap

__all__ = [
    "UNCALIBRATED",
    "Calibration",
    "Evidence",
    "calibrated",
    "calibration_error",
    "evidence",
    "fit",
]

# Chosen, not measured: keeps the log-odds of 0 and 1 finite, at ±6.9.
_EDGE: Final = 1e-3
# Chosen, not measured: so small that it only settles weights that data leaves open.
_RIDGE: Final = 1e-5


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for one structure of a segmentation.

    Attributes:
        tissue: Mean probability over its pixels that they are of its kind, vertebra or disc.
        level: Mean probability over its pixels that they are this very structure, as a share
            of `tissue`.
        agreement: Of the whole spine's bodies with the chosen numbering, 0 to 1.
    """

    tissue: float
    level: float
    agreement: float


class Calibration(Strict):
    """Weights of the logistic regression; the defaults trust the tissue's.

    Attributes:
        offset: Log-odds where all evidence is even.
        tissue: Weight of the tissue's log-odds.
        level: Weight of the level's log-odds.
        agreement: Weight of the agreement's log-odds.
    """

    offset: float = 0.0
    tissue: float = 1.0
    level: float = 0.0
    agreement: float = 0.0


UNCALIBRATED: Final = Calibration()
"""Trusts the tissue's probability."""


def evidence(
    label: LabelMap, probabilities: NDArray[np.float32], agreement: float
) -> dict[Structure, Evidence]:
    """Gathers the evidence for each structure in a label map, from top to bottom.

    Args:
        label: `(H, W)` uint8, 0 to 11, levels made consistent.
        probabilities: `(12, H, W)` of the network, sums of 1.
        agreement: Share of votes for the chosen numbering, 0 to 1.
    """
    found = {}
    # Most of a slice is background, and looking through it for every structure takes longest.
    places = np.flatnonzero(label > BACKGROUND)
    values = label.ravel()[places]
    there = probabilities.reshape(len(probabilities), -1).take(places, axis=1)
    for structure in COLUMN:
        inside = values == structure.value
        if inside.any():
            kin = [s.value for s in STRUCTURES if s.kind is structure.kind]
            means = there[:, inside].mean(axis=1)
            tissue = float(means[kin].sum())
            level = float(means[structure.value]) / max(tissue, _EDGE)
            found[structure] = Evidence(tissue, level, agreement)
    return found


def calibrated(found: Evidence, calibration: Calibration) -> float:
    """The probability that a structure is outlined well and named right."""
    c = calibration
    odds = _odds([found])[0] @ np.array([c.tissue, c.level, c.agreement])
    return float(expit(odds + c.offset))


def fit(found: Sequence[Evidence], right: Sequence[bool]) -> Calibration:
    """Fits the calibration to structures whose outcome is known.

    More evidence never lowers the probability: weights are kept from falling below 0.

    Args:
        found: Evidence of each structure.
        right: Whether each was outlined well and named right.
    """
    odds, truth = _odds(found), np.asarray(right, dtype=float)

    def cost(weights: NDArray[np.float64]) -> float:
        scores = odds @ weights[1:] + weights[0]
        # log(1 + e^s) - y s is the negative log-likelihood of outcome y at log-odds s.
        return float(
            (np.logaddexp(0, scores) - truth * scores).mean() + _RIDGE * (weights**2).mean()
        )

    bounds = [(None, None), (0, None), (0, None), (0, None)]
    best = minimize(cost, np.array([0.0, 1.0, 0.5, 0.5]), method="L-BFGS-B", bounds=bounds).x
    return Calibration(
        offset=float(best[0]), tissue=float(best[1]), level=float(best[2]), agreement=float(best[3])
    )


def calibration_error(confidence: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """Expected calibration error: mean gap between confidence and outcome over equal bins.

    Guo et al., *On Calibration of Modern Neural Networks*, ICML 2017; 0 at best, 1 at worst.
    """
    sure, truth = np.asarray(confidence, dtype=float), np.asarray(right, dtype=float)
    place = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = [
        abs(sure[place == b].mean() - truth[place == b].mean()) * (place == b).mean()
        for b in range(bins)
        if (place == b).any()
    ]
    return float(sum(gaps))


def _odds(found: Sequence[Evidence]) -> NDArray[np.float64]:
    """`(N, 3)` log-odds of each piece of evidence."""
    shares = np.array([(f.tissue, f.level, f.agreement) for f in found], dtype=float)
    return np.asarray(logit(np.clip(shares, _EDGE, 1 - _EDGE)))
