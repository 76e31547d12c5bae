"""Fingerprints of images that survive noise, intensity, shift, crop, small rotation, mirroring.

Two are taken of the same band-passed image with its local contrast evened out. The coarse one,
the low spatial frequencies' magnitudes without their signs, does not move with the image and
does not care for mirroring, so one matrix product compares all pairs. The fine one settles the
few pairs that the coarse one cannot tell apart: the images are brought together by phase-free
cross-correlation, then compared tile by tile, each tile free to move a little.

Correlations of true copies and of different patients, and the thresholds between them, were
found on 463 real lumbar images (mid-sagittal T1, T2 and T2 SPACE of 268 patients).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import ndimage as ndi

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinemsca.case import Image

__all__ = [
    "CANDIDATE",
    "COARSE_LENGTH",
    "DUPLICATE",
    "SIDE",
    "Fingerprint",
    "fingerprint",
    "likeness",
]

Array = np.ndarray[Any, np.dtype[Any]]

SIDE: Final = 128
"""Rows and columns of a fine fingerprint."""

# Frequencies and cells; how this was chosen is not recorded.
_REACH: Final = 20
COARSE_LENGTH: Final = (_REACH + 1) ** 2
"""Values of a coarse fingerprint."""

CANDIDATE: Final = 0.965
"""Coarse correlation from which a pair is looked at closely: 999 of 1000 pairs of different
patients lie below, every copy noisy, re-scaled, shifted, cropped by 4 % or turned by 3° above."""

DUPLICATE: Final = 0.86
"""Likeness from which two images count as the same: copies that are noisy, brighter, shifted,
mirrored, turned by 3° or cropped by 6 % reach 0.90 to 1.00, different patients and different
phantoms at most 0.83."""

# How these five were chosen is not recorded; `DUPLICATE` was measured with them.
_QUANTUM: Final = 24
_SHIFT: Final = 14
_TILE: Final = 32
_PLAY: Final = 8
_STARTS: Final = range(16, SIDE - 16, _TILE)


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """What is kept of an image to recognise it.

    Attributes:
        coarse: `(COARSE_LENGTH,)` float16 of zero mean and unit length.
        fine: `(SIDE, SIDE)` int8, the band-passed image.
    """

    coarse: NDArray[np.float16]
    fine: NDArray[np.int8]


def fingerprint(image: Image) -> Fingerprint | None:
    """Takes the fingerprint of `image`, `(H, W)` float32; `None` of one without any contrast."""
    band = _band(_thumbnail(image))
    if not band.any():
        return None
    quantised = np.clip(np.rint(_QUANTUM * band), -127, 127).astype(np.int8)
    return Fingerprint(_coarse(band), quantised)


def likeness(one: NDArray[np.int8], other: NDArray[np.int8]) -> float:
    """How alike two fine fingerprints are: mean over tiles of their best correlation.

    Args:
        one: `(SIDE, SIDE)` int8.
        other: The same; it may be shifted or mirrored.

    Returns:
        From about 0 (unrelated) to 1 (the same image); symmetric in its arguments.
    """
    a, b = one.astype(np.float32), other.astype(np.float32)
    (peak, shift), (mirrored, turned) = _best_shift(a, b), _best_shift(a, b[:, ::-1])
    if mirrored > peak:
        b, shift = b[:, ::-1], turned
    moved = np.roll(b, shift, (0, 1))
    back = np.roll(a, (-shift[0], -shift[1]), (0, 1))
    return max(_tile_mean(a, moved), _tile_mean(b, back))


def _thumbnail(image: Image) -> Array:
    rows, columns = image.shape
    if rows % SIDE == 0 and columns % SIDE == 0:
        return np.asarray(image.reshape(SIDE, rows // SIDE, SIDE, columns // SIDE).mean((1, 3)))
    zoomed: Array = ndi.zoom(
        image, (SIDE / rows, SIDE / columns), order=1, mode="grid-constant", grid_mode=True
    )
    return zoomed


def _band(thumbnail: Array) -> Array:
    smooth = ndi.gaussian_filter(thumbnail, 1.0)
    detail = smooth - ndi.gaussian_filter(smooth, 4.0)
    contrast = np.sqrt(ndi.gaussian_filter(detail * detail, 4.0))
    floor = 0.25 * float(contrast.mean())
    if floor < 1e-5:
        return np.zeros_like(thumbnail)
    window = np.hanning(SIDE + 2)[1:-1] ** 0.25
    band: Array = detail / (contrast + floor) * np.outer(window, window)
    return np.asarray(band - band.mean())


def _coarse(band: Array) -> NDArray[np.float16]:
    spectrum = np.abs(np.fft.fftshift(np.fft.rfft2(band), axes=0))
    half = SIDE // 2
    low = spectrum[half - _REACH : half + _REACH + 1, : _REACH + 1]
    # Adding the image of the other direction makes it the same for an image and its mirror.
    even = ndi.gaussian_filter(low + low[::-1], 1.0, mode="nearest")[_REACH:]
    values = np.sqrt(even).ravel()
    values -= values.mean()
    coarse: NDArray[np.float16] = (values / np.linalg.norm(values)).astype(np.float16)
    return coarse


def _best_shift(a: Array, b: Array) -> tuple[float, tuple[int, int]]:
    product = np.fft.rfft2(a) * np.fft.rfft2(b).conj()
    centre = SIDE // 2
    window = slice(centre - _SHIFT, centre + _SHIFT + 1)
    near = np.fft.fftshift(np.fft.irfft2(product, a.shape))[window, window]
    row, column = np.unravel_index(int(near.argmax()), near.shape)
    return float(near.max()), (int(row) - _SHIFT, int(column) - _SHIFT)


def _tile_mean(a: Array, b: Array) -> float:
    corners = [(row, column) for row in _STARTS for column in _STARTS]
    side = _TILE + 2 * _PLAY
    tiles = np.stack([a[r : r + _TILE, c : c + _TILE] for r, c in corners])
    fields = np.stack(
        [b[r - _PLAY : r - _PLAY + side, c - _PLAY : c - _PLAY + side] for r, c in corners]
    )
    tiles -= tiles.mean((1, 2), keepdims=True)
    product = np.fft.rfft2(fields) * np.fft.rfft2(tiles, (side, side)).conj()
    covariance = np.fft.irfft2(product, (side, side))[:, : 2 * _PLAY + 1, : 2 * _PLAY + 1]
    energy = _window_sums(fields * fields) - _window_sums(fields) ** 2 / _TILE**2
    norm = np.sqrt(np.maximum(energy, 1.0) * np.maximum((tiles**2).sum((1, 2)), 1.0)[:, None, None])
    return float((covariance / norm).max((1, 2)).mean())


def _window_sums(fields: Array) -> Array:
    sums = np.pad(fields.cumsum(1, dtype=np.float64).cumsum(2), ((0, 0), (1, 0), (1, 0)))
    strips = sums[:, _TILE:] - sums[:, :-_TILE]
    return np.asarray(strips[:, :, _TILE:] - strips[:, :, :-_TILE])
