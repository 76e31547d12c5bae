"""Label maps as other tools number them, brought to the eleven structures of this package.

SPINEPS and TPTBox: vertebrae 20–24 for L1–L5 and 26 for the sacrum, the disc below a vertebra
is 100 more. TotalSpineSeg: 41–45 and 50, discs 92–95 and 100. SPIDER counts from below: 1–5
for L5–L1, discs 201–205, no sacrum. Structures beyond the eleven are left out.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca.anatomy import DISCS, NUMBER_OF_CLASSES, STRUCTURES, VERTEBRAE, Structure
from spinemsca.errors import CaseError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from spinemsca.case import LabelMap

__all__ = ["Numbering", "as_label_map", "foreign_numbers"]


class Numbering(StrEnum):
    """Whose numbers a label map holds."""

    OWN = "spine-msca"
    SPINEPS = "spineps"
    TOTALSPINESEG = "totalspineseg"
    SPIDER = "spider"


def _numbers(vertebrae: tuple[int, ...], discs: tuple[int, ...]) -> Mapping[int, Structure]:
    return MappingProxyType(
        dict(zip(vertebrae, VERTEBRAE, strict=False)) | dict(zip(discs, DISCS, strict=True))
    )


_TABLES: Final[Mapping[Numbering, Mapping[int, Structure]]] = MappingProxyType(
    {
        Numbering.OWN: MappingProxyType({s.value: s for s in STRUCTURES}),
        Numbering.SPINEPS: _numbers((20, 21, 22, 23, 24, 26), (120, 121, 122, 123, 124)),
        Numbering.TOTALSPINESEG: _numbers((41, 42, 43, 44, 45, 50), (92, 93, 94, 95, 100)),
        Numbering.SPIDER: _numbers((5, 4, 3, 2, 1), (205, 204, 203, 202, 201)),
    }
)


def foreign_numbers(numbering: Numbering) -> Mapping[int, Structure]:
    """The structures by their number in a numbering."""
    return _TABLES[numbering]


def as_label_map(
    array: NDArray[Any], numbering: Numbering = Numbering.OWN, *, where: str | None = None
) -> LabelMap:
    """Brings what other programs call a label map to `(H, W)` uint8 with values 0 to 11.

    Args:
        array: `(H, W)` or `(1, H, W)` whole numbers of any type, or `(12, H, W)` one-hot or
            probabilities, background first.
        numbering: Whose numbers they are.
        where: Named in errors.

    Raises:
        CaseError: If it is none of these, or holds numbers that the numbering does not know.
    """
    array = np.asarray(array)
    if numbering is Numbering.OWN and _is_own(array):
        return array
    plane = _plane(array, where)
    known = _TABLES[numbering]
    if numbering is Numbering.OWN and plane.size and plane.max() >= NUMBER_OF_CLASSES:
        raise CaseError(
            f"label map holds the value {int(plane.max())}",
            where=where,
            remedy="Say whose numbers they are: --labels spineps, totalspineseg or spider",
        )
    label = np.zeros(plane.shape, dtype=np.uint8)
    for number in np.unique(plane).tolist():
        if number in known:
            label[plane == number] = known[number].value
    return label


def _is_own(array: NDArray[Any]) -> bool:
    ready = array.dtype == np.uint8 and array.ndim == 2 and array.size > 0
    return bool(ready and array.max() < NUMBER_OF_CLASSES)


def _plane(array: NDArray[Any], where: str | None) -> NDArray[np.int64]:
    if array.ndim == 3 and array.shape[0] == NUMBER_OF_CLASSES:
        array = array.argmax(axis=0)
    if array.ndim == 3 and array.shape[0] == 1:
        array = array[0]
    if array.ndim != 2 or not array.size or array.dtype.kind not in "biuf":
        raise CaseError(
            f"label map is {array.dtype} of shape {array.shape}",
            where=where,
            remedy="Give one slice (rows, columns), or one-hot (12, rows, columns)",
        )
    whole = np.rint(np.nan_to_num(array, nan=-1.0, posinf=-1.0, neginf=-1.0))
    if (whole < 0).any() or np.abs(whole - array).max() > 1e-3:
        raise CaseError(
            "label map holds values that are no whole numbers from 0",
            where=where,
            remedy="Give label numbers, not probabilities of one structure",
        )
    return np.asarray(whole, dtype=np.int64)
