"""Measures of a disc's signal. Coil shading is removed first, and only ratios are given.

An offset in the image's intensity scaling makes ratios wrong, so they compare discs of one
image better than images.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from spinemsca.anatomy import Structure, above, below
from spinemsca.measure import geometry as g
from spinemsca.measure.definitions import Definition, Quantity, Scope, Values, define
from spinemsca.measure.discs import disc_height_to_healthy
from spinemsca.measure.landmarks import DRAWS
from spinemsca.measure.spine import NotGivenError, Spine

if TYPE_CHECKING:
    from spinemsca.case import Image

__all__ = ["SIGNAL_MEASURES"]

# What a measure needs, as tables print it.
_NEEDS: Final = "the image, and at least two vertebral bodies"
# Signal, or ratio of signals, below which there is none to compare with; chosen.
_DARK: Final = 1e-3
# Pixels that share one noise: assumed to be a neighbourhood of 3 x 3, not measured.
_CORRELATED_PIXELS: Final = 9.0
_Floats = NDArray[np.float64]
_Pixels = NDArray[np.intp]


@define(
    Scope.DISC, Quantity.RATIO, "mean signal of the disc / mean signal of the neighbouring bodies",
    source="Salamat et al. 2016: linear with Pfirrmann 1–4, not 4–5", needs=_NEEDS,
)  # fmt: skip
def disc_signal_to_vertebrae(spine: Spine, at: Structure) -> Values:
    disc = _inner(spine, at)
    near = _beside(spine, at)
    return _ratio(_mean(disc), _mean(np.concatenate([_inner(spine, s) for s in near])))


def _beside(spine: Spine, at: Structure) -> list[Structure]:
    """The vertebrae on both sides of a disc, those of them that lie there in the picture."""
    found, reason = [], "no neighbouring vertebra"
    for pair, body in (((above(at), at), above(at)), ((at, below(at)), below(at))):
        if body is None or body not in spine.blocks:
            continue
        try:
            spine.pair(*pair)
        except NotGivenError as missing:
            reason = str(missing)
        else:
            found.append(body)
    if not found:
        raise NotGivenError(reason)
    return found


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
    return _ratio(nucleus - annulus, nucleus + annulus)


@define(
    Scope.DISC, Quantity.RATIO,
    "-0.9 ln(disc_signal_to_vertebrae) - 0.7 nucleus_contrast - 1.4 disc_height_to_healthy; rises "
    "with degeneration, and is no grade",
    source="this package: weights fitted to Pfirrmann's grades on half of SPIDER's patients with "
    "T2 SPACE",
    needs=f"{_NEEDS}, and the disc's and bodies' corners",
)  # fmt: skip
def degeneration_index(spine: Spine, at: Structure) -> Values:
    signal = np.log(np.maximum(disc_signal_to_vertebrae(spine, at), _DARK))
    contrast, height = nucleus_contrast(spine, at), disc_height_to_healthy(spine, at)
    return np.asarray(-0.9 * signal - 0.7 * contrast - 1.4 * height)


def _ratio(value: Values, reference: Values) -> Values:
    if reference[0] < _DARK:
        raise NotGivenError("no signal to compare with")
    return np.asarray(value / np.maximum(reference, _DARK))


def _flat(spine: Spine, rows: _Pixels, columns: _Pixels) -> _Floats:
    """The image's signal at some pixels over its shading, 1 at a typical vertebral body."""
    if spine.image is None:
        raise NotGivenError("no image was given")
    if "shading" not in spine.cache:
        spine.cache["shading"] = _shading(spine, spine.image)
    middle, weights, least, most = spine.cache["shading"]
    log = weights[0] + (np.stack((rows, columns), axis=-1) - middle) / 100 @ weights[1:]
    return np.asarray(spine.image[rows, columns] / np.exp(np.clip(log, least - 1, most + 1)))


def _shading(spine: Spine, image: Image) -> tuple[_Floats, _Floats, float, float]:
    """A plane through the log signal of the bodies' anterior and posterior halves."""
    places, levels = [], []
    for body in spine.bodies():
        rows, columns = _inner_pixels(spine, body)
        values, middle = image[rows, columns], np.median(columns)
        for half in (columns <= middle, columns > middle):
            if half.any():
                places.append((rows[half].mean(), columns[half].mean()))
                levels.append(max(float(np.median(values[half])), 1e-4))
    if len(levels) < 4:
        raise NotGivenError("fewer than two vertebral bodies to estimate shading from")
    logs = np.log(levels)
    return *_plane(np.array(places), logs), float(logs.min()), float(logs.max())


def _plane(places: _Floats, logs: _Floats) -> tuple[_Floats, _Floats]:
    """The places' middle, and the plane's height there and slopes per 100 pixels."""
    middle = places.mean(axis=0)
    basis = np.column_stack((np.ones(len(places)), (places - middle) / 100))
    # A weak pull towards no slope keeps few bodies from inventing one across the image.
    pull = np.diag([0.0, 0.05, 0.5])
    return middle, np.linalg.solve(basis.T @ basis + pull, basis.T @ logs)


def _inner(spine: Spine, at: Structure) -> _Floats:
    """The shading-free signal of a structure's pixels without its rim."""
    spine.block(at)
    key = ("signal", at.value)
    if key not in spine.cache:
        spine.cache[key] = _flat(spine, *_inner_pixels(spine, at))
    found: _Floats = spine.cache[key]
    return found


def _inner_pixels(spine: Spine, at: Structure) -> tuple[_Pixels, _Pixels]:
    if at not in spine.cache:
        box = spine.boxes[at.value - 1]
        mask = np.pad(spine.label[box] == at.value, 1)
        inner = np.zeros_like(mask)
        inner[1:-1, 1:-1] = (
            mask[1:-1, 1:-1] & mask[:-2, 1:-1] & mask[2:, 1:-1] & mask[1:-1, :-2] & mask[1:-1, 2:]
        )
        rows, columns = np.nonzero(inner if inner.sum() >= 12 else mask)
        spine.cache[at] = rows + box[0].start - 1, columns + box[1].start - 1
    found: tuple[_Pixels, _Pixels] = spine.cache[at]
    return found


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
    draws = np.random.default_rng(len(values)).standard_normal(1 + DRAWS)
    draws[0] = 0
    return np.asarray(values.mean() + error * draws)


def _fluid(spine: Spine) -> float:
    """The fluid's signal: the 85th percentile of strips behind the discs' posterior ends."""
    if "fluid" not in spine.cache:
        strips = [_strip(spine, disc) for disc in Scope.DISC.of(spine) if disc in spine.blocks]
        strips = [strip for strip in strips if len(strip)]
        if not strips:
            raise NotGivenError("no place behind a disc to look for fluid")
        places = np.concatenate(strips)
        spine.cache["fluid"] = float(np.percentile(_flat(spine, *places.T), 85))
    found: float = spine.cache["fluid"]
    if found < 1.3:
        raise NotGivenError("no fluid brighter than bone behind the spine")
    return found


def _strip(spine: Spine, disc: Structure) -> _Pixels:
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
    degeneration_index,
)
"""Measures of signal, in the order of the table."""
