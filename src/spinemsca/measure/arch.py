"""Vertebral bodies joined to their posterior elements, and where to cut these off.

Maps of whole vertebrae, such as SPIDER's and SPINEPS's, join a body to its arch wherever a slice
runs through a pedicle. Seen from the front backwards, such a body keeps its height up to the
posterior wall and drops to the pedicle's there. Only what is much deeper than the spine's discs
and bodies is looked at, so that bodies without an arch stay as they are, to the pixel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from spinemsca.anatomy import Structure
from spinemsca.measure.outlined_structure import is_sacral
from spinemsca.measure.parts import Parts, extent, find_again, frames_of

if TYPE_CHECKING:
    from spinemsca.case import LabelMap
    from spinemsca.measure.contour import Points
    from spinemsca.measure.parts import StructureMask

__all__ = ["cut_arches"]

# Depth over the spine's usual one beyond which an arch is looked for, and beyond which a body
# without a clear end is refused: 99 % of 3220 bodies that `predict` drew lie below 1.22, 99.8 %
# below 1.38; bodies in SPIDER's masks with a pedicle lie at 1.25 to 2.5.
_DEEP: Final = (1.22, 1.38)
# Depth of an arch in usual depths; less is a ragged wall.
_ARCH: Final = 0.2
# The same above the shallower quarter, at which a closer look is taken: cheap, and often vain.
_NEAR: Final = 1.22
# Depth times itself over area, 1.0 to 1.9 in predicted bodies, above which a look is taken, too.
_SLENDER: Final = 2.2
# Shares of the depth in front where a body's height is taken, and of the height below which it
# ends; a pedicle has 0.4 to 0.7 of a body's height in SPIDER's masks.
_FRONT: Final = (0.05, 0.33)
# The greatest of a pedicle's shares above.
_ENDS: Final = 0.7
# Where a posterior wall is looked for, in usual depths from the anterior end.
_WALL: Final = (0.75, 1.35)
# Turns of the wall against the body's first axes that are tried, in degrees.
_TURNS: Final = np.arange(-20.0, 21.0, 4.0)
# Width in usual depths before and behind a wall over which heights are compared.
_WINDOW: Final = 0.12
# Drop at the whole part's end, seen from any turn, that shows it to be a body's wall, unless the
# part is too deep for one.
_CLEAN: Final = 0.6
# Share of the steepest drop that the first one must have.
_FIRST: Final = 0.6
# Least drop at the wall in body heights; less is no clear end of the body.
_DROP: Final = 0.22

# Flag where it was done, with the name.
_CUT: Final = "posterior elements of {} were cut off"
# Flag where it was not to be done, with name and depth.
_JOINED: Final = "{} is {:.1f} times as deep as the spine; posterior elements may be joined to it"

_Floats = NDArray[np.float64]
_Mask = NDArray[np.bool_]


def cut_arches(label: LabelMap, parts: Parts, pixel: Points) -> tuple[LabelMap, Parts]:
    """A label map without posterior elements that were joined to bodies, and its parts.

    Args:
        label: `(H, W)`, upright; never changed.
        parts: Its parts.
        pixel: `(2,)` height and width of a pixel.

    Returns:
        Both as they were where no body is too deep. A body whose end is not clear is no longer
        among the parts.
    """
    if not _suspect(parts, pixel):
        return label, parts
    usual, deep = _deep(parts, pixel)
    centres, behind = dict(parts.centres), dict[Structure, _Mask | None]()
    # Once more, with axes from centres that no arch draws backwards.
    for _ in range(2):
        for structure in deep:
            part = parts.found[structure]
            found = _behind(part, frames_of(centres)[structure][2], pixel, usual)
            behind[structure] = found
            if found is not None:
                rows, columns = np.nonzero(part.mask & ~found)
                centres[structure] = (np.array((rows.mean(), columns.mean())) + part.corner) * pixel
    if all(mask is None and deep[s] < _DEEP[1] * usual for s, mask in behind.items()):
        return label, parts
    return _without(label, parts, behind, {s: d / usual for s, d in deep.items()}, pixel)


def _suspect(parts: Parts, pixel: Points) -> bool:
    """Whether a body may be too deep, at little cost."""
    depths = {s: extent(p, parts.frame(s)[2], pixel) for s, p in _free(parts)}
    if not depths:
        return False
    usual = float(np.partition(list(depths.values()), len(depths) // 4)[len(depths) // 4])
    areas = {s: p.size * float(pixel.prod()) for s, p in _free(parts)}
    return any(
        depth > _NEAR * usual or depth**2 > _SLENDER * areas[s]
        for s, depth in depths.items()
        if not s.is_disc
    )


def _free(parts: Parts) -> list[tuple[Structure, StructureMask]]:
    return [(s, p) for s, p in parts.found.items() if not is_sacral(s)]


def _deep(parts: Parts, pixel: Points) -> tuple[float, dict[Structure, float]]:
    """The spine's usual depth, and the depths of bodies far beyond it."""
    found = {s: _profile(p, parts.frame(s)[2], pixel) for s, p in _free(parts)}
    step = float(pixel.max())
    depths = {s: len(heights) * step for s, (_, heights) in found.items()}
    ends = [depths[s] if s.is_disc else _end(h) * step for s, (_, h) in found.items()]
    usual = float(np.median(ends))
    return usual, {s: d for s, d in depths.items() if not s.is_disc and d > _DEEP[0] * usual}


def _profile(part: StructureMask, back: Points, pixel: Points) -> tuple[_Floats, _Floats]:
    """Depth of each pixel from the anterior end, and the part's height along it."""
    step = float(pixel.max())
    depth = (np.argwhere(part.mask) * pixel) @ back
    depth -= depth.min()
    counts = np.bincount((depth / step).astype(np.intp))
    return depth, np.asarray(counts * (float(pixel.prod()) / step), dtype=np.float64)


def _end(heights: _Floats) -> int:
    """Where a body's height first falls off, in steps from its anterior end."""
    first, last = (int(share * len(heights)) for share in _FRONT)
    height = float(np.median(heights[first : last + 1]))
    low = np.flatnonzero(heights[last + 1 :] < _ENDS * height)
    return last + 1 + int(low[0]) if len(low) else len(heights)


def _behind(part: StructureMask, back: Points, pixel: Points, usual: float) -> _Mask | None:
    """What of a part lies behind its posterior wall, `None` where no wall is to be seen."""
    best, found = _DROP, None
    for turn in np.radians(_TURNS):
        along = np.array([back[0] * np.cos(turn) + back[1] * np.sin(turn),
                          back[1] * np.cos(turn) - back[0] * np.sin(turn)])  # fmt: skip
        depth, heights = _profile(part, along, pixel)
        steps = usual / float(pixel.max())
        drop, place = _steepest(heights, steps)
        if len(heights) - place <= _ARCH * steps:
            if drop > _CLEAN and len(heights) < _DEEP[1] * steps:
                return None
        elif drop > best:
            best, found = drop, depth >= place * float(pixel.max())
    if found is None:
        return None
    mask = np.zeros_like(part.mask)
    mask[part.mask] = found
    return mask


def _steepest(heights: _Floats, usual: float) -> tuple[float, int]:
    """The greatest drop of height near the usual depth, in body heights, and where it is."""
    window = max(int(_WINDOW * usual), 1)
    first, last = (int(share * usual) for share in _WALL)
    height = float(np.median(heights[int(0.1 * usual) : first]))
    total = np.concatenate(([0.0], np.cumsum(heights), np.full(window, heights.sum())))
    places = np.arange(max(first, window), min(last, len(heights)))
    if not len(places):
        return 0.0, 0
    before = total[places] - total[places - window]
    after = total[places + window] - total[places]
    drops = (before - after) / (window * max(height, 1e-9))
    # Behind the pedicle joints are as high as a body, and end as steeply: the first end counts.
    first = int((drops >= _FIRST * drops.max()).argmax())
    place = first + int(drops[first : first + window].argmax())
    return float(drops[place]), int(places[place])


def _without(
    label: LabelMap,
    parts: Parts,
    behind: dict[Structure, _Mask | None],
    times: dict[Structure, float],
    pixel: Points,
) -> tuple[LabelMap, Parts]:
    """The label map without what lies behind, and its parts without bodies of no clear end."""
    label = label.copy()
    for structure, mask in behind.items():
        if mask is not None:
            (top, left), (height, width) = parts.found[structure].corner, mask.shape
            label[top : top + height, left : left + width][mask] = 0
    left_over = find_again(label, parts, pixel)
    for structure, mask in behind.items():
        if structure not in left_over.found:
            continue
        if mask is None and times[structure] < _DEEP[1]:
            continue
        if mask is None:
            left_over.absent[structure] = _JOINED.format(structure, times[structure])
            del left_over.found[structure], left_over.centres[structure]
            continue
        said = left_over.flags.get(structure)
        cut = _CUT.format(structure)
        left_over.flags[structure] = cut if said is None else f"{cut}; {said}"
    return label, left_over
