"""A scan: pixels as they came, before they are a case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinemsca.case import Spacing

__all__ = ["Scan"]


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """One sagittal slice as read from a file: not normalised, not resampled.

    Attributes:
        name: File name without its suffix.
        pixels: `(H, W)`, any real dtype, any range.
        spacing: In mm, or `None` where the file states none.
    """

    name: str
    pixels: NDArray[Any]
    spacing: Spacing | None = None
