"""Label maps as other tools number them, brought to the structures of this package.

SPINEPS and TPTBox: 19 for T12, 20–25 for L1–L6, 26 for the sacrum, the disc below a vertebra is
100 more. TotalSpineSeg: 32 for T12, 41–45 and 50, discs 91–95 and 100; it has no L6. SPIDER
counts from below: 1–5 for L5–L1, 6 for T12, discs 201–206, no sacrum. Other vertebrae, ribs,
canal and cord are left out.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca.anatomy import NUMBER_OF_CLASSES, OTHERS, STRUCTURES, Structure, by_any_name
from spinemsca.errors import CaseError
from spinemsca.label_values import whole_numbers

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from numpy.typing import NDArray

    from spinemsca.case import LabelMap

__all__ = ["LabelScheme", "as_label_volume", "foreign_numbers", "to_structures"]


class LabelScheme(StrEnum):
    """Whose numbers a label map holds."""

    OWN = "spine-msca"
    SPINEPS = "spineps"
    TOTALSPINESEG = "totalspineseg"
    SPIDER = "spider"


def _table(**numbers: int) -> Mapping[int, Structure]:
    return MappingProxyType({v: by_any_name(k.replace("_", "/")) for k, v in numbers.items()})


# From the documentation of each tool, as said above.
_TABLES: Final[Mapping[LabelScheme, Mapping[int, Structure]]] = MappingProxyType(
    {
        LabelScheme.OWN: MappingProxyType({s.value: s for s in (*STRUCTURES, *OTHERS)}),
        LabelScheme.SPINEPS: _table(
            T12=19, L1=20, L2=21, L3=22, L4=23, L5=24, S1=26, S2=29,
            T12_L1=119, D1=120, D2=121, D3=122, D4=123, D5=124, S1_S2=126,
        ),
        LabelScheme.TOTALSPINESEG: _table(
            T12=32, L1=41, L2=42, L3=43, L4=44, L5=45, S1=50,
            T12_L1=91, D1=92, D2=93, D3=94, D4=95, D5=100,
        ),
        LabelScheme.SPIDER: _table(
            T12=6, L1=5, L2=4, L3=3, L4=2, L5=1,
            T12_L1=206, D1=205, D2=204, D3=203, D4=202, D5=201,
        ),
    }
)  # fmt: skip

# SPINEPS's disc 124 lies below L5 whatever follows; with an L6 it is another disc.
_SPINEPS_L6: Final = _table(L5_L6=124, L6=25, L6_S1=125)

# Numbers of structures that are none of ours: TPTBox's vertebrae, regions, discs and endplates;
# the table of classes in TotalSpineSeg's README; SPIDER's vertebrae, canal, cut vertebrae, discs.
_LEFT_OUT: Final[Mapping[LabelScheme, frozenset[int]]] = MappingProxyType(
    {
        LabelScheme.OWN: frozenset(),
        LabelScheme.SPINEPS: frozenset({*range(1, 134), 200, *range(201, 234)}),
        LabelScheme.TOTALSPINESEG: frozenset(
            {1, 2, *range(11, 18), *range(21, 32), *range(63, 68), *range(71, 83)}
        ),
        LabelScheme.SPIDER: frozenset({*range(1, 26), *range(100, 126), *range(201, 226)}),
    }
)


def foreign_numbers(
    numbering: LabelScheme, present: Container[int] = ()
) -> Mapping[int, Structure]:
    """The structures by their number in a numbering.

    Args:
        numbering: Whose.
        present: Numbers that a label map holds: an L6 among them renames the disc below L5.
    """
    if numbering is LabelScheme.SPINEPS and (25 in present or 125 in present):
        return {**_TABLES[numbering], **_SPINEPS_L6}
    return _TABLES[numbering]


def as_label_volume(
    slices: Iterable[Any], numbering: LabelScheme, *, where: str | None = None
) -> tuple[NDArray[np.uint8], tuple[int, ...]]:
    """Slices of one volume under one table, so that an L6 in any of them counts in all.

    Args:
        slices: Each as `to_structures` takes it, all of one shape; at least one.
        numbering: Whose numbers they are.
        where: Named in errors.

    Returns:
        `(S, H, W)` values 0 to 18, and the numbers that the numbering does not know.

    Raises:
        CaseError: As `to_structures`.
    """
    return _numbered(np.stack([_plane(_array(s, where), where) for s in slices]), numbering, where)


def to_structures(
    array: Any, numbering: LabelScheme = LabelScheme.OWN, *, where: str | None = None
) -> tuple[LabelMap, tuple[int, ...]]:
    """Brings what other programs call a label map to the structures of this package.

    Args:
        array: `(H, W)` or `(1, H, W)` whole numbers of any type, or `(12, H, W)` one-hot or
            probabilities, background first.
        numbering: Whose numbers they are.
        where: Named in errors.

    Returns:
        `(H, W)` uint8 with values 0 to 18, and the numbers that the numbering does not know,
        which are left out.

    Raises:
        CaseError: If it is none of these, or holds no number that the numbering knows.
    """
    array = _array(array, where)
    if numbering is LabelScheme.OWN and _is_own(array):
        return array, ()
    return _numbered(_plane(array, where), numbering, where)


def _numbered(
    plane: NDArray[np.int64], numbering: LabelScheme, where: str | None
) -> tuple[NDArray[np.uint8], tuple[int, ...]]:
    present = [number for number in np.unique(plane).tolist() if number]
    known = foreign_numbers(numbering, present)
    unknown = tuple(n for n in present if n not in known and n not in _LEFT_OUT[numbering])
    if unknown and (numbering is LabelScheme.OWN or len(unknown) == len(present)):
        raise CaseError(
            f"label map holds the value {', '.join(map(str, unknown[:8]))}",
            where=where,
            remedy="Say whose numbers they are: --labels spineps, totalspineseg or spider",
        )
    label = np.zeros(plane.shape, dtype=np.uint8)
    for number in present:
        if number in known:
            label[plane == number] = known[number].value
    return label, unknown


def _array(given: Any, where: str | None) -> NDArray[Any]:
    try:
        return np.asarray(given)
    except (TypeError, ValueError):
        raise CaseError("the label map is no array of numbers", where=where) from None


def _is_own(array: NDArray[Any]) -> bool:
    ready = array.dtype == np.uint8 and array.ndim == 2 and array.size > 0
    return bool(ready and array.max() <= OTHERS[-1].value)


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
    numbers = whole_numbers(array, where)
    if numbers.min() < 0:
        raise CaseError(
            f"label map spans {numbers.min()} to {numbers.max()}",
            where=where,
            remedy="Values are whole numbers from 0 (background)",
        )
    return np.asarray(numbers, dtype=np.int64)
