"""Training, validation and test: names, folders and sizes."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from spinemsca.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["PUBLISHED_SIZES", "Split", "split_sizes", "unique_names"]


class Split(StrEnum):
    """One of the three parts of a release."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"

    @property
    def folder(self) -> str:
        """Folder and archive stem that this package writes: `Train`, `Vali` or `Test`."""
        return _FOLDERS[self]

    @classmethod
    def parse(cls, text: str) -> Split:
        """Reads any spelling found in the wild: `Vail`, `Vali`, `Val`, `validation`, any case.

        Raises:
            UsageError: If it names no split.
        """
        try:
            return _SPELLINGS[text.strip().lower()]
        except KeyError:
            raise UsageError(f"{text!r} is no split", remedy="Use train, val or test") from None

    @classmethod
    def from_folder(cls, name: str) -> Split | None:
        """The split that a folder of this name holds, `None` if it is no split's folder."""
        return _SPELLINGS.get(name.lower())


# Names in the published dataset, whose validation is also called Vail.
_FOLDERS: Final[Mapping[Split, str]] = MappingProxyType(
    {Split.TRAIN: "Train", Split.VAL: "Vali", Split.TEST: "Test"}
)
_SPELLINGS: Final[Mapping[str, Split]] = MappingProxyType(
    {
        "train": Split.TRAIN,
        "training": Split.TRAIN,
        "vail": Split.VAL,
        "vali": Split.VAL,
        "val": Split.VAL,
        "valid": Split.VAL,
        "validation": Split.VAL,
        "test": Split.TEST,
    }
)

PUBLISHED_SIZES: Final[Mapping[Split, int]] = MappingProxyType(
    {Split.TRAIN: 326, Split.VAL: 50, Split.TEST: 50}
)
"""Cases in each split of the published dataset."""


def split_sizes(cases: int) -> dict[Split, int]:
    """Divides `cases` as the published dataset does, by largest remainder.

    From three cases on, no split is empty.
    """
    total = sum(PUBLISHED_SIZES.values())
    exact = {s: cases * n / total for s, n in PUBLISHED_SIZES.items()}
    sizes = {s: int(v) for s, v in exact.items()}
    for split in sorted(exact, key=lambda s: sizes[s] - exact[s]):
        if sum(sizes.values()) < cases:
            sizes[split] += 1
    if cases >= len(sizes):
        for split in (s for s in sizes if sizes[s] == 0):
            sizes[split] += 1
            sizes[Split.TRAIN] -= 1
    return sizes


def unique_names(named: Sequence[tuple[Split, str]]) -> list[str]:
    """Names that tell cases apart in a whole release.

    A name that several splits use is preceded by its split: `p0` becomes `train-p0` and
    `test-p0`. All others stay as they are.
    """
    uses = Counter(name for _, name in set(named))
    return [f"{split.value}-{name}" if uses[name] > 1 else name for split, name in named]
