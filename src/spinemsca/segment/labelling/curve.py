"""How a spine curves, by the centroids of its structures; column 0 is anterior."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from spinemsca.anatomy import COLUMN, VERTEBRAE, by_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from spinemsca.anatomy import Structure
    from spinemsca.segment.labelling.components import Component

__all__ = ["bend", "sacral_turn"]

# The lower end of the line, and what turns backwards below L5.
_SACRUM: Final = by_name("S1")
# With fewer a bend is hardly more than the error of their centroids.
_FEWEST_FOR_A_BEND: Final = 6


def bend(named: Mapping[Structure, Component]) -> float | None:
    """How far structures lie in front of the line from the uppermost one to the sacrum.

    Args:
        named: The body of each structure.

    Returns:
        The mean over their centroids, as a share of the line's length; `None` without the
        sacrum, or with fewer than six structures.
    """
    if _SACRUM not in named or len(named) < _FEWEST_FOR_A_BEND:
        return None
    centres = np.array([named[s].centre for s in COLUMN if s in named])
    ways = centres - centres[0]
    (rows, columns), line = ways.T, ways[-1]
    ahead = (rows * line[1] - columns * line[0]) / float(line @ line)
    return float(ahead.mean())


def sacral_turn(named: Mapping[Structure, Component]) -> float | None:
    """By how much the way from L5 to the sacrum turns backwards from that of L1 to L4.

    Args:
        named: The body of each structure.

    Returns:
        Degrees, positive where the sacrum lies behind the column's line; `None` without the
        sacrum, L5 or two of the vertebrae above.
    """
    upper = [named[v].centre for v in VERTEBRAE[:-2] if v in named]
    lowest = named.get(VERTEBRAE[-2])
    if _SACRUM not in named or lowest is None or not upper[1:]:
        return None
    turn = _angle(named[_SACRUM].centre - lowest.centre) - _angle(upper[-1] - upper[0])
    return float((turn + 180) % 360 - 180)


def _angle(way: NDArray[np.float64]) -> float:
    """Degrees from straight down, positive backwards."""
    return float(np.degrees(np.arctan2(way[1], way[0])))
