"""Bringing the grey values of any scanner to one range; training and prediction share it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca._util import percentile_window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinemsca.case import Image

__all__ = ["window"]

# Chosen, not measured, before the first weights were trained; all weights since rest on them.
_PERCENTILES: Final = (0.5, 99.5)


def window(pixels: NDArray[Any]) -> Image:
    """Maps the 0.5th to 99.5th percentile of the pixels to [0, 1] and clips the rest.

    Min–max scaled slices look dark because of a few bright pixels; percentiles are not misled.

    Args:
        pixels: `(H, W)`, any real dtype and range.

    Returns:
        `(H, W)` float32 in [0, 1]; zeros where all pixels are equal.
    """
    values = np.asarray(pixels, dtype=np.float32)
    spread = percentile_window(values, _PERCENTILES, np.float32)
    return np.zeros_like(values) if spread is None else spread
