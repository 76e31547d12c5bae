"""Whether what was taken for the sacrum may be a lumbar vertebra, or one in between.

Every level is counted from S1. Where a whole disc lies below it, S1 may be an L6, a sacralised
L5, or a lumbarised S1 (Castellvi et al., *Spine* 1984, call such vertebrae transitional), and all
names may be off by one. That disc is looked for in what the network believes of the pixels below
S1, and in the picture itself: a remnant is a thin dark lens, a disc a dark band as wide as S1.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from spinemsca.anatomy import DISCS, VERTEBRAE, by_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinemsca.case import Image, LabelMap

__all__ = ["CUT", "BelowSacrum", "below_sacrum", "in_line", "is_cut", "transitional"]

CUT: Final = "What is named S1 is cut by the picture's edge; it may be another vertebra"
"""What is said where `is_cut`."""

# Label values, from `anatomy`: what may not be S1,
_S1: Final = by_name("S1").value
# what its directions are taken from,
_D5: Final = by_name("D5").value
# what the band's area is measured in,
_L5: Final = by_name("L5").value
# and what is looked for below it: discs, and vertebrae.
_KINDS: Final = tuple([s.value for s in kind] for kind in (DISCS, VERTEBRAE))
# How often the bounds below are exceeded where there is a whole disc below S1, and where there is
# none, is in docs/prediction.md.
# The highest probability of a disc is 0.016 or less in nineteen of twenty slices, above 0.15 in 2.
_DISC: Final = 0.15
# Nineteen in twenty have 0.02 or less: the outline's own blur.
_BONE: Final = 0.06
# The nine slices with a disc have 0.197 or more, 97 of 100 others less than 0.19.
_BAND: Final = 0.19
# A lumbar-like S1 tapers by no more (Wigh's squaring, as in Konin and Walz, AJNR 2010); half of the
# ordinary ones do.
_SQUARE: Final = 1.37
# Only 1 of 427 ordinary slices has more, a slip of L5; of real L5/S1 discs six in seven do.
_THICK: Final = 0.26
# Grey below which a pixel is no marrow, as a share of S1's median; endplates and remnants are. Of
# 0.6, 0.7 and 0.8 this parts the real L5/S1 disc from what lies below S1 best.
_DARK: Final = 0.7
# Of pixels; noise of single pixels is no band.
_SMOOTH: Final = 0.7
# How far below S1 a disc and the next vertebra begin, in heights of S1.
_REACH: Final = 0.8
# A few pixels that stick out are no part of a body's extent.
_TRIM: Final = 0.03
# Samples of the band from front to back; chosen, not measured.
_SAMPLES: Final = 19
# And from top to bottom; chosen, not measured.
_ROWS: Final = 48
# Parts of S1's height, each of which gives a wall a point; chosen, not measured.
_SECTIONS: Final = 9
# Fewer make no line.
_FEWEST_SECTIONS: Final = 3
# Rows of picture below S1, in rows of S1; 99 of 100 whole slices have 0.39 or more.
_ROOM: Final = 0.3
# Degrees. The sacrum turns by 20.5 or more in all of 442 slices of SPIDER and Sudirman; an L5 taken
# for it would by less in 54 % of them, an L4 in 91 %.
_IN_LINE: Final = 20.0


@dataclass(frozen=True, slots=True)
class BelowSacrum:
    """What lies below S1's lower border.

    Attributes:
        disc: The highest probability of a disc there, 0 to 1.
        bone: Pixels of vertebrae expected there, as a share of S1's.
        band: Area of the band within dark edges across S1's lower border, as a share of L5's.
        taper: Depth of S1's upper quarter, as a multiple of that of its lower one.
    """

    disc: float
    bone: float
    band: float
    taper: float


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """S1 in its own directions: `down` from its upper endplate, `back` along it."""

    centre: NDArray[np.float64]
    down: NDArray[np.float64]
    back: NDArray[np.float64]
    pixels: NDArray[np.float64]
    top: float
    bottom: float

    @property
    def height(self) -> float:
        return self.bottom - self.top


def transitional(below: BelowSacrum | None) -> str | None:
    """Why the sacrum may not be S1, in one sentence; `None` where nothing says so.

    Args:
        below: From `below_sacrum`.
    """
    if below is None:
        return None
    band = below.band > (_BAND if below.taper <= _SQUARE else _THICK)
    if below.disc <= _DISC and below.bone <= _BONE and not band:
        return None
    return (
        "A disc seems to lie below S1: a transitional vertebra is possible, "
        "and all levels may be off by one"
    )


def in_line(sacral_turn: float | None) -> str | None:
    """That S1 lies as a lumbar vertebra does, in one sentence; `None` where it does not.

    Args:
        sacral_turn: From `Levels`, degrees.
    """
    if sacral_turn is None or sacral_turn >= _IN_LINE:
        return None
    return (
        "What is named S1 hardly turns backwards, as the sacrum does; it may be a lumbar vertebra"
    )


def is_cut(pixels: Image, label: LabelMap) -> bool:
    """Whether the picture, or what it shows, ends in S1 or close below it.

    Args:
        pixels: `(H, W)`, head up.
        label: `(H, W)` uint8, 0 to 11, of the same slice.
    """
    extent = _extent(label)
    if extent is None:
        return False
    rows, columns = extent
    # A frame around a picture is of one grey.
    shown = np.flatnonzero(np.ptp(pixels[rows.stop :, columns], axis=1) > 0)
    room = int(shown[-1]) + 1 if len(shown) else 0
    return bool(room < _ROOM * (rows.stop - rows.start))


def below_sacrum(
    pixels: Image, label: LabelMap, probabilities: NDArray[np.float32]
) -> BelowSacrum | None:
    """Looks below S1 for a disc and another vertebra.

    Args:
        pixels: `(H, W)` float32 in [0, 1], windowed, head up and facing left.
        label: `(H, W)` uint8, 0 to 11, of the same slice, levels made consistent.
        probabilities: `(12, H, W)` of the network, sums of 1.

    Returns:
        `None` without S1, D5 or L5.
    """
    box = _around(label)
    if box is None:
        return None
    grey, near, believed = pixels[box], label[box], probabilities[:, box[0], box[1]]
    frame = _frame(near)
    if frame.height < 1:
        return None
    disc, bone = _believed(frame, near, believed)
    band = _band(frame, grey) / int((label == _L5).sum())
    return BelowSacrum(disc, bone, band, _taper(frame))


def _extent(label: LabelMap) -> tuple[slice, slice] | None:
    """Rows and columns of S1."""
    mask = label == _S1
    places = [np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0)]
    if not len(places[0]):
        return None
    rows, columns = (slice(int(side[0]), int(side[-1]) + 1) for side in places)
    return rows, columns


def _around(label: LabelMap) -> tuple[slice, slice] | None:
    """The part of a slice that holds S1 and what is near it."""
    extent = _extent(label)
    if extent is None:
        return None
    reach = max(side.stop - side.start for side in extent)
    sides = zip(extent, label.shape, strict=True)
    low, high = (slice(max(s.start - reach, 0), min(s.stop + reach, n)) for s, n in sides)
    near = label[low, high]
    return (low, high) if all((near == value).any() for value in (_D5, _L5)) else None


def _frame(label: LabelMap) -> _Frame:
    sacrum, disc = (np.argwhere(label == value).astype(float) for value in (_S1, _D5))
    centre, above = sacrum.mean(axis=0), disc.mean(axis=0)
    spread = np.einsum("ni,nj->ij", disc - above, disc - above)
    back = np.linalg.svd(spread)[0][:, 0]
    back = back if back[1] > 0 else -back
    down = np.array([back[1], -back[0]])
    down = down if down @ (centre - above) > 0 else -down
    top, bottom = np.quantile((sacrum - centre) @ down, (_TRIM, 1 - _TRIM))
    return _Frame(centre, down, back, sacrum - centre, float(top), float(bottom))


def _believed(
    frame: _Frame, label: LabelMap, probabilities: NDArray[np.float32]
) -> tuple[float, float]:
    """The highest probability of a disc below S1, and the share of S1's pixels that are bone."""
    rows, columns = (np.arange(n) - c for n, c in zip(label.shape, frame.centre, strict=True))
    along = rows[:, None] * frame.down[0] + columns * frame.down[1]
    aside = np.abs(rows[:, None] * frame.back[0] + columns * frame.back[1])
    low, high = frame.top + 0.6 * frame.height, frame.bottom + _REACH * frame.height
    depth = np.ptp(np.quantile(frame.pixels @ frame.back, (_TRIM, 1 - _TRIM)))
    below = (along > low) & (along < high) & (aside < _REACH * depth) & (label != _S1)
    if not below.any():
        return 0.0, 0.0
    there = probabilities[:, below]
    disc, bone = (there[kind].sum(axis=0) for kind in _KINDS)
    return float(disc.max()), float(bone.sum() / len(frame.pixels))


def _taper(frame: _Frame) -> float:
    along, aside = frame.pixels @ frame.down, frame.pixels @ frame.back
    quarter = frame.height / 4
    ends = (along < frame.top + quarter, along > frame.bottom - quarter)
    upper, lower = (float(np.ptp(np.quantile(aside[end], (_TRIM, 1 - _TRIM)))) for end in ends)
    return upper / max(lower, 1.0)


def _band(frame: _Frame, grey: Image) -> float:
    """Pixels within dark edges between S1's anterior and posterior wall, about its lower border."""
    rows = np.linspace(frame.top + 0.3 * frame.height, frame.bottom + 0.4 * frame.height, _ROWS)
    front, behind = _walls(frame, rows)
    width = np.clip(behind - front, 0, None)
    aside = front[:, None] + width[:, None] * np.linspace(0.05, 0.95, _SAMPLES)
    places = [
        frame.centre[i] + frame.down[i] * rows[:, None] + frame.back[i] * aside for i in (0, 1)
    ]
    smooth = ndimage.gaussian_filter(grey, _SMOOTH)
    seen = ndimage.map_coordinates(smooth, places, order=1, cval=np.nan)
    inside = seen[rows < frame.bottom - 0.2 * frame.height]
    if not np.isfinite(inside).any():
        return 0.0
    border = rows > frame.bottom - 0.25 * frame.height
    dark = seen[border] < _DARK * np.nanmedian(inside)
    # A healthy disc is bright between its dark endplates.
    between = np.maximum.accumulate(dark) & np.maximum.accumulate(dark[::-1])[::-1]
    return float((between.mean(axis=1) * width[border]).sum() * (rows[1] - rows[0]))


def _walls(
    frame: _Frame, rows: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where S1's anterior and posterior wall, made straight, lie at given heights."""
    along, aside = frame.pixels @ frame.down, frame.pixels @ frame.back
    edges = np.linspace(frame.top, frame.bottom, _SECTIONS + 1)[1:-1]
    parts = [aside[(along >= a) & (along < b)] for a, b in pairwise(edges)]
    middles = (edges[1:] + edges[:-1]) / 2
    sides = [(m, p.min(), p.max()) for m, p in zip(middles, parts, strict=True) if len(p)]
    if len(sides) < _FEWEST_SECTIONS:
        return rows * 0, rows * 0
    heights, front, behind = np.array(sides).T
    lines = (np.polyval(np.polyfit(heights, wall, 1), rows) for wall in (front, behind))
    first, second = (np.asarray(line, dtype=np.float64) for line in lines)
    return first, second
