"""Intensities of any scanner to [0, 1]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca.errors import CaseError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinemsca.case import Image

__all__ = ["PERCENTILES", "normalise"]

PERCENTILES: Final = (0.1, 99.9)
"""Spread over 0 to 1; the few pixels beyond are clipped, so that one bright vessel or a hot
pixel does not darken the rest."""


def normalise(pixels: NDArray[Any], where: str = "") -> Image:
    """Spreads the 0.1st to 99.9th percentile over [0, 1].

    Args:
        pixels: `(H, W)`, any real dtype and range.
        where: Name for messages.

    Returns:
        `(H, W)` float32 in [0, 1].

    Raises:
        CaseError: If the image is constant, or holds NaN or infinity.
    """
    values = np.asarray(pixels, dtype=np.float32)
    if not np.isfinite(values).all():
        raise CaseError(
            "image holds NaN or infinity", where=where, remedy="Replace or leave out the image"
        )
    low, high = np.percentile(values, PERCENTILES)
    if high <= low:
        low, high = values.min(), values.max()
    if high <= low:
        raise CaseError("image is constant", where=where, remedy="Leave it out")
    scaled: Image = np.clip((values - low) / (high - low), 0, 1).astype(np.float32)
    return scaled
