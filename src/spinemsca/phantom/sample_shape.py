"""Drawing a patient's geometry."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemsca.case import Sex
from spinemsca.phantom import priors
from spinemsca.phantom.parameters import Disc, Process, SchmorlNode, Shape, Vertebra
from spinemsca.phantom.sample_soft import draw_soft_tissue

if TYPE_CHECKING:
    from numpy.random import Generator

    from spinemsca.phantom.priors import Range

__all__ = ["draw_shape"]

_SACRUM: Final = priors.LEVELS.index("S1")
_L1: Final = priors.LEVELS.index("L1")
_LEAST_DISC: Final = 2.6
"""mm that even a collapsed disc keeps at its margins, so that both endplates stay apart."""
_HEIGHT_LEFT: Final = (1.04, 1.0, 0.92, 0.78, 0.55)
"""Share of the disc's height left at Pfirrmann grade 1 to 5; the grade's definition says normal
to 3, and collapsed at 5."""
_SLIP_ODDS: Final = {"L3": 0.05, "L4": 0.1, "L5": 0.07}
"""Chance of a slip; L4/5 is the usual place of degenerative, L5/S1 of lytic listhesis."""


def draw_shape(rng: Generator, sex: Sex, age: float) -> Shape:
    """A patient's geometry.

    Args:
        rng: Source of chance.
        sex: Men's bodies are larger.
        age: 0 young to 1 old: degeneration, osteophytes, fat.
    """
    size = (priors.MALE_SIZE if sex is Sex.MALE else priors.FEMALE_SIZE).at(rng.normal())
    person = rng.normal(size=2)
    vertebrae = tuple(_vertebra(rng, i, size, person, age) for i in range(len(priors.LEVELS)))
    discs = [_disc(rng, i, vertebrae, size, age) for i in range(len(vertebrae) - 1)]
    discs = _with_lordosis(rng, vertebrae, discs)
    slope = _slope(rng, vertebrae, discs)
    soft = draw_soft_tissue(rng, sex, age, size)
    return Shape(slope, vertebrae, tuple(discs), soft)


def _near(rng: Generator, spread: Range, person: float) -> float:
    """A value that shares most of its deviation with the rest of the person."""
    return spread.at(0.7 * person + 0.5 * rng.normal())


def _vertebra(rng: Generator, i: int, size: float, person: np.ndarray, age: float) -> Vertebra:
    name = priors.LEVELS[i]
    depth = size * _near(rng, priors.BODY_DEPTH[name], person[0])
    taper = {"S1": 0.66, "S2": 0.76, "S3": 0.8, "S4": 0.78, "S5": 0.7}.get(name)
    height = size * _near(rng, priors.BODY_HEIGHT[name], person[1])
    wedge = priors.BODY_WEDGE[name].at(rng.normal())
    fracture = i < _SACRUM and rng.random() < 0.02 + 0.04 * age**2
    if fracture:
        loss = rng.uniform(0.1, 0.3)
        height, wedge = height * (1 - loss), wedge - 18 * loss
    return Vertebra(
        name=name,
        depth=depth,
        lower_depth=depth * (taper or rng.normal(1.0, 0.012)),
        height=height,
        wedge=wedge,
        concavity=_concavity(rng, name, fracture),
        waist=(rng.uniform(1.2, 2.8), rng.uniform(0.5, 1.6)) if taper is None else (0.5, 0.2),
        lips=_lips(rng, age) if taper is None else (0.0, 0.0, 0.0, 0.0),
        upper_node=_node(rng, age) if taper is None or name == "S1" else None,
        lower_node=_node(rng, age) if taper is None else None,
        process=_process(rng, i, size),
        marrow=rng.normal(0, 0.03),
    )


def _concavity(rng: Generator, name: str, fracture: bool) -> tuple[float, float]:
    if name.startswith("S"):
        return (rng.uniform(0.2, 1.0) if name == "S1" else 0.2, 0.2)
    extra = rng.uniform(0.5, 2.0) if fracture else 0.0
    return rng.uniform(0.6, 1.7) + extra, rng.uniform(0.9, 2.3)


def _lips(rng: Generator, age: float) -> tuple[float, float, float, float]:
    lips = [rng.exponential(0.3 + 1.3 * age**2) for _ in range(4)]
    a, b, c, d = (min(v, limit) for v, limit in zip(lips, (4.5, 1.5, 4.5, 1.5), strict=True))
    return a, b * 0.5, c, d * 0.5


def _node(rng: Generator, age: float) -> SchmorlNode | None:
    if rng.random() > 0.04 + 0.05 * age:
        return None
    return SchmorlNode(rng.uniform(0.3, 0.75), rng.uniform(1.5, 4.0), rng.uniform(1.8, 3.6))


def _process(rng: Generator, i: int, size: float) -> Process | None:
    if rng.random() < 0.1:
        return None
    length, height, tilt, uneven = _process_size(rng, i)
    bumps = tuple(rng.normal(0, uneven, size=9).tolist())
    return Process(length * size, height * size, tilt, rng.uniform(1.0, 3.2), bumps)


def _process_size(rng: Generator, i: int) -> tuple[float, float, float, float]:
    """Length, height, tilt and unevenness: slender and steep above, mere crests on the sacrum."""
    if i > _SACRUM:
        return rng.uniform(4, 9), rng.uniform(9, 13), rng.uniform(-5, 5), 0.6
    if i == _SACRUM:
        return rng.uniform(9, 15), rng.uniform(10, 15), rng.uniform(0, 14), 0.6
    if i < _L1:
        return rng.normal(27, 2), rng.normal(12.5, 1.5), rng.uniform(22, 42), 1.1
    if i == _SACRUM - 1:
        return rng.normal(21, 2.5), rng.normal(14, 1.8), rng.uniform(4, 20), 1.1
    return rng.normal(27, 2.5), rng.normal(19, 2), rng.uniform(6, 20), 1.1


def _disc(rng: Generator, i: int, vertebrae: tuple[Vertebra, ...], size: float, age: float) -> Disc:
    above, below = vertebrae[i], vertebrae[i + 1]
    grade = _grade(rng, above.name, age)
    whole = size * priors.DISC_HEIGHT[above.name].at(rng.normal()) * _HEIGHT_LEFT[grade - 1]
    least = 1.2 if i >= _SACRUM else _LEAST_DISC + 0.6
    worn = max(grade - 2, 0)
    front = rng.uniform(0.3, 1.2) + 0.5 * worn * rng.random()
    back = rng.uniform(-0.3, 0.8) + 0.9 * worn * rng.random()
    if grade >= 3 and i < _SACRUM and rng.random() < 0.12:
        back += rng.uniform(1.5, 4.0)
    return Disc(
        height=max(whole - above.concavity[1] - below.concavity[0], least),
        wedge=priors.DISC_WEDGE[above.name].at(rng.normal()),
        slip=0.0 if i >= _SACRUM else _slip(rng, above, age),
        bulge=(front, back) if i < _SACRUM else (0.0, 0.0),
        grade=grade,
        nucleus_t2=priors.NUCLEUS_T2[grade - 1].at(rng.normal()),
        cleft=rng.uniform(0.2, 0.9) * (grade in (2, 3)) * (rng.random() < 0.75),
    )


def _grade(rng: Generator, level: str, age: float) -> int:
    if level.startswith("S"):
        return 4
    extra = {"L3": 0.3, "L4": 0.7, "L5": 0.7}.get(level, 0.0)
    return int(np.clip(round(1.7 + 2.3 * age + extra + rng.normal(0, 0.6)), 1, 5))


def _slip(rng: Generator, above: Vertebra, age: float) -> float:
    if rng.random() < _SLIP_ODDS.get(above.name, 0.01) * (0.5 + age):
        forward = rng.random() < 0.75
        return rng.uniform(0.08, 0.26) * above.depth * (1.0 if forward else -0.45)
    return float(np.clip(rng.normal(0, 0.5), -1.2, 1.2))


def _with_lordosis(
    rng: Generator, vertebrae: tuple[Vertebra, ...], discs: list[Disc]
) -> list[Disc]:
    """Discs turned so that L1-S1 sums to a drawn lordosis, as far as their heights allow."""
    wanted = priors.LORDOSIS.at(rng.normal())
    lumbar = range(_L1, _SACRUM)
    out = [_turned(d, d.wedge, vertebrae[i : i + 2]) for i, d in enumerate(discs)]
    for _ in range(3):
        # What a flat disc cannot give, the others share.
        missing = wanted - sum(vertebrae[i].wedge + out[i].wedge for i in lumbar)
        whole = sum(discs[i].wedge for i in lumbar)
        for i in lumbar:
            more = missing * discs[i].wedge / whole
            out[i] = _turned(out[i], out[i].wedge + more, vertebrae[i : i + 2])
    return out


def _slope(rng: Generator, vertebrae: tuple[Vertebra, ...], discs: list[Disc]) -> float:
    """The sacral slope that leaves L1 nearly level, as people lie in the scanner."""
    lordosis = sum(vertebrae[i].wedge + discs[i].wedge for i in range(_L1, _SACRUM))
    slope = priors.L1_TILT.at(rng.normal()) + lordosis
    return float(np.clip(slope, priors.SACRAL_SLOPE.low, priors.SACRAL_SLOPE.high))


def _turned(disc: Disc, wedge: float, around: tuple[Vertebra, ...]) -> Disc:
    """A disc turned as far as its lower side leaves the least height."""
    above, below = around
    room = max(disc.height - _LEAST_DISC, 0.2)
    limit = float(np.degrees(2 * np.arctan(room / min(above.lower_depth, below.depth))))
    return replace(disc, wedge=float(np.clip(wedge, -limit, limit)))
