"""One vertebral body or disc, as measures see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spinemsca.anatomy import Structure, by_any_name

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from spinemsca.measure.contour import Points
    from spinemsca.measure.landmarks import Landmarks

__all__ = ["NotGivenError", "OutlinedStructure", "is_sacral"]

# By anatomy: segments of the sacrum that have names here.
_SACRAL: Final = (by_any_name("S1"), by_any_name("S2"))


class NotGivenError(Exception):
    """A measure cannot be given; its text is the reason that tables print."""


@dataclass(frozen=True, slots=True)
class OutlinedStructure:
    """A structure that can be measured.

    Attributes:
        structure: Which.
        landmarks: Corners and side middles, with draws.
        outline: `(N, 2)` smoothed outline.
        area: `(K,)` best estimate and draws.
        centre: `(2,)` centroid.
    """

    structure: Structure
    landmarks: Landmarks
    outline: Points
    area: NDArray[np.float64]
    centre: Points

    def corner(self, index: int) -> Points:
        """`(K, 2)` corner 0 to 3, clockwise from superior anterior."""
        return self.landmarks.corners[:, index]

    def middle(self, index: int) -> Points:
        """`(K, 2)` middle of side 0 to 3: superior, posterior, inferior, anterior."""
        return self.landmarks.middles[:, index]


def is_sacral(structure: Structure | None) -> bool:
    """Whether this is a segment of the sacrum, whose lower end is no endplate."""
    return structure in _SACRAL
