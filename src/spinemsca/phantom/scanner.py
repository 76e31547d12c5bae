"""From the signal in a patient to the image that a scanner gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

__all__ = [
    "acquire",
    "coil_gain",
    "folded",
    "ghosting",
    "normalised",
    "saturation_gain",
    "stretched",
]


def coil_gain(
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    back: NDArray[np.float32],
    depth: float,
    share: float,
    middle: float,
    length: float,
) -> NDArray[np.float32]:
    """`(rows, columns)` sensitivity of a surface coil under the back.

    Args:
        x: Of the columns, mm.
        y: Of the rows, mm.
        back: x of the skin of the back in each row, mm.
        depth: Distance at which sensitivity has halved, mm.
        share: 0 for an even image, 1 for the bare coil.
        middle: y of the coil's middle, mm.
        length: Its half-length, mm.
    """
    distance = np.maximum(back[:, None] - x[None, :], 0)
    across = 1 / (1 + (distance / depth) ** 2)
    along = 1 / (1 + (np.abs(y - middle) / length) ** 6)
    return np.asarray(1 - share + share * across * along[:, None], dtype=np.float32)


def saturation_gain(
    distance: NDArray[np.float32], left: float, gap: float, width: float
) -> NDArray[np.float32]:
    """Signal that a saturation band leaves.

    Args:
        distance: Before the column's front, mm.
        left: Share of the signal left within the band.
        gap: From the column's front to the middle of the band's edge, mm.
        width: Of the edge, mm.
    """
    edge = 1 / (1 + np.exp(np.clip((distance - gap) / (width / 4), -30, 30)))
    return np.asarray(left + (1 - left) * edge, dtype=np.float32)


def folded(image: NDArray[np.float32], rows: int) -> NDArray[np.float32]:
    """`(rows, columns)` a taller image with what lies beyond head and feet wrapped around."""
    margin = (image.shape[0] - rows) // 2
    if margin == 0:
        return image
    out = image[margin : margin + rows].copy()
    # What wraps around lies at the coil's and the gradient's end, where signal fades.
    fade = np.linspace(0.0, 0.6, margin, dtype=np.float32)[:, None] ** 1.5
    out[-margin:] += image[:margin] * fade
    out[:margin] += image[margin + rows :] * fade[::-1]
    return out


def stretched(count: int, acquired: float) -> NDArray[np.float32]:
    """`(count,)` weights of k-space lines in FFT order: a soft-edged box of the acquired share."""
    place = np.abs(fft.fftfreq(count)) * 2 / acquired
    roll = np.where(place < 0.8, 1.0, 0.5 + 0.5 * np.cos(np.pi * (place - 0.8) / 0.4))
    return np.asarray(np.where(place <= 1, roll, 0.0), dtype=np.float32)


def ghosting(count: int, amplitude: float, period: float, phase: float) -> NDArray[np.complex64]:
    """`(count,)` factors of phase-encoded lines in FFT order under periodic motion."""
    line = fft.fftfreq(count) * count
    turn = amplitude * np.sin(2 * np.pi * line / period + phase)
    return np.asarray(np.exp(1j * turn), dtype=np.complex64)


def acquire(
    image: NDArray[np.float32],
    acquired: tuple[float, float],
    noise: float,
    rng: Generator,
    ghost: NDArray[np.complex64] | None = None,
) -> NDArray[np.float32]:
    """The magnitude image of a limited, noisy k-space; its noise is Rician.

    Args:
        image: `(rows, columns)` signal.
        acquired: Share of k-space acquired along rows and columns.
        noise: Standard deviation of the real and the imaginary part in the image.
        rng: Source of the noise.
        ghost: Factors of the phase-encoded rows, if there was motion.
    """
    rows, columns = image.shape
    space = fft.fft2(image)
    if ghost is not None:
        space *= ghost[:, None]
    weights = stretched(rows, acquired[0])[:, None] * stretched(columns, acquired[1])[None, :]
    # Noise enters every acquired line alike; the window must not change the image's noise level.
    scale = noise * np.sqrt(weights.size) / max(float(np.sqrt((weights**2).mean())), 1e-6)
    parts = rng.standard_normal((rows, columns, 2), dtype=np.float32)
    space += np.float32(scale) * parts.view(np.complex64)[..., 0]
    space *= weights
    out = np.abs(fft.ifft2(space))
    return np.asarray(out, dtype=np.float32)


def normalised(image: NDArray[np.float32], white: float) -> NDArray[np.float32]:
    """Scaled so that 0 stays 0 and the percentile `white` becomes 1, clipped to [0, 1]."""
    top = max(float(np.percentile(image, white)), 1e-6)
    return np.asarray(np.clip(image / top, 0, 1), dtype=np.float32)
