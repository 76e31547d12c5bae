"""The eleven structures of a lumbar label map, and the other vertebrae beside them.

Everything that knows a label's number asks here: value, name, order from top to bottom,
neighbours, colour and SNOMED CT code. Codes are those of DICOM PS3.16 CID 7603 and CID 7604.

A spine can show vertebrae that are none of the eleven structures, such as an L6. They have values
of their own while the program runs, so that what lies between two structures is never taken for
background; label files hold 0 to 11 all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "BACKGROUND",
    "COLUMN",
    "DISCS",
    "NUMBER_OF_CLASSES",
    "OTHERS",
    "SPINE",
    "STRUCTURES",
    "UNKNOWN",
    "VERTEBRAE",
    "Kind",
    "Structure",
    "above",
    "below",
    "by_any_name",
    "by_name",
    "by_value",
    "level_of",
]

BACKGROUND: Final = 0
"""Label value of everything that is none of the eleven structures."""

UNKNOWN: Final = 255
"""Label value of "not known", inside training only; it never reaches a file."""


class Kind(StrEnum):
    """What a structure is; the sacrum's first segment counts as a vertebra."""

    VERTEBRA = "vertebra"
    DISC = "disc"


@dataclass(frozen=True, slots=True)
class Structure:
    """One labelled structure.

    Attributes:
        value: Value in the label map, 1 to 11; 12 to 18 for the other vertebrae.
        name: Short name as printed in tables: `L1` … `L5`, `S1`, `D1` … `D5`, `L6`, `L6/S1` ….
        kind: Vertebra or disc.
        description: Name in words, as in DICOM PS3.16.
        colour: sRGB, each 0 to 255. Vertebrae are dark and blue to violet, discs light and
            yellow to red, so that the two stay apart in grey print and for colour-blind eyes.
        snomed: SNOMED CT concept identifier; empty for the other vertebrae and their discs.
    """

    value: int
    name: str
    kind: Kind
    description: str
    colour: tuple[int, int, int]
    snomed: str

    def __str__(self) -> str:
        return self.name

    @property
    def is_disc(self) -> bool:
        """Whether this is an intervertebral disc."""
        return self.kind is Kind.DISC


STRUCTURES: Final = (
    Structure(1, "L1", Kind.VERTEBRA, "L1 vertebra", (0, 92, 175), "66794005"),
    Structure(2, "L2", Kind.VERTEBRA, "L2 vertebra", (106, 62, 170), "14293000"),
    Structure(3, "L3", Kind.VERTEBRA, "L3 vertebra", (0, 114, 128), "36470004"),
    Structure(4, "L4", Kind.VERTEBRA, "L4 vertebra", (60, 75, 205), "11994002"),
    Structure(5, "L5", Kind.VERTEBRA, "L5 vertebra", (125, 45, 120), "49668003"),
    Structure(6, "S1", Kind.VERTEBRA, "S1 vertebra", (20, 85, 95), "65985001"),
    Structure(7, "D1", Kind.DISC, "L1/L2 disc", (255, 214, 92), "80064006"),
    Structure(8, "D2", Kind.DISC, "L2/L3 disc", (255, 176, 120), "67459009"),
    Structure(9, "D3", Kind.DISC, "L3/L4 disc", (240, 228, 66), "62551000"),
    Structure(10, "D4", Kind.DISC, "L4/L5 disc", (255, 190, 60), "84020006"),
    Structure(11, "D5", Kind.DISC, "L5/S1 disc", (255, 186, 190), "715056000"),
)
"""All structures in the order of their label values."""

NUMBER_OF_CLASSES: Final = len(STRUCTURES) + 1
"""Structures and background."""

VERTEBRAE: Final = tuple(s for s in STRUCTURES if s.kind is Kind.VERTEBRA)
"""L1 to L5 and S1, from top to bottom."""

DISCS: Final = tuple(s for s in STRUCTURES if s.kind is Kind.DISC)
"""D1 (L1/L2) to D5 (L5/S1), from top to bottom."""

COLUMN: Final = tuple(
    s for pair in zip(VERTEBRAE, (*DISCS, None), strict=True) for s in pair if s is not None
)
"""All structures from top to bottom: L1, D1, L2, …, L5, D5, S1."""

OTHERS: Final = (
    Structure(12, "T12", Kind.VERTEBRA, "T12 vertebra", (90, 90, 90), ""),
    Structure(13, "T12/L1", Kind.DISC, "T12/L1 disc", (205, 205, 205), ""),
    Structure(14, "L5/L6", Kind.DISC, "L5/L6 disc", (205, 205, 205), ""),
    Structure(15, "L6", Kind.VERTEBRA, "L6 vertebra", (90, 90, 90), ""),
    Structure(16, "L6/S1", Kind.DISC, "L6/S1 disc", (205, 205, 205), ""),
    Structure(17, "S1/S2", Kind.DISC, "S1/S2 disc", (205, 205, 205), ""),
    Structure(18, "S2", Kind.VERTEBRA, "S2 vertebra", (90, 90, 90), ""),
)
"""Other vertebrae and the discs beside them, from top to bottom; in memory only."""

SPINE: Final = (*OTHERS[:2], *COLUMN[:-1], *OTHERS[2:5], COLUMN[-1], *OTHERS[5:])
"""Everything that has a name, from top to bottom; L5/L6, L6 and L6/S1 stand where D5 would."""

# Tables of what stands above, for look-ups.
_EVERY: Final = (*STRUCTURES, *OTHERS)
_BY_NAME: Final[Mapping[str, Structure]] = MappingProxyType({s.name: s for s in STRUCTURES})
_BY_ANY_NAME: Final[Mapping[str, Structure]] = MappingProxyType({s.name: s for s in _EVERY})
_RANK: Final[Mapping[Structure, int]] = MappingProxyType({s: i for i, s in enumerate(COLUMN)})
_BESIDE: Final[Mapping[str, tuple[str | None, str | None]]] = MappingProxyType(
    {
        "T12": (None, "T12/L1"),
        "T12/L1": ("T12", "L1"),
        "L5/L6": ("L5", "L6"),
        "L6": ("L5/L6", "L6/S1"),
        "L6/S1": ("L6", "S1"),
        "S1/S2": ("S1", "S2"),
        "S2": ("S1/S2", None),
    }
)


def by_value(value: int) -> Structure:
    """The structure with a label value of 1 to 18; `KeyError` for any other."""
    if not 1 <= value <= len(_EVERY):
        raise KeyError(value)
    return _EVERY[value - 1]


def by_name(name: str) -> Structure:
    """The one of the eleven structures called `name` (`L1`, `D5`, any case), else `KeyError`."""
    return _BY_NAME[name.upper()]


def by_any_name(name: str) -> Structure:
    """The structure called `name`, or another vertebra or disc (`L6/S1`), else `KeyError`."""
    return _BY_ANY_NAME[name.upper()]


def above(structure: Structure) -> Structure | None:
    """The next structure towards the head by its name, `None` above L1 and T12."""
    if structure.name in _BESIDE:
        name = _BESIDE[structure.name][0]
        return None if name is None else _BY_ANY_NAME[name]
    rank = _RANK[structure]
    return COLUMN[rank - 1] if rank else None


def below(structure: Structure) -> Structure | None:
    """The next structure towards the feet by its name, `None` below S1 and S2."""
    if structure.name in _BESIDE:
        name = _BESIDE[structure.name][1]
        return None if name is None else _BY_ANY_NAME[name]
    rank = _RANK[structure]
    return COLUMN[rank + 1] if rank + 1 < len(COLUMN) else None


def level_of(disc: Structure) -> str:
    """The two vertebrae that a disc lies between, such as `L4/L5`."""
    return disc.description.removesuffix(" disc")
