"""Pictures that lie wrong, as files without a header may.

Where a picture's spine is not plain as it lies, it is looked at the other ways, too: flipped,
turned by 180°, and mirrored from left to right. A mirror image can look plain; it is told by the
lumbar curve, which bends forwards: by 0.019 of its length or more, on average, in front of the
line from L1 to the sacrum in all of 580 slices that show one (184 of SPIDER as predicted, 96 of
Sudirman as outlined, 300 phantoms). On SPIDER's and Sudirman's slices of training and validation
patients this recognises 98 % of those mirrored, 98 % of those flipped and 93 % of those turned,
and changes none that lie right; the bounds were chosen there, and on pictures of other things.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import numpy as np

from spinemsca.anatomy import Kind
from spinemsca.io.orientation import HOUSE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from spinemsca.anatomy import Structure
    from spinemsca.segment.confidence import Evidence

__all__ = ["OTHER_VIEWS", "View", "bends_backwards", "is_plain", "lies_so", "worth"]

_Value = TypeVar("_Value", bound=np.generic)

_FEWEST_STRUCTURES: Final = 3
_FEWEST_VERTEBRAE: Final = 2


class View(Enum):
    """A way in which a picture may lie; the value says which axes are to be reversed."""

    AS_IT_LIES = ()
    UPSIDE_DOWN = (0,)
    TURNED = (0, 1)
    MIRRORED = (1,)

    def of(self, plane: NDArray[_Value]) -> NDArray[_Value]:
        """The view of an `(H, W)` plane; the view of the view is the plane itself."""
        return np.ascontiguousarray(np.flip(plane, self.value))

    @property
    def orientation(self) -> str:
        """Axis codes of a picture that lies so."""
        return HOUSE.reversed_along(self.value).slice_codes

    @property
    def warning(self) -> str:
        """What a reader should know; empty for a picture that lies right."""
        seems = {
            View.UPSIDE_DOWN: "flipped upside down",
            View.TURNED: "turned by 180°",
            View.MIRRORED: "mirrored from left to right",
        }.get(self)
        return f"The picture seems to be {seems}; its labels follow it" if seems else ""


OTHER_VIEWS: Final = tuple(view for view in View if view.value)


class _Bounds(NamedTuple):
    tissue: float
    agreement: float


_PLAIN: Final = _Bounds(0.945, 0.97)
_PLAIN_WHEN_TURNED: Final = _Bounds(0.92, 0.9)
_MARGIN: Final = 1.15
_BACKWARDS: Final = -0.015


def is_plain(found: Mapping[Structure, Evidence]) -> bool:
    """Whether a picture as it lies shows so plain a spine that no other view need be looked at.

    Args:
        found: Evidence of each structure, from `evidence`.
    """
    return _within(found, _PLAIN)


def bends_backwards(bend: float | None) -> bool:
    """Whether a lumbar spine bends as only its mirror image does.

    Args:
        bend: From `Levels`.
    """
    return bend is not None and bend < _BACKWARDS


def lies_so(other: Mapping[Structure, Evidence], here: Mapping[Structure, Evidence]) -> bool:
    """Whether a picture seems to lie in another view's way.

    Args:
        other: Evidence of each structure in the other view.
        here: The same of the picture as it lies.
    """
    return _within(other, _PLAIN_WHEN_TURNED) and worth(other) > _MARGIN * worth(here)


def worth(found: Mapping[Structure, Evidence]) -> float:
    """How much a view looks like a spine, 0 to 1; 0 where it shows hardly any of one."""
    vertebrae = sum(s.kind is Kind.VERTEBRA for s in found)
    if vertebrae < _FEWEST_VERTEBRAE or len(found) < _FEWEST_STRUCTURES:
        return 0.0
    tissue, agreement = _means(found)
    level = float(np.mean([one.level for one in found.values()]))
    return float(tissue**4 * agreement * level)


def _within(found: Mapping[Structure, Evidence], bounds: _Bounds) -> bool:
    if not worth(found):
        return False
    tissue, agreement = _means(found)
    return tissue >= bounds.tissue and agreement >= bounds.agreement


def _means(found: Mapping[Structure, Evidence]) -> tuple[float, float]:
    tissue = float(np.mean([one.tissue for one in found.values()]))
    return tissue, next(iter(found.values())).agreement
