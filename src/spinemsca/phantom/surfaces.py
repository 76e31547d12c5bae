"""Texture laid over a tissue map's signal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spinemsca.phantom.texture import field, ridges, smoothstep
from spinemsca.phantom.tissue import Tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinemsca.phantom.parameters import Parameters
    from spinemsca.phantom.raster import View

__all__ = ["textured"]


def textured(
    signal: NDArray[np.float32],
    tissue: NDArray[np.uint8],
    table: NDArray[np.float32],
    parameters: Parameters,
    view: View,
) -> NDArray[np.float32]:
    """Signal with the texture of its tissues.

    Args:
        signal: `(rows, columns)`.
        tissue: `(rows, columns)` tissue at the pixels' centres.
        table: Signal by tissue, fat being 1.
        parameters: Of the case.
        view: Grid of the pixels.
    """
    rng = np.random.default_rng(parameters.tissue.seed)
    shape = signal.shape
    px, py = 1 / view.column_spacing, 1 / view.row_spacing

    def noise(y: float, x: float) -> NDArray[np.float32]:
        return field(rng, shape, (max(y * py, 1.01), max(x * px, 1.01)))

    def lines(y: float, x: float, width: float) -> NDArray[np.float32]:
        return ridges(rng, shape, (y * py, x * px), width)

    t = parameters.tissue
    grain = 1 + t.coarse * noise(5, 5) + t.fine * noise(1.4, 1.4)
    marrow = (tissue >= Tissue.MARROW) & (tissue < Tissue.NUCLEUS)
    marrow |= np.isin(tissue, (Tissue.PROCESS, Tissue.FATTY, Tissue.OEDEMA))
    out = np.where(marrow, signal * np.maximum(grain, 0.1), signal)

    mean = parameters.shape.soft.muscle_fat
    streaks = np.maximum(lines(12, 3, 0.25), 0.8 * lines(4, 8, 0.2)) * smoothstep(
        noise(14, 10), -1.2, 1.0
    )
    muscle = np.isin(tissue, (Tissue.INTERSPINOUS, Tissue.MUSCLE))
    fat = np.clip(mean * (0.6 + 0.5 * noise(7, 5)) + 0.8 * streaks * (0.3 + mean), 0, 0.95)
    out = np.where(muscle, out * (1 - fat) + 0.9 * fat, out)

    septa = 1 - 0.45 * lines(9, 22, 0.05) - 0.25 * lines(30, 9, 0.04) + 0.05 * noise(14, 9)
    out = np.where(tissue == Tissue.FAT, out * septa, out)

    viscera = np.isin(tissue, (Tissue.VISCERA, Tissue.PRESACRAL))
    soft = smoothstep(noise(11, 9), 0.2, 0.9) * (tissue == Tissue.VISCERA)
    vessels = np.maximum(lines(20, 9, 0.09), lines(9, 16, 0.08))
    body = (1 + 0.1 * noise(6, 6)) * (1 - 0.6 * vessels)
    mesentery = out * body * (1 - soft) + soft * (0.16 + 0.05 * noise(3, 3))
    out = np.where(viscera, mesentery, out)
    rest = (tissue != Tissue.AIR) & (tissue != Tissue.CSF)
    out = np.where(rest, out * (1 + 0.06 * noise(2.2, 2.2)), out)
    return np.maximum(out, 0).astype(np.float32)
