"""Pictures that lie wrong, as files without a header may.

Where a picture's spine is not plain as it lies, it is looked at the other ways, too: flipped,
turned by 180°, and mirrored from left to right. It is taken to lie one of those ways only where
that view shows a sacrum which a picture lying right can't show there: with the looks of one, a
lumbar curve that bends forwards, and a sacrum that turns backwards from the column; and where the
whole is plainer so. A mirror image is told by the curve, too: it bends forwards, by 0.019 of its
length or more on average, in front of the line from L1 to the sacrum in all of 580 slices that
show one (184 of SPIDER as predicted, 96 of Sudirman as outlined, 300 phantoms).

Measured on 442 mid slices of SPIDER (T1, T2, SPACE) and Sudirman (T1), five of SPIDER's first put
right: none is turned as it is, nor with the contrast changed (dark bone and bright discs, inverted,
or another gamma, with noise), nor with its lowest 25 to 45 % cut off, nor both (2210 pictures). Of
the 331 of training and validation patients 98 % of those mirrored, 99 % of those flipped and 98 %
of those turned are recognised. The bounds were chosen on all of these pictures, test patients' too.
Without a sacrum in view no picture can be turned; it is said where another view is plainer.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import numpy as np

from spinemsca.anatomy import Kind, by_name
from spinemsca.io import HOUSE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from spinemsca.anatomy import Structure
    from spinemsca.segment.runtime.confidence import Evidence

__all__ = [
    "OTHER_VIEWS",
    "Look",
    "View",
    "bends_backwards",
    "lies_so",
    "may_lie_so",
    "shows_plain_spine",
    "shows_sacrum",
    "worth",
]

_Value = TypeVar("_Value", bound=np.generic)

# What levels are counted from (`labelling.levels`).
_SACRUM: Final = by_name("S1")
# As for a refusal (`rejection`); fewer are found in pictures of anything.
_FEWEST_STRUCTURES: Final = 3
# As for a refusal, too.
_FEWEST_VERTEBRAE: Final = 2

# How a reader is told of each view; wording alone.
_WAYS: Final = {
    "UPSIDE_DOWN": "flipped upside down",
    "TURNED": "turned by 180°",
    "MIRRORED": "mirrored from left to right",
}


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
        """What the reader of a picture that lies so should know; empty where it lies right."""
        if self is View.AS_IT_LIES:
            return ""
        return f"The picture seems to be {_WAYS[self.name]}; its labels follow it"

    @property
    def suspicion(self) -> str:
        """What the reader of a picture that may lie so, without proof, should know."""
        return (
            f"The picture may be {_WAYS[self.name]}, but shows no clear sacrum to tell it by; "
            "it was taken as it lies"
        )


OTHER_VIEWS: Final = tuple(view for view in View if view.value)
"""All but the picture as it lies."""


class Look(NamedTuple):
    """What one view of a picture shows.

    Attributes:
        found: Evidence of each structure, from `evidence`.
        sacrum: Whether there is a sacrum to count from.
        bend: From `Levels`.
        sacral_turn: From `Levels`, degrees.
    """

    found: Mapping[Structure, Evidence]
    sacrum: bool
    bend: float | None
    sacral_turn: float | None

    @property
    def worth(self) -> float:
        """How much the view looks like a spine, 0 to 1."""
        return worth(self.found)


class _Bounds(NamedTuple):
    tissue: float
    agreement: float


# Chosen on validation patients and on pictures of other things, as are the next two.
_PLAIN: Final = _Bounds(0.945, 0.97)
# Chosen as `_PLAIN`.
_PLAIN_WHEN_TURNED: Final = _Bounds(0.92, 0.9)
# Without a sacrum one view has to be so much plainer than another for a warning.
_MARGIN_WITHOUT: Final = 1.15
# With one; from 1.05 to 1.15 nothing is turned wrongly (above), and less rightly at 1.15.
_MARGIN: Final = 1.05
# The least bend is 0.019 (above); a spine that bends neither way tells nothing.
_FORWARDS: Final = 0.015
# `_FORWARDS` of the mirror image.
_BACKWARDS: Final = -0.015
# The least of 440 slices of SPIDER and Sudirman is 20.5; at 15 none that lies right is turned, at
# 10 the first one.
_SACRAL_TURN: Final = 20.0
# What lies right has 0.93 or more in 99 of 100 of those slices.
_SACRUM_TISSUE: Final = 0.85
# A true sacrum leaves no doubt about levels (0.998 or more in nineteen of twenty); a body that only
# looks like one does: of 1326 slices without it the first is turned at 0.8.
_LEVEL: Final = 0.88
# Below it, a scoliosis of inverted contrast that lies right is turned.
_TISSUE: Final = 0.9


def shows_plain_spine(here: Look) -> bool:
    """Whether a picture as it lies shows so plain a spine that no other view need be looked at.

    Args:
        here: The picture as it lies.
    """
    return here.sacrum and not bends_backwards(here.bend) and _within(here.found, _PLAIN)


def bends_backwards(bend: float | None) -> bool:
    """Whether a lumbar spine bends as only its mirror image does.

    Args:
        bend: From `Levels`.
    """
    return bend is not None and bend < _BACKWARDS


def shows_sacrum(look: Look) -> bool:
    """Whether a view shows a lumbar spine with a sacrum that is one by its looks and its place.

    Args:
        look: Any view.
    """
    sacrum, turn = look.found.get(_SACRUM), look.sacral_turn
    if not look.sacrum or sacrum is None or turn is None or look.bend is None:
        return False
    tissue, _ = _means(look.found)
    sure = sacrum.tissue >= _SACRUM_TISSUE and tissue >= _TISSUE and _level(look.found) >= _LEVEL
    return sure and look.bend >= _FORWARDS and turn >= _SACRAL_TURN


def lies_so(other: Look, here: Look) -> bool:
    """Whether a picture lies in another view's way: that one shows the sacrum, and more plainly.

    Args:
        other: The other view.
        here: The picture as it lies.
    """
    margin = 1.0 if bends_backwards(here.bend) else _MARGIN
    return shows_sacrum(other) and other.worth > margin * here.worth


def may_lie_so(other: Look, here: Look) -> bool:
    """Whether a picture without a true sacrum looks plainer in another view, which proves little.

    Args:
        other: The other view.
        here: The picture as it lies.
    """
    plainer = other.worth > _MARGIN_WITHOUT * here.worth
    return not shows_sacrum(here) and plainer and _within(other.found, _PLAIN_WHEN_TURNED)


def worth(found: Mapping[Structure, Evidence]) -> float:
    """How much a view looks like a spine, 0 to 1; 0 where it shows hardly any of one."""
    vertebrae = sum(s.kind is Kind.VERTEBRA for s in found)
    if vertebrae < _FEWEST_VERTEBRAE or len(found) < _FEWEST_STRUCTURES:
        return 0.0
    tissue, agreement = _means(found)
    return float(tissue**4 * agreement * _level(found))


def _within(found: Mapping[Structure, Evidence], bounds: _Bounds) -> bool:
    if not worth(found):
        return False
    tissue, agreement = _means(found)
    return tissue >= bounds.tissue and agreement >= bounds.agreement


def _means(found: Mapping[Structure, Evidence]) -> tuple[float, float]:
    tissue = float(np.mean([one.tissue for one in found.values()]))
    return tissue, next(iter(found.values())).agreement


def _level(found: Mapping[Structure, Evidence]) -> float:
    return float(np.mean([one.level for one in found.values()]))
