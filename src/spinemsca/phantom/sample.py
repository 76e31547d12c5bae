"""Drawing a case's parameters from a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from spinemsca.anatomy import VERTEBRAE
from spinemsca.case import Sex
from spinemsca.errors import UsageError
from spinemsca.phantom import priors
from spinemsca.phantom.column import build_column
from spinemsca.phantom.geometry import rotated
from spinemsca.phantom.parameters import Parameters, Scanner, TissueSet
from spinemsca.phantom.sample_shape import draw_shape

if TYPE_CHECKING:
    from numpy.random import Generator

    from spinemsca.phantom.geometry import Points
    from spinemsca.phantom.parameters import Shape

__all__ = ["CONTRASTS", "draw_parameters"]

CONTRASTS: Final = ("t2", "t1", "random")
_MARGIN: Final = 9.0
"""mm kept between the labelled structures and the border of the image."""


def draw_parameters(seed: int, index: int = 0, contrast: str = "t2") -> Parameters:
    """The parameters of case `index` of the series `seed`; they depend on no other case.

    Args:
        seed: Not negative.
        index: Not negative.
        contrast: `t2`, `t1`, or `random` for either.

    Raises:
        UsageError: If an argument is out of range.
    """
    if seed < 0 or index < 0:
        raise UsageError(f"seed {seed} or index {index} is negative", remedy="Use 0 or more")
    if contrast not in CONTRASTS:
        raise UsageError(f"no contrast {contrast!r}", remedy=f"Use one of {', '.join(CONTRASTS)}")
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(index,)))
    sex, age = _sex(seed, index), rng.beta(1.5, 1.5)
    if contrast == "random":
        contrast = "t1" if rng.random() < 0.3 else "t2"
    shape = draw_shape(rng, sex, age)
    return Parameters(sex, contrast, shape, _tissue(rng, age), _scanner(rng, shape, contrast))


def _sex(seed: int, index: int) -> Sex:
    """Men spread evenly over the series, so that any number of cases holds their share."""
    start = np.random.default_rng(np.random.SeedSequence(seed)).random()
    before = int(start + priors.MALE_SHARE * index)
    return Sex.MALE if int(start + priors.MALE_SHARE * (index + 1)) > before else Sex.FEMALE


def _tissue(rng: Generator, age: float) -> TissueSet:
    return TissueSet(
        marrow_fat=priors.MARROW_FAT.at(rng.normal() + 1.2 * (age - 0.5)),
        marrow_water_t2=priors.MARROW_WATER_T2.at(rng.normal()),
        fat_t2=rng.uniform(100, 160),
        coarse=rng.uniform(0.04, 0.12),
        fine=rng.uniform(0.07, 0.17),
        annulus_t2=rng.uniform(33, 48),
        seed=int(rng.integers(2**32)),
    )


def _scanner(rng: Generator, shape: Shape, contrast: str) -> Scanner:
    turn = rng.normal(0, 1.5)
    low, high = _extent(shape, turn)
    rows_mm = max(rng.uniform(250, 350), high[1] - low[1] + 2 * _MARGIN + 4)
    wide = rows_mm * (1.0 if rng.random() < 0.7 else rng.uniform(0.8, 1.0))
    pixel = rng.uniform(0.62, 0.95)
    t2 = contrast == "t2"
    banded = rng.random() < 0.6
    return Scanner(
        field_of_view=(rows_mm, wide),
        matrix=(_even(rows_mm / pixel), _even(wide / pixel)),
        centre=_centre(rng, low, high, rows_mm, wide),
        turn=turn,
        repetition_time=rng.uniform(2200, 4500) if t2 else rng.uniform(450, 750),
        echo_time=rng.uniform(82, 122) if t2 else rng.uniform(8, 15),
        acquired=(rng.uniform(0.6, 0.95), rng.uniform(0.75, 1.0)),
        noise=float(np.exp(rng.uniform(np.log(0.006), np.log(0.03)))),
        coil_depth=rng.uniform(110, 260),
        coil_share=rng.beta(1.6, 1.6),
        coil_y=rng.uniform(-130, -70),
        coil_length=rng.uniform(140, 230),
        saturation=rng.uniform(0.04, 0.3) if banded else 1.0,
        saturation_gap=rng.uniform(6, 34),
        saturation_edge=rng.uniform(25, 75),
        ghost=float(rng.exponential(0.03)),
        ghost_period=rng.uniform(3, 14),
        ghost_phase=rng.uniform(0, 2 * np.pi),
        wrap=rng.uniform(3, 14) if rng.random() < 0.15 else 0.0,
        white=rng.uniform(98.6, 99.6),
        seed=int(rng.integers(2**32)),
    )


def _even(count: float) -> int:
    return 2 * round(float(np.clip(count, 320, 448)) / 2)


def _extent(shape: Shape, turn: float) -> tuple[Points, Points]:
    """Least and greatest (x, y) of the labelled structures in the turned frame, mm."""
    bodies = build_column(shape)
    points = np.vstack([bodies[s.name].outline for s in VERTEBRAE])
    turned = rotated(points, turn)
    return turned.min(axis=0), turned.max(axis=0)


def _centre(
    rng: Generator, low: Points, high: Points, rows_mm: float, wide: float
) -> tuple[float, float]:
    """A centre that keeps the labelled structures inside, usually on L3 and before the spine."""
    spine = (low[0] + high[0]) / 2
    x = spine - wide * rng.uniform(-0.02, 0.12)
    y = -88 + rng.normal(0, 9)
    limits = [
        (high[i] + _MARGIN - extent / 2, low[i] - _MARGIN + extent / 2)
        for i, extent in enumerate((wide, rows_mm))
    ]
    (x0, x1), (y0, y1) = limits
    return float(np.clip(x, x0, x1)), float(np.clip(y, y0, y1))
