"""How much of a slice lies within the spinal canal, whatever the contrast.

Behind the posterior walls the canal is one band, alike at bodies and discs and unlike the marrow
before it. Beside it, pedicles as grey as the bodies take turns with the fat and the roots of the
foramina.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates, median_filter
from scipy.special import expit

from spinemsca.anatomy import COLUMN, NUMBER_OF_CLASSES

if TYPE_CHECKING:
    from spinemsca.case import LabelMap

__all__ = ["canal_share"]

_Floats = NDArray[np.float64]

# Samples from the centre of a body to that of the next disc: about 1.3 mm apart.
_STEPS: Final = 14
# Places across, in depths of a body from its posterior wall: into the marrow, and through the
# canal as far as `measure.signal` looks for fluid.
_MARROW: Final = np.arange(-0.6, -0.09, 0.05)
# Chosen with `_MARROW`, as is its finer step.
_BAND: Final = np.arange(0.1, 0.601, 0.025)
# How far a wall is looked for from a centre, in square roots of the largest structure's area: a
# body twice as deep as high has it at 0.7.
_REACH: Final = 1.0
# Log-odds of a canal behind a body: offset, weight of the logarithm of how unlike marrow the band
# is, softened by the next, and weight of how far it changes along the spine. Logistic regression on
# 2,529 levels of SPIDER and Sudirman, 113 of them beside the canal; patients weigh the same.
_OFFSET, _UNLIKE, _SOFT, _WANDER = 8.0, 3.7, 0.02, -5.6
# Keeps a band of one grey, and centres that coincide, from division by zero.
_TINY: Final = 1e-9


def canal_share(image: NDArray[Any], label: LabelMap) -> float:
    """The share of a slice's bodies behind which there is the canal, 0 to 1.

    Bodies count that have a neighbour above and below; where there is none it is 0.

    Args:
        image: `(H, W)`, any real dtype and range, row 0 at the head, column 0 anterior.
        label: `(H, W)` uint8, 0 to 11.
    """
    terms = _terms(image, label)
    if not len(terms):
        return 0.0
    odds = _OFFSET + _UNLIKE * np.log(terms[:, 0] + _SOFT) + _WANDER * terms[:, 1]
    return float(expit(odds).mean())


@dataclass(frozen=True, slots=True)
class _Curve:
    """Points down the spine through the centres of its structures.

    Attributes:
        places: `(T,)` place in the column, 0 at L1, 1 at D1, 2 at L2.
        points: `(T, 2)` rows and columns.
        backward: `(T, 2)` unit vectors to the patient's back.
        side: Square root of the largest structure's area, in pixels.
    """

    places: _Floats
    points: _Floats
    backward: _Floats
    side: float


def _terms(image: NDArray[Any], label: LabelMap) -> _Floats:
    """`(N, 2)` for each body: how unlike marrow the band is, and how far it changes along."""
    curve = _curve(label)
    if curve is None:
        return np.zeros((0, 2))
    wall, depth = _wall(label, curve)
    across = np.concatenate((_MARROW, _BAND)) * depth
    signal = _sampled(image, curve, wall[:, None] + across)
    low, high = np.percentile(signal, (5, 95))
    if not high > low:
        return np.zeros((0, 2))
    signal /= high - low
    first, last = curve.places[[0, -1]]
    # Bodies stand at even places; those at the ends have no neighbour on one side.
    bodies = [k for k in range(0, len(COLUMN) - 1, 2) if first <= k - 1 and k + 1 <= last]
    return np.array([_of_body(signal, curve.places - k) for k in bodies]).reshape(-1, 2)


def _of_body(signal: _Floats, place: _Floats) -> tuple[float, float]:
    marrow, band = np.split(signal, [len(_MARROW)], axis=1)
    # Pedicles rise from a body's upper half.
    pedicle = band[(place >= -0.75) & (place <= 0)].mean(axis=0)
    unlike = np.abs(pedicle - np.median(marrow[np.abs(place) < 0.6])).mean()
    around = band[np.abs(place) <= 1]
    return float(unlike), float(around.var(axis=0).mean() / max(around.var(), _TINY))


def _curve(label: LabelMap) -> _Curve | None:
    """The curve through at least three structures, or `None` where there are fewer."""
    # Every other pixel settles centres, in a quarter of the time.
    rows, columns = np.nonzero(label[::2, ::2])
    values = label[2 * rows, 2 * columns]
    areas, *sums = (
        np.bincount(values, weights, NUMBER_OF_CLASSES) for weights in (None, rows, columns)
    )
    ranks = [rank for rank, s in enumerate(COLUMN) if areas[s.value]]
    if len(ranks) < 3:
        return None
    at = [COLUMN[rank].value for rank in ranks]
    centres = 2 * np.stack([total[at] / areas[at] for total in sums], axis=1)
    return _through(np.array(ranks, dtype=float), centres, 2 * float(np.sqrt(areas.max())))


def _through(ranks: _Floats, centres: _Floats, side: float) -> _Curve:
    ways = np.gradient(centres, ranks, axis=0)
    ways[1:-1] = (ways[:-2] + 2 * ways[1:-1] + ways[2:]) / 4
    places = np.arange(ranks[0] * _STEPS, ranks[-1] * _STEPS + 1) / _STEPS
    points, way = (
        np.stack([np.interp(places, ranks, axis) for axis in knots.T], axis=1)
        for knots in (centres, ways)
    )
    way /= np.maximum(np.hypot(*way.T), _TINY)[:, None]
    return _Curve(places, points, np.stack((-way[:, 1], way[:, 0]), axis=1), side)


def _wall(label: LabelMap, curve: _Curve) -> tuple[_Floats, float]:
    """`(T,)` way from the curve to the posterior wall, and a body's depth, in pixels."""
    reach = np.arange(0, _REACH * curve.side)
    beyond = [
        np.column_stack((_labelled(label, curve, way * reach) == 0, np.ones(len(curve.places))))
        for way in (1, -1)
    ]
    back, front = (outside.argmax(axis=1).astype(float) for outside in beyond)
    # A median over a level forgets pedicles that are labelled, and gaps.
    return median_filter(back, 2 * _STEPS + 1, mode="nearest"), float(np.median(back + front))


def _labelled(label: LabelMap, curve: _Curve, way: _Floats) -> NDArray[np.uint8]:
    """`(T, D)` label values some way behind each point of a curve; 0 outside."""
    pixels = np.rint(_behind(curve, way)).astype(np.intp)
    inside = np.asarray(((pixels >= 0) & (pixels < label.shape)).all(axis=-1))
    rows, columns = np.where(inside[..., None], pixels, 0).T
    found: NDArray[np.uint8] = label[rows.T, columns.T] * inside
    return found


def _sampled(image: NDArray[Any], curve: _Curve, way: _Floats) -> _Floats:
    """`(T, D)` signal some way behind each point of a curve; the edge's outside."""
    rows, columns = np.moveaxis(_behind(curve, way), -1, 0)
    signal: _Floats = map_coordinates(
        image, (rows, columns), output=np.float64, order=1, mode="nearest"
    )
    return signal


def _behind(curve: _Curve, way: _Floats) -> _Floats:
    """`(T, D, 2)` rows and columns; `way` is `(D,)` or `(T, D)`, in pixels."""
    places: _Floats = curve.points[:, None] + way[..., None] * curve.backward[:, None]
    return places
