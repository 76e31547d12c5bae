"""Renaming levels, where counting upward began at the wrong vertebra.

What leaves the eleven structures becomes another vertebra or its disc, as far as those have
names (`spinemsca.anatomy.OTHERS`), never background.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np

from spinemsca.anatomy import COLUMN, OTHERS, SPINE, STRUCTURES, by_any_name, by_value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from spinemsca.anatomy import Structure
    from spinemsca.case import LabelMap

__all__ = ["Lowest", "from_lowest", "renaming", "shifted", "with_lowest"]

Lowest: TypeAlias = Literal["L4", "L5", "L6"]
"""What the lowest lumbar vertebra is, or the lowest in view where no sacrum is."""

# Every label value there is in memory, background's too.
_VALUES: Final = np.arange(len(STRUCTURES) + len(OTHERS) + 1, dtype=np.uint8)
# What `shifted` goes along, from head to feet: all names of a spine of five lumbar vertebrae.
_LONG: Final = tuple(map(by_any_name, ("T12", "T12/L1", *(s.name for s in COLUMN), "S1/S2", "S2")))
# What lies above the sacrum of a spine whose lowest lumbar vertebra is called so, from the lowest
# up as far as there are names.
_ABOVE_SACRUM: Final[dict[str, tuple[str, ...]]] = {
    "L4": ("D4", "L4", "D3", "L3", "D2", "L2", "D1", "L1", "T12/L1", "T12"),
    "L5": ("D5", "L5", "D4", "L4", "D3", "L3", "D2", "L2", "D1", "L1", "T12/L1", "T12"),
    "L6": ("L6/S1", "L6", "L5/L6", "L5", "D4", "L4", "D3", "L3", "D2", "L2", "D1", "L1"),
}


def shifted(label: LabelMap, levels: int) -> LabelMap:
    """Renames every structure, the sacrum's too, by whole levels.

    Args:
        label: Any shape, uint8, 0 to 18.
        levels: Positive towards the feet: 1 makes L4 of L3, S1 of L5 and S2 of S1. What goes
            beyond T12 or S2 becomes background.
    """
    return _along(_LONG, 2 * levels)[label]


def with_lowest(label: LabelMap, lowest: Lowest, values: frozenset[int] | None = None) -> LabelMap:
    """Renames levels where the lowest lumbar vertebra is not what it was taken for.

    The sacrum keeps its name, and discs go with the vertebra above them: with an L6, what was
    called L5 and D5 are L6 and the disc L6/S1, and D4 is the disc L5/L6.

    Args:
        label: Any shape, uint8, 0 to 18.
        lowest: What the lowest lumbar vertebra is; where there is no sacrum among `values`, what
            the lowest vertebra in view is.
        values: All that is in view, such as in the volume whose slice `label` is; where not
            given, what `label` holds.
    """
    held = frozenset(np.unique(label).tolist()) if values is None else values
    now = _ABOVE_SACRUM["L5"][_first_in_view(held) :]
    table = _VALUES.copy()
    for old, new in zip(now, _ABOVE_SACRUM[lowest], strict=False):
        table[by_any_name(old).value] = by_any_name(new).value
    for old in now[len(_ABOVE_SACRUM[lowest]) :]:
        table[by_any_name(old).value] = 0
    renamed: LabelMap = table[label]
    return renamed


def _first_in_view(values: frozenset[int]) -> int:
    """Where in the list of names from the sacrum up the lowest vertebra's disc stands."""
    if by_any_name("S1").value in values:
        return 0
    ranks = (i for i, name in enumerate(_ABOVE_SACRUM["L5"]) if by_any_name(name).value in values)
    return next(ranks, 0) // 2 * 2


def _along(order: Sequence[Structure], steps: int) -> LabelMap:
    """The new value of each value, where structures move along an order."""
    table = np.zeros_like(_VALUES)
    for rank, structure in enumerate(order):
        if 0 <= rank + steps < len(order):
            table[structure.value] = order[rank + steps].value
    return table


def renaming(rename: Callable[[LabelMap], LabelMap]) -> dict[Structure, Structure | None]:
    """What becomes of each structure, `None` where it loses its name."""
    new = rename(_VALUES)
    return {
        structure: by_value(int(new[structure.value])) if new[structure.value] else None
        for structure in SPINE
    }


def from_lowest(
    lowest: Lowest, values: frozenset[int] | None = None
) -> Callable[[LabelMap], LabelMap]:
    """The renaming of maps by what the lowest lumbar vertebra is.

    Args:
        lowest: As for `with_lowest`.
        values: All that is in view; a sacrum, where not given.
    """
    held = frozenset({by_any_name("S1").value}) if values is None else values

    def rename(label: LabelMap) -> LabelMap:
        return with_lowest(label, lowest, held)

    return rename
