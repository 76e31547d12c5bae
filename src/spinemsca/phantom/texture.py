"""Smooth random fields: the texture of marrow, fat and muscle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from spinemsca.phantom.raster import resized

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

__all__ = ["field", "ridges", "smoothstep"]


def field(
    rng: Generator, shape: tuple[int, int], grain: tuple[float, float]
) -> NDArray[np.float32]:
    """`shape` smooth noise of mean 0 and standard deviation about 1.

    Args:
        rng: Source of chance.
        shape: Rows and columns.
        grain: Pixels between independent values, along rows and columns.
    """
    coarse = [int(np.ceil(n / g)) + 2 for n, g in zip(shape, grain, strict=True)]
    noise = rng.standard_normal(coarse, dtype=np.float32)
    smooth = resized(noise, shape[0], shape[1], Image.Resampling.BICUBIC)
    return np.asarray(smooth / max(float(smooth.std()), 1e-6), dtype=np.float32)


def ridges(
    rng: Generator, shape: tuple[int, int], grain: tuple[float, float], width: float
) -> NDArray[np.float32]:
    """Curved lines in [0, 1] where a smooth field crosses zero, like septa and streaks.

    Args:
        rng: Source of chance.
        shape: Rows and columns.
        grain: Pixels between independent values of the field.
        width: Of the lines, in the field's standard deviations.
    """
    return np.asarray(np.exp(-((field(rng, shape, grain) / width) ** 2)))


def smoothstep(value: NDArray[np.float32], low: float, high: float) -> NDArray[np.float32]:
    """0 below `low`, 1 above `high`, smooth between."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)
