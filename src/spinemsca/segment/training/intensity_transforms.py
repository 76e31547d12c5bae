"""Pure functions that change how a slice looks: contrast, coil, motion, sampling, noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from scipy.interpolate import PchipInterpolator

if TYPE_CHECKING:
    from spinemsca.case import Image

__all__ = ["coarsened", "ghosted", "noisy", "remapped", "shaded"]


def remapped(pixels: Image, curve: tuple[float, ...]) -> Image:
    """Sends grey values in [0, 1] through a smooth curve.

    Args:
        pixels: `(H, W)` float32 in [0, 1].
        curve: Values that equally spaced grey values become; between them the curve runs
            without overshoot (piecewise cubic Hermite).
    """
    fine = np.linspace(0, 1, 256)
    smooth = PchipInterpolator(np.linspace(0, 1, len(curve)), curve)(fine)
    return np.interp(pixels, fine, smooth).astype(np.float32)


def shaded(pixels: Image, coefficients: tuple[float, ...]) -> Image:
    """Multiplies with a surface coil's smooth gain.

    Args:
        pixels: `(H, W)` float32.
        coefficients: Of x, y, x², y² and xy of the gain's logarithm, x and y from −1 to 1.
    """
    y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in pixels.shape), indexing="ij")
    terms = np.stack([x, y, x**2, y**2, x * y])
    gain = np.exp(np.tensordot(np.asarray(coefficients), terms, axes=1))
    return pixels * gain.astype(np.float32)


def ghosted(pixels: Image, strength: float, number: int, axis: int) -> Image:
    """Adds the slice shifted by 1/`number` of its length both ways, as motion does."""
    step = pixels.shape[axis] // number
    ghosts = np.roll(pixels, step, axis) + np.roll(pixels, -step, axis)
    return pixels + np.float32(strength / 2) * ghosts


def coarsened(pixels: Image, factors: tuple[float, float]) -> Image:
    """Samples rows and columns `factors` times coarser, and back onto the same grid."""
    rows, columns = (max(2, round(n / f)) for n, f in zip(pixels.shape, factors, strict=True))
    return _resampled(_resampled(pixels, (rows, columns)), pixels.shape)


def _resampled(pixels: Image, shape: tuple[int, ...]) -> Image:
    zoom = [n / m for n, m in zip(shape, pixels.shape, strict=True)]
    resampled: Image = ndimage.zoom(pixels, zoom, order=1, mode="nearest", grid_mode=True)
    return resampled


def noisy(pixels: Image, deviation: float, seed: int) -> Image:
    """Magnitude of the slice after Gaussian noise in both channels: Rician noise."""
    real, imaginary = np.random.default_rng(seed).normal(0, deviation, (2, *pixels.shape))
    magnitude: Image = np.hypot(pixels + real, imaginary).astype(np.float32)
    return magnitude
