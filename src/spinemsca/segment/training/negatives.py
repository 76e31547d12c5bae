"""Pictures that are no lumbar slice, made from noise, shapes and lumbar slices taken apart.

A network that never saw anything but spines finds one everywhere. Trained on these, with nothing
but background in them, it finds none where there is none, and prediction can refuse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from spinemsca.anatomy import BACKGROUND
from spinemsca.segment.inference.intensity import window
from spinemsca.segment.training.data import Example

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

    from spinemsca.case import Image

__all__ = ["GROUP", "distractors"]

GROUP: Final = "distractor"
"""Group of these examples, as training's weights name it."""

# Pixels a side of what is made from nothing; chosen, not measured.
_SIDE: Final = 320


def distractors(examples: Sequence[Example], number: int, seed: int) -> list[Example]:
    """Makes pictures without a lumbar spine; the same seed gives the same ones.

    Args:
        examples: Lumbar slices to take apart.
        number: How many to make.
        seed: Of everything random.

    Returns:
        Examples of the group `distractor`, certainly background everywhere.
    """
    made = []
    for i in range(number):
        rng = np.random.default_rng((seed, i))
        kind = _KINDS[i % len(_KINDS)]
        image = window(kind(examples[int(rng.integers(len(examples)))], rng))
        nothing = np.full(image.shape, 1 << BACKGROUND, np.uint16)
        made.append(Example(f"{GROUP}-{i}", f"{GROUP}-{i}", GROUP, image, nothing))
    return made


def _turned(source: Example, rng: Generator) -> Image:
    """A slice on its side."""
    return np.rot90(source.image, rng.choice([1, 3])).copy()


def _shuffled(source: Example, rng: Generator) -> Image:
    """A slice in tiles about as large as a vertebra, in any order."""
    image = source.image
    tiles = int(rng.integers(5, 10))
    rows, columns = (n // tiles for n in image.shape)
    order = rng.permutation(tiles * tiles)
    shuffled = np.zeros((rows * tiles, columns * tiles), np.float32)
    for place, tile in enumerate(order):
        (r, c), (y, x) = divmod(place, tiles), divmod(int(tile), tiles)
        shuffled[r * rows : (r + 1) * rows, c * columns : (c + 1) * columns] = image[
            y * rows : (y + 1) * rows, x * columns : (x + 1) * columns
        ]
    return shuffled


def _aside(source: Example, rng: Generator) -> Image:
    """The belly in front of the spine or the back behind it, enlarged."""
    image = source.image
    shown = np.nonzero((source.candidates & (1 << BACKGROUND) == 0).any(axis=0))[0]
    front, back = int(shown[0]), image.shape[1] - int(shown[-1]) - 1
    margin = max(front, back)
    strip = image[:, :front] if front >= back else image[:, image.shape[1] - back :]
    height = min(image.shape[0], max(32, int(rng.uniform(1, 2) * margin)))
    top = int(rng.integers(image.shape[0] - height + 1))
    return strip[top : top + height].copy()


def _texture(_source: Example, rng: Generator) -> Image:
    """Noise of several sizes, stripes and ramps."""
    rows, columns = np.mgrid[:_SIDE, :_SIDE] / _SIDE - 0.5
    picture = rng.normal() * rows + rng.normal() * columns
    for _ in range(int(rng.integers(1, 4))):
        size = np.exp(rng.uniform(np.log(0.5), np.log(40)))
        picture += rng.normal() * _standard(_noise(rng, size))
    if rng.random() < 0.4:
        waves = rng.normal(0, 40, 2)
        picture += rng.normal() * np.sin(waves[0] * rows + waves[1] * columns)
    return np.asarray(picture, np.float32)


def _shapes(_source: Example, rng: Generator) -> Image:
    """Ellipses and boxes on each other, with texture, as in photographs."""
    picture = 0.2 * _standard(_noise(rng, 30)) * rng.random()
    for _ in range(int(rng.integers(3, 40))):
        inside = _ellipse(rng, rng.uniform(0.02, 0.5)) if rng.random() < 0.6 else _box(rng)
        picture[inside] = rng.random() + 0.2 * rng.random() * _standard(_noise(rng, 4))[inside]
    return _soft(picture, rng.uniform(0.3, 2))


def _section(_source: Example, rng: Generator) -> Image:
    """A round section through a head or a trunk: skin, fat or bone, and folded tissue inside."""
    rows, columns = np.mgrid[:_SIDE, :_SIDE] / _SIDE - 0.5
    wide, tall = rng.uniform(0.3, 0.48, 2)
    bent = 0.04 * _standard(_noise(rng, 30))
    depth = 1 - np.hypot(rows / tall, columns / wide) + bent
    tissue = rng.random() + rng.uniform(0.1, 0.5) * np.sign(
        _standard(_noise(rng, rng.uniform(3, 9)))
    )
    picture = np.where(depth > 0, tissue, 0.0)
    for inner in np.cumsum(rng.uniform(0.03, 0.12, 3)):
        ring = (depth > inner - 0.04) & (depth <= inner)
        picture[ring] = rng.random() * 2
    for _ in range(int(rng.integers(0, 6))):
        picture[_ellipse(rng, rng.uniform(0.02, 0.12)) & (depth > 0.2)] = rng.random() * 1.5
    return _soft(picture, rng.uniform(0.5, 2))


# Taken in turn, so that there are as many of each.
_KINDS: Final[tuple[Callable[[Example, Generator], Image], ...]] = (
    _turned,
    _shuffled,
    _aside,
    _texture,
    _shapes,
    _section,
)


def _noise(rng: Generator, size: float) -> NDArray[np.float64]:
    smooth: NDArray[np.float64] = ndimage.gaussian_filter(rng.normal(size=(_SIDE, _SIDE)), size)
    return smooth


def _soft(picture: NDArray[np.float64], size: float) -> Image:
    smooth: Image = ndimage.gaussian_filter(picture.astype(np.float32), size)
    return smooth


def _standard(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((values - values.mean()) / (values.std() + 1e-9))


def _ellipse(rng: Generator, size: float) -> NDArray[np.bool_]:
    rows, columns = np.mgrid[:_SIDE, :_SIDE] / _SIDE - rng.random((2, 1, 1))
    angle, ratio = rng.uniform(0, np.pi), rng.uniform(0.4, 1)
    along = rows * np.cos(angle) + columns * np.sin(angle)
    across = columns * np.cos(angle) - rows * np.sin(angle)
    inside: NDArray[np.bool_] = np.hypot(along, across / ratio) < size
    return inside


def _box(rng: Generator) -> NDArray[np.bool_]:
    inside = np.zeros((_SIDE, _SIDE), dtype=bool)
    (top, left), (height, width) = rng.integers(0, _SIDE, 2), rng.integers(5, _SIDE // 2, 2)
    inside[top : top + height, left : left + width] = True
    return inside
