"""The landmarks of bodies and discs: four corners and the middle of each side.

A corner is the point of the smoothed outline that lies farthest along the diagonal, moved by
what smoothing took from it towards where the two sides meet; each side is
a parabola fitted robustly to the outline between corners. So rounded corners stay on the bone,
sharp ones are found to a fraction of a pixel, and a spur (osteophyte) that sticks out of both
sides is cut back to them. Every landmark comes as the best estimate followed by draws from its
uncertainty, so that whatever is computed from landmarks carries its own.

All outlines of a spine are handled at once: arrays start with the number of structures `B`,
and outlines are padded to the same number of points `N`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from spinemsca.measure.contour import Points

__all__ = ["DRAWS", "SIDES", "SIGMAS", "Landmarks", "Outlines", "locate"]

DRAWS: Final = 96
"""Draws from the landmarks' uncertainty, besides the best estimate."""

SIDES: Final = ("superior endplate", "posterior wall", "inferior endplate", "anterior wall")
"""Sides in order; side i runs from corner i to corner i + 1."""

# Share of a side, either way from its middle, that is fitted; corners are left out; chosen.
_INNER: Final = 0.42
# Half the share of a side that its middle's place is taken over; chosen, not measured.
_MIDDLE: Final = 0.12
# Of Tukey's biweight, in standard deviations: 95 % efficient where errors are normal.
_TUKEY: Final = 4.685
# Least and most smoothing along an outline, in pixels.
SIGMAS: Final = (1.5, 2.0)
# A parabola has three unknowns, and its error needs one point more.
_FEWEST: Final = 4
# Share of a side on the image's edge above which it is not seen; chosen, not measured.
_MOST_CUT: Final = 0.1
# A Gaussian of sigma pixels takes 0.4 sigma from each side of a right angle.
_TAKEN: Final = 0.4 * 2**0.5
# Share of the shorter side by which a spur is cut back at most; chosen, not measured.
_MOST_SPUR: Final = 0.15
# What the first smoothing took from a corner, over what smoothing once more takes: 1 at a round
# one and 2.4 at a sharp one, told apart where outlines are long enough to be smoothed most.
_REGAIN: Final = 1.7
# Half of the way from the one, 1, to the other, 2.4.
_REGAIN_SPREAD: Final = 0.7
_LEAST_SIGMA, _MOST_SIGMA = SIGMAS
# How far sides meet outside of a round corner and of a sharp one, in what smoothing takes from a
# right angle; best on phantoms, of which some have sharp bodies and some rounded ones.
_MEETING: Final = (2.7, 1.5)
# Share of the raggedness by which corners may move out farther; set with phantoms of known corners.
_TRUST: Final = 0.4
# Neighbouring points of a pixel outline err together; this many share one independent error.
_CORRELATED: Final = 3.0
# Standard deviations along each axis that a corner's error has on phantoms: shares of a pixel, of
# the outline's raggedness, and of how far beyond the bone its sides meet.
_GRID_SHARE: Final = 0.3
# Fitted to phantoms like `_GRID_SHARE`: of the raggedness.
_RAGGED_SHARE: Final = 1.5
# Fitted to phantoms like `_GRID_SHARE`: of how far sides meet beyond the bone.
_ROUND_SHARE: Final = 0.18
# Far below every length and weight: keeps divisions finite.
_TINY: Final = 1e-9
_Floats = NDArray[np.float64]
_Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Outlines:
    """Outlines of several structures, padded to one length.

    Attributes:
        raw: `(B, N, 2)` points midway between mask and background, in order.
        smooth: `(B, N, 2)` the same, smoothed along the outline.
        smoother: `(B, N, 2)` smoothed once more, which tells what smoothing takes.
        ragged: `(B,)` scatter of the outline about its smoothed self, beyond an even one's.
        used: `(B, N)` which are no padding.
        cut: `(B, N)` which lie on the image's edge.
        centre: `(B, 2)` centroids.
        down: `(B, 2)` unit vectors towards the feet, within some 35° of the truth.
        back: `(B, 2)` unit vectors towards the patient's back.
        pixel: `(2,)` height and width of a pixel, in the unit of the points.
        sigma: Of the smoothing, in pixels.
    """

    raw: Points
    smooth: Points
    smoother: Points
    ragged: _Floats
    used: _Flags
    cut: _Flags
    centre: Points
    down: Points
    back: Points
    pixel: Points
    sigma: float


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Corners and side middles, `K = 1 + DRAWS` times: the best estimate, then its draws.

    Attributes:
        corners: `(B, K, 4, 2)`: superior anterior, superior posterior, inferior posterior,
            inferior anterior. NaN where a side that forms the corner is cut off.
        middles: `(B, K, 4, 2)`: of each of `SIDES`.
        residual: `(B, 4)` root mean square distance of the outline from each fitted side.
        valid: `(B, 4)` whether each side was seen in full.
    """

    corners: Points
    middles: Points
    residual: _Floats
    valid: _Flags

    def of(self, index: int) -> Landmarks:
        """Landmarks of one structure, without the first axis."""
        return Landmarks(
            self.corners[index], self.middles[index], self.residual[index], self.valid[index]
        )


def locate(outlines: Outlines, seed: int = 0) -> Landmarks:
    """Finds the landmarks of all outlines.

    Args:
        outlines: At least one.
        seed: Of the draws.
    """
    corners = _box(outlines)
    for _ in range(3):
        corners = _meet(corners, _fit(outlines, corners, 1, 1).coefficients, 0.35)
    extreme, taken = _extremes(outlines, corners)
    sides = _fit(outlines, extreme, 2, 5)
    valid = _seen(sides, outlines.cut)
    meeting = _meet(extreme, sides.coefficients, 0.35)
    corners = _combine(extreme, meeting, taken, outlines)
    shifts = _draw_shifts(sides, corners, outlines.pixel, seed)
    moved = corners[:, None] + _corner_draws(extreme, meeting, outlines, seed)
    formed = valid & np.roll(valid, 1, axis=1)
    middles = _middles(outlines, corners, shifts)
    return Landmarks(
        corners=np.where(formed[:, None, :, None], moved, np.nan),
        middles=np.where(valid[:, None, :, None], middles, np.nan),
        residual=sides.residual,
        valid=valid,
    )


def _box(outlines: Outlines) -> Points:
    """`(B, 4, 2)` corners of the rectangle along the first guess of the axes."""
    relative = outlines.raw - outlines.centre[:, None]
    spans = []
    for axis in (outlines.back, outlines.down):
        along = np.where(outlines.used, np.einsum("bnk,bk->bn", relative, axis), 0.0)
        spans.append((along.min(axis=1), along.max(axis=1)))
    (left, right), (top, bottom) = spans
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return np.stack(
        [outlines.centre + a[:, None] * outlines.back + d[:, None] * outlines.down
         for a, d in corners], axis=1,
    )  # fmt: skip


def _squared(points: Points, corners: Points) -> Points:
    """Points in the skewed axes in which the quadrilateral is a square with corner (0, -1)."""
    middle = corners.mean(axis=1, keepdims=True)
    spokes = corners - middle
    first, second = (spokes[:, 1] - spokes[:, 3]) / 2, (spokes[:, 2] - spokes[:, 0]) / 2
    relative = points - middle
    determinant = _cross(first, second)[:, None]
    determinant = np.where(np.abs(determinant) < _TINY, _TINY, determinant)
    x = _cross(relative, second[:, None]) / determinant
    y = _cross(first[:, None], relative) / determinant
    return np.stack((x, y), axis=-1)


def _cross(a: Points, b: Points) -> _Floats:
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])


def _extremes(outlines: Outlines, corners: Points) -> tuple[Points, _Floats]:
    """`(B, 4, 2)` the smoothed outline's farthest points along the four diagonals.

    Also `(B, 4)` how far smoothing once more moves them.
    """
    place = np.where(outlines.used[..., None], _squared(outlines.smooth, corners), 0.0)
    x, y = place[..., 0], place[..., 1]
    index = np.stack([(-y).argmax(1), x.argmax(1), y.argmax(1), (-x).argmax(1)], axis=1)
    once = np.take_along_axis(outlines.smooth, index[..., None], axis=1)
    twice = np.take_along_axis(outlines.smoother, index[..., None], axis=1)
    return once, np.sqrt(((once - twice) ** 2).sum(axis=-1))


def _chords(corners: Points) -> tuple[Points, Points, _Floats]:
    """Unit vectors along the sides, their left-hand normals, and the sides' lengths."""
    chord = np.roll(corners, -1, axis=1) - corners
    length = np.maximum(np.sqrt((chord**2).sum(axis=-1)), _TINY)
    unit = chord / length[..., None]
    return unit, np.stack((-unit[..., 1], unit[..., 0]), axis=-1), length


def _along(points: Points, corners: Points) -> tuple[_Floats, _Floats]:
    """`(B, 4, N)` place along each chord, -0.5 to 0.5, and signed distance from it."""
    unit, normal, length = _chords(corners)
    relative = points[:, None] - corners[:, :, None]
    t = (relative @ unit[..., None])[..., 0] / length[..., None] - 0.5
    return t, (relative @ normal[..., None])[..., 0]


@dataclass(frozen=True, slots=True)
class _Sides:
    """Parabolas h = c0 + c1 t + c2 t² beside each chord.

    `t`, `h` and `weights` are `(B, 4, N)`; the weights of other sides' points are 0.
    """

    t: _Floats
    h: _Floats
    weights: _Floats
    coefficients: _Floats
    scatter: _Floats

    @property
    def residual(self) -> _Floats:
        """`(B, 4)` weighted root mean square distance of points from their side."""
        gap = self.h - _parabola(self.coefficients, self.t)
        total = np.maximum(self.weights.sum(axis=-1), _TINY)
        return np.asarray(np.sqrt((self.weights * gap**2).sum(axis=-1) / total))


def _parabola(coefficients: _Floats, t: _Floats) -> _Floats:
    c0, c1, c2 = np.moveaxis(coefficients[..., None], -2, 0)
    return np.asarray(c0 + t * (c1 + t * c2))


def _fit(outlines: Outlines, corners: Points, degree: int, rounds: int) -> _Sides:
    """Fits each side to its share of the outline, by Tukey's biweight where `rounds` > 1."""
    t, h = _along(outlines.raw, corners)
    x, y = np.moveaxis(_squared(outlines.raw, corners), -1, 0)
    sector = (np.arctan2(y, x) // (np.pi / 2) + 1).astype(np.intp) % 4
    own = (sector[:, None] == np.arange(4)[:, None]) & (np.abs(t) < _INNER)
    own &= outlines.used[:, None]
    weights = own.astype(np.float64)
    coefficients, scatter = _weighted(t, h, weights, degree)
    for _ in range(rounds - 1):
        weights = _biweight(h - _parabola(coefficients, t), own, outlines.pixel)
        coefficients, scatter = _weighted(t, h, weights, degree)
    return _Sides(t, h, weights, coefficients, scatter)


def _weighted(t: _Floats, h: _Floats, weights: _Floats, degree: int) -> tuple[_Floats, _Floats]:
    """`(B, 4, 3)` least-squares coefficients and `(B, 4, 3, 3)` inverse normal matrices."""
    powers = [weights]
    for _ in range(4):
        powers.append(powers[-1] * t)
    sums = np.stack([p.sum(axis=-1) for p in powers], axis=-1)
    normal = sums[..., np.add.outer(np.arange(3), np.arange(3))]
    normal = normal + np.diag([_TINY, _TINY, _TINY if degree == 2 else 1e12])
    right = np.stack([(p * h).sum(axis=-1) for p in powers[:3]], axis=-1)
    scatter = np.linalg.inv(normal)
    return (scatter @ right[..., None])[..., 0], scatter


def _biweight(gap: _Floats, own: _Flags, pixel: Points) -> _Floats:
    count = own.sum(axis=-1)
    ordered = np.sort(np.where(own, np.abs(gap), np.inf), axis=-1)
    median = np.take_along_axis(ordered, (count // 2)[..., None].clip(max=gap.shape[-1] - 1), -1)
    spread = np.where(count[..., None] > 0, median, 0.0)
    scale = _TUKEY * np.maximum(1.4826 * spread, 0.35 * pixel.mean())
    return np.asarray(np.where(own, np.clip(1 - (gap / scale) ** 2, 0, None) ** 2, 0.0))


def _meet(corners: Points, coefficients: _Floats, most: float) -> Points:
    """Where neighbouring sides meet: three Newton steps, no farther than `most` of a side."""
    unit, normal, length = _chords(corners)
    before = np.roll(np.arange(4), 1)
    limit = most * np.minimum(length, length[:, before])
    moved = corners
    for _ in range(3):
        here = _residual_at(moved, corners, coefficients, np.arange(4), (unit, normal, length))
        back = _residual_at(moved, corners, coefficients, before, (unit, normal, length))
        shift = moved - _solve(back, here) - corners
        far = np.sqrt((shift**2).sum(axis=-1)) / np.maximum(limit, _TINY)
        moved = corners + shift / np.maximum(far, 1)[..., None]
    return moved


def _residual_at(
    places: Points,
    corners: Points,
    coefficients: _Floats,
    side: NDArray[np.intp],
    chords: tuple[Points, Points, _Floats],
) -> tuple[_Floats, Points]:
    """Distance of place i from side `side[i]`, and its gradient."""
    unit, normal, length = (part[:, side] for part in chords)
    c0, c1, c2 = np.moveaxis(coefficients[:, side], -1, 0)
    relative = places - corners[:, side]
    t = (relative * unit).sum(axis=-1) / length - 0.5
    gap = (relative * normal).sum(axis=-1) - (c0 + t * (c1 + t * c2))
    return gap, normal - ((c1 + 2 * c2 * t) / length)[..., None] * unit


def _solve(first: tuple[_Floats, Points], second: tuple[_Floats, Points]) -> Points:
    """`(…, 2)` x with a · x = g for both (g, a); 0 where the two are parallel."""
    (g, a), (f, b) = first, second
    determinant = _cross(a, b)
    safe = np.where(np.abs(determinant) < 0.05, np.inf, determinant)
    row = (g * b[..., 1] - f * a[..., 1]) / safe
    column = (a[..., 0] * f - b[..., 0] * g) / safe
    return np.stack((row, column), axis=-1)


def _combine(extreme: Points, meeting: Points, taken: _Floats, outlines: Outlines) -> Points:
    """Corners on the outline, sharpened outwards a little, cut back inwards from a spur.

    The more ragged the two sides, the less the outline's own corner says, and the more is left
    to where they meet.
    """
    outward = extreme - extreme.mean(axis=1, keepdims=True)
    shift = meeting - extreme
    far = np.sqrt((shift**2).sum(axis=-1))
    length = _chords(extreme)[2]
    spur = _MOST_SPUR * np.minimum(length, np.roll(length, 1, axis=1))
    pixel = outlines.pixel.mean()
    right = _TAKEN * outlines.sigma * pixel
    told = (outlines.sigma - _LEAST_SIGMA) / (_MOST_SIGMA - _LEAST_SIGMA)
    sharpness = np.interp(-far / right, np.negative(_MEETING), (-1.0, 1.0))
    regain = _REGAIN + told * _REGAIN_SPREAD * sharpness
    sharp = np.minimum(regain * taken, right)
    sharp = sharp + _TRUST * outlines.ragged[:, None]
    most = np.where((shift * outward).sum(axis=-1) < 0, spur, sharp)
    longest = np.maximum(np.maximum(most, far), _TINY)
    return np.asarray(extreme + shift * (most / longest)[..., None])


def _seen(sides: _Sides, cut: _Flags) -> _Flags:
    """`(B, 4)` which sides have enough outline that is not the image's edge."""
    used = sides.weights > 0
    on_edge = (used & cut[:, None]).sum(axis=-1)
    count = used.sum(axis=-1)
    return np.asarray((count >= _FEWEST) & (on_edge <= _MOST_CUT * count))


def _draw_shifts(sides: _Sides, corners: Points, pixel: Points, seed: int) -> _Floats:
    """`(B, K, 4, 3)` shifts of each side, along its normal, at its start, middle and end.

    The first is 0. Two errors add: that of the fit, from the outline's scatter, and that of
    the pixel grid, which is common to a whole side that runs along the grid and averages out
    over one that crosses it.
    """
    total = sides.weights.sum(axis=-1)
    variance = _CORRELATED * sides.residual**2 * total / np.maximum(total - 3, 1)
    covariance = variance[..., None, None] * sides.scatter
    root = np.linalg.cholesky(covariance + _TINY * np.eye(3))
    rng = np.random.default_rng(seed)
    count = (DRAWS, *total.shape)
    draws = np.einsum("bskl,dbsl->bdsk", root, rng.standard_normal((*count, 3)))
    ends = np.array([-0.5, 0.0, 0.5])
    shifts = draws @ np.stack((np.ones(3), ends, ends**2))
    grid = np.moveaxis(rng.uniform(-0.5, 0.5, count) * _grid_error(corners, pixel), 0, 1)
    return np.concatenate((np.zeros((len(total), 1, 4, 3)), shifts + grid[..., None]), axis=1)


def _grid_error(corners: Points, pixel: Points) -> _Floats:
    """`(B, 4)` width of the uniform error that the pixel grid leaves in each side's place."""
    chord = np.abs(np.roll(corners, -1, axis=1) - corners) / pixel
    across = np.where(chord[..., 0] < chord[..., 1], pixel[0], pixel[1])
    return np.asarray(across / np.sqrt(1 + chord.min(axis=-1) ** 2))


def _corner_draws(extreme: Points, meeting: Points, outlines: Outlines, seed: int) -> Points:
    """`(B, K, 4, 2)` errors of corners, alike in all directions; the first is 0.

    The pixel grid, the outline's raggedness, and the corner's roundness (how far the sides meet
    beyond the bone) each add a part, whose sizes were fitted to phantoms of known corners.
    """
    length = _chords(extreme)[2]
    far = np.sqrt(((meeting - extreme) ** 2).sum(axis=-1))
    far = np.minimum(far, 0.2 * np.minimum(length, np.roll(length, 1, axis=1)))
    grid, ragged = _GRID_SHARE * outlines.pixel.mean(), _RAGGED_SHARE * outlines.ragged[:, None]
    spread = np.sqrt(grid**2 + ragged**2 + (_ROUND_SHARE * far) ** 2)
    draws = np.random.default_rng(seed + 1).standard_normal((len(extreme), 1 + DRAWS, 4, 2))
    draws[:, 0] = 0
    return np.asarray(draws * spread[:, None, :, None])


def _middles(outlines: Outlines, corners: Points, shifts: _Floats) -> Points:
    """`(B, K, 4, 2)` where the outline crosses the middle of each side."""
    t, h = _along(outlines.raw, corners)
    x, y = np.moveaxis(_squared(outlines.raw, corners), -1, 0)
    sector = (np.arctan2(y, x) // (np.pi / 2) + 1).astype(np.intp) % 4
    near = (sector[:, None] == np.arange(4)[:, None]) & outlines.used[:, None]
    weights = np.where(near, np.clip(1 - np.abs(t) / (2 * _MIDDLE), 0, None), 0.0)
    height = (weights * h).sum(axis=-1) / np.maximum(weights.sum(axis=-1), _TINY)
    middle = (corners + np.roll(corners, -1, axis=1)) / 2
    place = height[:, None] + shifts[..., 1]
    return np.asarray(middle[:, None] + place[..., None] * _chords(corners)[1][:, None])
