"""Measures of a disc's signal. Coil shading is removed first, and only ratios are given.

An offset in the image's intensity scaling makes ratios wrong, so they compare discs of one
image better than images.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spinemsca.anatomy import DISCS, VERTEBRAE, Structure, above, below
from spinemsca.measure import geometry as g
from spinemsca.measure.definitions import Definition, Quantity, Scope, Values, define
from spinemsca.measure.spine import NotGivenError, Spine

__all__ = ["SIGNAL_MEASURES"]

_NEEDS: Final = "the image, and at least two vertebral bodies"
_SHADING_TERMS: Final = 3
_CORRELATED_PIXELS: Final = 9.0
_Floats = NDArray[np.float64]


@define(
    Scope.DISC, Quantity.RATIO, "mean signal of the disc / mean signal of the neighbouring bodies",
    source="Salamat et al. 2016: linear with Pfirrmann 1–4, not 4–5", needs=_NEEDS,
)  # fmt: skip
def disc_signal_to_vertebrae(spine: Spine, at: Structure) -> Values:
    disc = _inner(spine, at)
    near = [s for s in (above(at), below(at)) if s is not None and s in spine.blocks]
    if not near:
        raise NotGivenError("no neighbouring vertebra")
    return _mean(disc) / _mean(np.concatenate([_inner(spine, s) for s in near]))


@define(
    Scope.DISC, Quantity.RATIO,
    "mean signal of the disc / signal of cerebrospinal fluid, the bright part of a strip behind "
    "the posterior walls",
    needs=f"{_NEEDS}; a strip that holds fluid brighter than bone",
)  # fmt: skip
def disc_signal_to_csf(spine: Spine, at: Structure) -> Values:
    return _mean(_inner(spine, at)) / _fluid(spine)


@define(
    Scope.DISC, Quantity.RATIO,
    "(nucleus - annulus) / (nucleus + annulus): mean signal of the disc's middle half against that "
    "of its anterior and posterior sixths",
    needs=f"{_NEEDS}, and the disc's corners",
)  # fmt: skip
def nucleus_contrast(spine: Spine, at: Structure) -> Values:
    values, place = _inner(spine, at), _place(spine, at)
    nucleus = _mean(values[np.abs(place) < 0.25])
    annulus = _mean(values[np.abs(place) > 1 / 3])
    return (nucleus - annulus) / (nucleus + annulus)


def _flat(spine: Spine) -> _Floats:
    """The image over its shading, 1 at a typical vertebral body."""
    if "flat" not in spine.cache:
        if spine.image is None:
            raise NotGivenError("no image was given")
        spine.cache["flat"] = _without_shading(spine)
    found: _Floats = spine.cache["flat"]
    return found


def _without_shading(spine: Spine) -> _Floats:
    """Divides by exp of a plane fitted to the bodies' log signal; one mean a body and half."""
    assert_image = np.asarray(spine.image, dtype=np.float64)
    places, levels = [], []
    for body in VERTEBRAE:
        if body not in spine.blocks:
            continue
        rows, columns = np.nonzero(spine.label == body.value)
        values = assert_image[rows, columns]
        middle = np.median(columns)
        for half in (columns <= middle, columns > middle):
            if half.sum() >= 8:
                places.append((rows[half].mean(), columns[half].mean()))
                levels.append(max(float(np.median(values[half])), 1e-4))
    if len(levels) < 2 * 2:
        raise NotGivenError("fewer than two vertebral bodies to estimate shading from")
    return assert_image / _plane(np.array(places), np.log(levels), assert_image.shape)


def _plane(places: _Floats, logs: _Floats, shape: tuple[int, ...]) -> _Floats:
    middle = places.mean(axis=0)
    basis = np.column_stack((np.ones(len(places)), (places - middle) / 100))
    # A weak pull towards no slope keeps few bodies from inventing one across the image.
    pull = np.diag([0.0, 0.05, 0.5])
    weights = np.linalg.solve(basis.T @ basis + pull, basis.T @ logs)
    rows = (np.arange(shape[0]) - middle[0]) / 100
    columns = (np.arange(shape[1]) - middle[1]) / 100
    log = weights[0] + weights[1] * rows[:, None] + weights[2] * columns
    return np.asarray(np.exp(np.clip(log, logs.min() - 1, logs.max() + 1)))


def _inner(spine: Spine, at: Structure) -> _Floats:
    """The shading-free signal of a structure's pixels without its rim."""
    flat = _flat(spine)
    spine.block(at)
    rows, columns = _inner_pixels(spine, at)
    return flat[rows, columns]


def _inner_pixels(spine: Spine, at: Structure) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    box = ndimage.find_objects(spine.label == at.value)[0]
    mask = np.pad(spine.label[box] == at.value, 1)
    inner = ndimage.binary_erosion(mask)
    rows, columns = np.nonzero(inner if inner.sum() >= 12 else mask)
    return rows + box[0].start - 1, columns + box[1].start - 1


def _place(spine: Spine, at: Structure) -> _Floats:
    """Place of each inner pixel from the disc's anterior (-0.5) to its posterior end (0.5)."""
    disc = spine.block(at)
    front, back = disc.middle(g.ANTERIOR)[0], disc.middle(g.POSTERIOR)[0]
    points = np.stack(_inner_pixels(spine, at), axis=-1) * spine.pixel
    length = max(float(np.hypot(*(back - front))), 1e-9)
    return np.asarray((points - front) @ (back - front) / length**2 - 0.5)


def _mean(values: _Floats) -> Values:
    """The mean and draws from its standard error, neighbouring pixels sharing their noise."""
    if len(values) == 0:
        raise NotGivenError("no pixels to take a mean of")
    error = values.std() * np.sqrt(_CORRELATED_PIXELS / max(len(values), _CORRELATED_PIXELS))
    draws = np.random.default_rng(len(values)).standard_normal(97)
    draws[0] = 0
    return np.asarray(values.mean() + error * draws)


def _fluid(spine: Spine) -> float:
    """The fluid's signal: the 85th percentile of strips behind the discs' posterior ends."""
    if "fluid" not in spine.cache:
        flat = _flat(spine)
        strips = [_strip(spine, disc) for disc in DISCS if disc in spine.blocks]
        strips = [strip for strip in strips if len(strip)]
        if not strips:
            raise NotGivenError("no place behind a disc to look for fluid")
        places = np.concatenate(strips)
        spine.cache["fluid"] = float(np.percentile(flat[places[:, 0], places[:, 1]], 85))
    found: float = spine.cache["fluid"]
    if found < 1.3:
        raise NotGivenError("no fluid brighter than bone behind the spine")
    return found


def _strip(spine: Spine, disc: Structure) -> NDArray[np.intp]:
    """Pixels behind a disc: from a tenth to six tenths of its depth beyond its posterior end."""
    block = spine.blocks[disc]
    front, back = block.middle(g.ANTERIOR)[0], block.middle(g.POSTERIOR)[0]
    if not np.isfinite([front, back]).all():
        return np.zeros((0, 2), dtype=np.intp)
    depth = back - front
    along = np.linspace(0.1, 0.6, 25)[:, None, None] * depth
    across = np.linspace(-0.15, 0.15, 9)[None, :, None] * np.array([depth[1], -depth[0]])
    pixels = np.rint((back + along + across).reshape(-1, 2) / spine.pixel).astype(np.intp)
    inside = ((pixels >= 0) & (pixels < spine.label.shape)).all(axis=1)
    pixels = pixels[inside]
    return np.asarray(pixels[spine.label[pixels[:, 0], pixels[:, 1]] == 0])


SIGNAL_MEASURES: Final[tuple[Definition, ...]] = (
    disc_signal_to_vertebrae,
    disc_signal_to_csf,
    nucleus_contrast,
)
"""In the order of the table."""
