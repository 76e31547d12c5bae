"""Renaming levels by hand, where counting upward from the sacrum began at the wrong vertebra."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np

from spinemsca.anatomy import COLUMN, NUMBER_OF_CLASSES, by_value
from spinemsca.segment.levels import with_lowest

if TYPE_CHECKING:
    from collections.abc import Callable

    from spinemsca.anatomy import Structure
    from spinemsca.case import LabelMap

__all__ = ["Lowest", "from_lowest", "renaming", "shifted"]

Lowest: TypeAlias = Literal["L4", "L5", "L6"]
"""What the vertebra above the sacrum is."""

_VALUES: Final = np.arange(NUMBER_OF_CLASSES, dtype=np.uint8)


def shifted(label: LabelMap, levels: int) -> LabelMap:
    """Renames every structure, the sacrum's too, by whole levels.

    Args:
        label: Any shape, uint8, 0 to 11.
        levels: Positive towards the feet: 1 makes L4 of L3 and S1 of L5. What leaves L1 to S1
            becomes background.
    """
    table = np.zeros(NUMBER_OF_CLASSES, np.uint8)
    for rank, structure in enumerate(COLUMN):
        if 0 <= rank + 2 * levels < len(COLUMN):
            table[structure.value] = COLUMN[rank + 2 * levels].value
    renamed: LabelMap = table[label]
    return renamed


def renaming(rename: Callable[[LabelMap], LabelMap]) -> dict[Structure, Structure | None]:
    """What becomes of each structure, `None` where it loses its name."""
    new = rename(_VALUES)
    return {
        structure: by_value(int(new[structure.value])) if new[structure.value] else None
        for structure in COLUMN
    }


def from_lowest(lowest: Lowest) -> Callable[[LabelMap], LabelMap]:
    """The renaming of maps that were counted as if the lowest lumbar vertebra were L5."""

    def rename(label: LabelMap) -> LabelMap:
        return with_lowest(label, lowest)

    return rename
