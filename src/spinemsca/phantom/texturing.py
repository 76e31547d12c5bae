"""Texture laid over a tissue map's signal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from spinemsca.phantom.texture import field, ridges, smoothstep
from spinemsca.phantom.tissue import Tissue

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from spinemsca.phantom.parameters import Parameters
    from spinemsca.phantom.raster import FieldOfView

    Map = NDArray[np.float32]

__all__ = ["textured"]

_FAT_IN_MUSCLE: Final = 0.9
"""Signal of a streak of fat over that of fat under the skin: streaks are thin."""


def textured(
    signal: NDArray[np.float32],
    tissue: NDArray[np.uint8],
    parameters: Parameters,
    view: FieldOfView,
) -> NDArray[np.float32]:
    """Signal with the texture of its tissues.

    Args:
        signal: `(rows, columns)`, that of fat being 1.
        tissue: `(rows, columns)` tissue at the pixels' centres.
        parameters: Of the case.
        view: Grid of the pixels.
    """
    noise = _Noise(np.random.default_rng(parameters.tissue.seed), view)
    out = _marrow(signal, tissue, parameters, noise)
    out = _muscle(out, tissue, parameters, noise)
    out = _fat(out, tissue, noise)
    out = _viscera(out, tissue, noise, view)
    out = _discs(out, tissue, noise)
    even = np.isin(tissue, (Tissue.AIR, Tissue.CSF, Tissue.FAT, Tissue.VISCERA, Tissue.PRESACRAL))
    out = np.where(even, out, out * (1 + 0.06 * noise.field(2.2, 2.2)))
    return np.maximum(out, 0).astype(np.float32)


class _Noise:
    """Random fields with their grain in mm."""

    def __init__(self, rng: Generator, view: FieldOfView) -> None:
        self._rng = rng
        self._shape = view.rows, view.columns
        self._spacing = view.row_spacing, view.column_spacing

    def field(self, down: float, across: float) -> Map:
        return field(self._rng, self._shape, self._grain(down, across))

    def lines(self, down: float, across: float, width: float) -> Map:
        return ridges(self._rng, self._shape, self._grain(down, across), width)

    def _grain(self, down: float, across: float) -> tuple[float, float]:
        return max(down / self._spacing[0], 1.01), max(across / self._spacing[1], 1.01)


def _marrow(signal: Map, tissue: NDArray[np.uint8], parameters: Parameters, noise: _Noise) -> Map:
    t = parameters.tissue
    grain = 1 + t.coarse * noise.field(5, 5) + t.fine * noise.field(1.4, 1.4)
    marrow = (tissue >= Tissue.MARROW) & (tissue < Tissue.NUCLEUS)
    marrow |= np.isin(tissue, (Tissue.PROCESS, Tissue.FATTY, Tissue.OEDEMA))
    return np.where(marrow, signal * np.maximum(grain, 0.1), signal)


def _discs(signal: Map, tissue: NDArray[np.uint8], noise: _Noise) -> Map:
    """Lamellae and tears, more across than along the spine."""
    disc = (tissue >= Tissue.NUCLEUS) | (tissue == Tissue.ANNULUS)
    return np.where(disc, signal * np.maximum(1 + 0.2 * noise.field(2.5, 6), 0.2), signal)


def _muscle(signal: Map, tissue: NDArray[np.uint8], parameters: Parameters, noise: _Noise) -> Map:
    """Fat between the fibres: streaks within patches."""
    mean = parameters.shape.soft.muscle_fat
    patches = smoothstep(noise.field(13, 9), -0.8, 1.2)
    fibres = 0.7 * noise.field(2.4, 4.5) + 0.7 * noise.field(7, 3)
    streaks = np.clip(fibres - 0.3, 0, 1.6) * patches
    even = mean * (0.35 + 0.35 * noise.field(6, 4))
    fat = np.clip(even + streaks * (0.2 + 1.2 * mean), 0, 0.95)
    mixed = signal * (1 - fat) + _FAT_IN_MUSCLE * fat
    return np.where(np.isin(tissue, (Tissue.INTERSPINOUS, Tissue.MUSCLE)), mixed, signal)


def _fat(signal: Map, tissue: NDArray[np.uint8], noise: _Noise) -> Map:
    """Septa, most of them along the skin."""
    some = smoothstep(noise.field(25, 10), -0.2, 1.0)
    septa = 1 - some * (0.35 * noise.lines(40, 6, 0.06) + 0.2 * noise.lines(12, 9, 0.05))
    return np.where(tissue == Tissue.FAT, signal * septa, signal)


def _viscera(signal: Map, tissue: NDArray[np.uint8], noise: _Noise, view: FieldOfView) -> Map:
    """Fat with vessels, and bowel in it, less of it towards the pelvis."""
    height = view.grid()[1][:, None]
    few = smoothstep(np.broadcast_to(height, signal.shape), -70, -10)
    bowel = smoothstep(noise.field(26, 19) + 0.5 * noise.field(9, 9) - 1.4 * few, -0.3, 0.7)
    bowel = bowel * (tissue == Tissue.VISCERA)
    inside = 0.3 + 0.12 * noise.field(14, 12) + 0.1 * noise.field(4, 4)
    inside = np.maximum(inside - 0.3 * smoothstep(noise.field(20, 14), 0.6, 1.0), 0.02)
    vessels = np.maximum(noise.lines(26, 12, 0.06), noise.lines(11, 20, 0.05))
    vessels = vessels * smoothstep(noise.field(18, 18), -0.3, 1.0)
    fat = signal * (1 + 0.05 * noise.field(9, 9)) * (1 - 0.5 * vessels)
    mixed = fat * (1 - bowel) + inside * bowel
    return np.where(np.isin(tissue, (Tissue.VISCERA, Tissue.PRESACRAL)), mixed, signal)
