"""Augmentation: random parameters drawn apart from the pure function that applies them.

`draw` makes an `Augmentation`; `apply` turns a slice and the candidate sets of its pixels into a
square of the asked size, the same bytes each time. Curves through random points change the contrast
as freely as domain randomisation does (Billot et al., *SynthSeg*, Medical Image Analysis 86, 2023),
so that T2-weighted slices also teach T1-weighted looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from spinemsca.anatomy import BACKGROUND
from spinemsca.segment.inference.intensity import window
from spinemsca.segment.training.intensity_transforms import (
    coarsened,
    ghosted,
    noisy,
    remapped,
    shaded,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinemsca.case import Image
    from spinemsca.segment.training.partial_labels import CandidateMap

__all__ = ["Augmentation", "apply", "draw"]


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Everything random about one training example; the default changes nothing.

    Attributes:
        rotation: Degrees, leaning the spine's head backwards.
        zoom: Along rows and columns; 2 shows half of the field of view, 0.5 twice of it.
        shift: Of the field of view's centre, as fractions of the square's side.
        flip: Whether the slice is upside down, and whether it faces right.
        curve: Grey values that equally spaced ones from 0 to 1 become; empty for no change.
        shading: Coefficients of x, y, x², y² and xy of the logarithm of the coil's gain, x and
            y from −1 to 1.
        resolution: How many times coarser the slice was sampled, along rows and columns.
        blur: Standard deviation of a Gaussian in pixels.
        ghosts: Strength, number across the image and axis of ghosts by motion.
        noise: Standard deviation of the Rician noise in each channel.
        seed: Of the noise.
    """

    rotation: float = 0.0
    zoom: tuple[float, float] = (1.0, 1.0)
    shift: tuple[float, float] = (0.0, 0.0)
    flip: tuple[bool, bool] = (False, False)
    curve: tuple[float, ...] = ()
    shading: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0)
    resolution: tuple[float, float] = (1.0, 1.0)
    blur: float = 0.0
    ghosts: tuple[float, int, int] = (0.0, 2, 0)
    noise: float = 0.0
    seed: int = 0


def draw(rng: np.random.Generator, strength: float = 1.0) -> Augmentation:
    """Draws an augmentation.

    Args:
        rng: Where the randomness comes from.
        strength: Scales ranges and probabilities; 0 changes nothing, 1 is heavy.
    """
    if strength <= 0:
        return Augmentation()
    drawn: dict[str, Any] = _geometry(rng, strength)
    return Augmentation(**drawn | _contrast(rng, strength) | _scanner(rng, strength))


def _geometry(rng: np.random.Generator, strength: float) -> dict[str, Any]:
    widest = 2.0 if rng.random() < 0.15 * strength else 1.3
    zoom = float(np.exp(rng.uniform(np.log(0.75), np.log(widest)) * strength))
    aspect = float(np.exp(rng.normal(0, 0.07) * strength))
    # A field of view narrower than the slice may lie anywhere in it, a wider one nearly so.
    room = 0.06 * strength + max(0.0, 0.5 - 0.5 / zoom)
    row, column = rng.uniform(-room, room, 2)
    return {
        "rotation": float(np.clip(rng.normal(0, 9), -30, 30) * strength),
        "zoom": (zoom * aspect, zoom / aspect),
        "shift": (float(row), float(0.6 * column)),
        "flip": (bool(rng.random() < 0.02 * strength), bool(rng.random() < 0.05 * strength)),
    }


def _contrast(rng: np.random.Generator, strength: float) -> dict[str, Any]:
    kind = rng.random()
    points = np.linspace(0, 1, 6)
    if kind < 0.35 * strength:
        gamma = np.exp(rng.normal(0, 0.4))
        points = points**gamma
    elif kind < 0.55 * strength:
        points = np.cumsum([0, *rng.dirichlet(np.full(5, 1.5))])
    elif kind < 0.85 * strength:
        points = np.array([rng.uniform(0, 0.25), *rng.random(5)])
    curve = () if kind >= 0.85 * strength else tuple(float(v) for v in points)
    shading = rng.normal(0, [0.7, 0.25, 0.3, 0.3, 0.2]) * strength * (rng.random() < 0.6)
    return {"curve": curve, "shading": tuple(float(v) for v in shading)}


def _scanner(rng: np.random.Generator, strength: float) -> dict[str, Any]:
    def sometimes(probability: float, value: float) -> float:
        return value if rng.random() < probability * strength else 0.0

    coarser = 1 + np.array([sometimes(0.3, rng.uniform(0, 2)) for _ in range(2)])
    return {
        "resolution": (float(coarser[0]), float(coarser[1])),
        "blur": float(sometimes(0.25, rng.uniform(0.2, 1.2))),
        "ghosts": (
            float(sometimes(0.15, rng.uniform(0.03, 0.25))),
            int(rng.integers(2, 6)),
            int(rng.integers(2)),
        ),
        "noise": float(sometimes(0.5, rng.uniform(0, 0.08))),
        "seed": int(rng.integers(2**31)),
    }


def apply(
    augmentation: Augmentation, image: Image, candidates: CandidateMap, size: int
) -> tuple[Image, CandidateMap]:
    """Applies an augmentation; without change the slice's longer side fills the square.

    Args:
        augmentation: What to do.
        image: `(H, W)` float32 in [0, 1].
        candidates: `(H, W)` uint16, see `candidate_sets`.
        size: Side of the square in pixels.

    Returns:
        `(size, size)` float32 in [0, 1] and `(size, size)` uint16; beyond the slice the image
        is 0 and certainly background.
    """
    matrix, offset = _to_source(augmentation, image.shape, size)
    sets = ndimage.affine_transform(
        candidates,
        matrix,
        offset,
        (size, size),
        order=0,
        mode="constant",
        cval=1 << BACKGROUND,
    )
    # Sampling every n-th pixel needs what lies between to be averaged first.
    steps = np.linalg.norm(matrix, axis=1)
    smooth = ndimage.gaussian_filter(image, 0.4 * np.sqrt(np.maximum(steps**2 - 1, 0)))
    pixels = ndimage.affine_transform(smooth, matrix, offset, (size, size), order=1)
    return _appearance(augmentation, pixels), sets


def _to_source(
    augmentation: Augmentation, shape: tuple[int, ...], size: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Matrix and offset that take a pixel of the square to its place in the slice."""
    angle = np.deg2rad(augmentation.rotation)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    signs = np.where(augmentation.flip, -1.0, 1.0)
    matrix = turn @ np.diag(signs / np.array(augmentation.zoom)) * (max(shape) / size)
    centre = (np.array(shape) - 1) / 2 + np.array(augmentation.shift) * max(shape)
    return matrix, centre - matrix @ np.full(2, (size - 1) / 2)


def _appearance(augmentation: Augmentation, pixels: Image) -> Image:
    if augmentation.curve:
        pixels = remapped(pixels, augmentation.curve)
    if any(augmentation.shading):
        pixels = shaded(pixels, augmentation.shading)
    pixels = window(pixels)
    if augmentation.ghosts[0]:
        pixels = ghosted(pixels, *augmentation.ghosts)
    if augmentation.blur:
        pixels = ndimage.gaussian_filter(pixels, augmentation.blur)
    if max(augmentation.resolution) > 1:
        pixels = coarsened(pixels, augmentation.resolution)
    if augmentation.noise:
        pixels = noisy(pixels, augmentation.noise, augmentation.seed)
    return window(pixels)
