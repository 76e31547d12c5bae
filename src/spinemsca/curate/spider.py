"""Levels for SPIDER's SPACE masks, whose values tell tissue and not level.

SPIDER: van der Graaf et al., Scientific Data 11, 264 (2024). The masks hold 1 vertebra (body and
posterior elements), 2 disc and 3 spinal canal. Levels follow from counting upward: the lowest
disc is L5/S1, as in SPIDER's own numbering, the vertebra above it L5, and so on in turn. The
sacrum is not annotated.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import ndimage

from spinemsca._util import numbered_components
from spinemsca.anatomy import DISCS, VERTEBRAE, Structure
from spinemsca.errors import CaseError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinemsca.case import LabelMap

__all__ = ["levels_from_tissue"]

_VERTEBRA: Final = 1
_DISC: Final = 2
_CANAL: Final = 3
_LEAST_DISC: Final = 150
_LEAST_BODY: Final = 900
_LEAST_CANAL_ROWS: Final = 50
_JOINED: Final = 1.7
_FRAGMENT: Final = 0.5
_LUMBAR: Final = VERTEBRAE[:-1]


def levels_from_tissue(mask: NDArray[np.integer[Any]], where: str = "") -> LabelMap:
    """Label map of L1 to L5 and D1 to D5 from a SPACE mask.

    Args:
        mask: `(H, W)` with values 0 to 3.
        where: Name for messages.

    Returns:
        `(H, W)` uint8; S1 is background though it is there.

    Raises:
        CaseError: If five levels cannot be told: fewer than five bodies or discs, not in turn,
            a body joined to another (1.7 times the median area), or broken up (half of it).
    """
    discs = _components(mask == _DISC, _LEAST_DISC)[: len(DISCS)]
    bodies = _components(_in_front_of_canal(mask, where), _LEAST_BODY)[: len(_LUMBAR)]
    if len(discs) < len(DISCS) or len(bodies) < len(_LUMBAR):
        raise _untellable(f"shows {len(bodies)} bodies and {len(discs)} discs", where)
    upward = [part for pair in zip(discs, bodies, strict=True) for part in pair]
    centres = [part[:, 0].mean() for part in upward]
    if any(lower <= upper for lower, upper in itertools.pairwise(centres)):
        raise _untellable("has bodies and discs that do not take turns", where)
    areas = [len(body) for body in bodies]
    usual = float(np.median(areas))
    if max(areas) >= _JOINED * usual or min(areas) <= _FRAGMENT * usual:
        raise _untellable("has two bodies joined, or one broken up", where)
    label = np.zeros(mask.shape, np.uint8)
    for structure, part in zip(_upward(), upward, strict=True):
        label[part[:, 0], part[:, 1]] = structure.value
    return label


def _upward() -> list[Structure]:
    pairs = zip(reversed(DISCS), reversed(_LUMBAR), strict=True)
    return [structure for pair in pairs for structure in pair]


def _in_front_of_canal(mask: NDArray[Any], where: str) -> NDArray[np.bool_]:
    """Vertebral pixels whose component's centre lies in front of the canal's middle line."""
    canal = mask == _CANAL
    rows = np.flatnonzero(canal.any(axis=1))
    if len(rows) < _LEAST_CANAL_ROWS:
        raise _untellable("shows no canal", where)
    columns = np.arange(mask.shape[1])
    middle = [(canal[row] * columns).sum() / canal[row].sum() for row in rows]
    # Below the canal's end everything counts as in front of it.
    line = np.interp(np.arange(mask.shape[0]), rows, middle, right=mask.shape[1])
    parts, number = ndimage.label(mask == _VERTEBRA)
    centres = ndimage.center_of_mass(parts > 0, parts, range(1, number + 1))
    front = [i for i, (y, x) in enumerate(centres, start=1) if x <= line[int(y)]]
    return np.isin(parts, front)


def _components(mask: NDArray[np.bool_], least: int) -> list[NDArray[np.intp]]:
    """Rows and columns of each component of at least `least` pixels, the lowest first."""
    parts, sizes = numbered_components(mask)
    found = [np.argwhere(parts == i) for i in np.flatnonzero(sizes >= least) + 1]
    return sorted(found, key=lambda p: -float(p[:, 0].mean()))


def _untellable(what: str, where: str) -> CaseError:
    return CaseError(f"{what}, so that levels cannot be told", where=where, remedy="Left out")
