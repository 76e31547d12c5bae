"""A sacrum labelled as a whole, cut to its first segment.

SPINEPS and TotalSpineSeg draw the sacrum in one piece. Its long, bent outline would draw the
corners of S1's endplate away, so that what lies more than a body's height below is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from spinemsca.anatomy import by_name
from spinemsca.measure.outlined_structure import is_sacral
from spinemsca.measure.parts import extent, find_again, frames_of

if TYPE_CHECKING:
    from spinemsca.case import LabelMap
    from spinemsca.measure.contour import Points
    from spinemsca.measure.parts import Parts

__all__ = ["trim_sacrum"]

# By anatomy the first segment, which a sacrum is cut to.
_S1: Final = by_name("S1")
# Extent of S1 over that of the other bodies: median 1.15 of 645 that `predict` drew, 99.8 % below
# 1.76; a whole sacrum has 2.5 and more.
_KEPT: Final = 1.15
# 99.8 % of those measured above are shorter.
_LONG: Final = 1.76
# Flag of a sacrum that was cut.
_SAID: Final = "S1 was labelled as a whole sacrum, and cut to the height of a body"


def trim_sacrum(label: LabelMap, parts: Parts, pixel: Points) -> tuple[LabelMap, Parts]:
    """A label map whose sacrum is no longer than a body, and its parts.

    Args:
        label: `(H, W)`, upright; never changed.
        parts: Its parts.
        pixel: `(2,)` height and width of a pixel.

    Returns:
        Both as they were where the sacrum is no longer.
    """
    bodies = [s for s in parts.found if not s.is_disc and not is_sacral(s)]
    if _S1 not in parts.found or not bodies:
        return label, parts
    heights = [extent(parts.found[s], parts.frame(s)[1], pixel) for s in bodies]
    usual, part = float(np.median(heights)), parts.found[_S1]
    if extent(part, parts.frame(_S1)[1], pixel) <= _LONG * usual:
        return label, parts
    centres, places = dict(parts.centres), np.argwhere(part.mask)
    kept = np.ones(len(places), dtype=np.bool_)
    # Once more, with the axis towards what was kept instead of towards the whole sacrum's middle.
    for _ in range(2):
        depth = (places * pixel) @ frames_of(centres)[_S1][1]
        kept = depth - depth.min() < _KEPT * usual
        centres[_S1] = (places[kept].mean(axis=0) + part.corner) * pixel
    label = label.copy()
    rows, columns = (places[~kept] + part.corner).T
    label[rows, columns] = 0
    trimmed = find_again(label, parts, pixel)
    trimmed.flags[_S1] = _SAID
    return label, trimmed
