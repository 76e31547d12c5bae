"""Intensities of any scanner to [0, 1]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca._util import percentile_window
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
    values = np.asarray(pixels, dtype=np.float64)
    if not np.isfinite(values).all():
        raise CaseError(
            "image holds NaN or infinity", where=where, remedy="Replace or leave out the image"
        )
    spread = percentile_window(values, PERCENTILES, np.float64)
    if spread is None:
        raise CaseError("image is constant", where=where, remedy="Leave it out")
    return spread.astype(np.float32)
