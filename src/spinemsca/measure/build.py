"""Blocks from masks: outlines in physical space, their landmarks, areas and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from spinemsca.measure.contour import Points, boundary, raggedness, smooth
from spinemsca.measure.landmarks import SIGMAS, Landmarks, Outlines, locate
from spinemsca.measure.outlined_structure import OutlinedStructure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinemsca.anatomy import Structure
    from spinemsca.measure.parts import Parts, StructureMask

__all__ = ["build_blocks"]

# The longer outlines are, the more they are smoothed, as far as corners stay on phantoms.
_SIGMAS_LONG: Final = 85.0


def build_blocks(
    parts: Parts, pixel: Points, shape: tuple[int, ...]
) -> dict[Structure, OutlinedStructure]:
    """Every part's block.

    Args:
        parts: Of an upright label map.
        pixel: `(2,)` height and width of a pixel.
        shape: Of the label map.
    """
    if not parts.found:
        return {}
    lines = [boundary(part.mask) + part.corner for part in parts.found.values()]
    outlines = _outlines(lines, [parts.frame(s) for s in parts.found], pixel, shape)
    found = locate(outlines)
    return {
        structure: OutlinedStructure(
            structure,
            landmarks := found.of(i),
            outlines.smooth[i, : len(lines[i])],
            _areas(part, pixel, landmarks, len(lines[i]), structure.value),
            parts.centres[structure],
        )
        for i, (structure, part) in enumerate(parts.found.items())
    }


def _outlines(
    lines: list[Points],
    axes: list[tuple[Points, Points, Points]],
    pixel: Points,
    shape: tuple[int, ...],
) -> Outlines:
    """Pads outlines, given in pixels, to one length, and brings them into physical space."""
    longest = max(map(len, lines))
    sigma = float(np.clip(np.median([len(line) for line in lines]) / _SIGMAS_LONG, *SIGMAS))
    raw = np.zeros((len(lines), longest, 2))
    smoothed, smoother = np.zeros_like(raw), np.zeros_like(raw)
    ragged = np.zeros(len(lines))
    used = np.arange(longest) < np.array([len(line) for line in lines])[:, None]
    for i, line in enumerate(lines):
        once = smooth(line, sigma)
        raw[i, : len(line)], smoothed[i, : len(line)] = line, once
        smoother[i, : len(line)] = smooth(once, sigma)
        ragged[i] = raggedness(line)
    cut = ((raw <= 0.5) | (raw >= np.array(shape) - 1.5)).any(axis=-1) & used
    centre, down, back = (np.stack(part) for part in zip(*axes, strict=True))
    return Outlines(
        raw * pixel, smoothed * pixel, smoother * pixel, ragged * float(pixel.mean()),
        used, cut, centre, down, back, pixel, sigma,
    )  # fmt: skip


def _areas(
    part: StructureMask, pixel: Points, landmarks: Landmarks, length: int, seed: int
) -> NDArray[np.float64]:
    """The area and its draws: each pixel of outline is off by the outline's scatter."""
    if not landmarks.valid.all():
        return np.full(len(landmarks.corners), np.nan)
    size, pixels = float(pixel.prod()), part.size
    scatter = float(np.sqrt(np.mean(landmarks.residual**2)) / pixel.mean())
    error = size * max(scatter, 0.29) * np.sqrt(3.0 * length)
    draws = np.random.default_rng(100 + seed).standard_normal(len(landmarks.corners))
    draws[0] = 0
    return np.asarray(pixels * size + error * draws)
