"""What was published of the dataset beyond its split sizes: sex ratios and archive names."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from spinemsca.release.split import Split

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PUBLISHED_ARCHIVES", "PUBLISHED_MALE_PERCENT"]

PUBLISHED_MALE_PERCENT: Final[Mapping[Split, int]] = MappingProxyType(
    {Split.TRAIN: 39, Split.VAL: 38, Split.TEST: 44}
)
"""Men in each split, per cent."""

PUBLISHED_ARCHIVES: Final[Mapping[Split, tuple[str, ...]]] = MappingProxyType(
    {
        Split.TRAIN: ("Train.zip.001", "Train.zip.002", "Train.zip.003"),
        Split.VAL: ("Vail.zip",),
        Split.TEST: ("Test.zip",),
    }
)
"""Archives of each split, spelled as published."""
