"""Drawing the soft tissues about the column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spinemsca.case import Sex
from spinemsca.phantom import priors
from spinemsca.phantom.parameters import Blob, Lesion, SoftTissue

if TYPE_CHECKING:
    from numpy.random import Generator

__all__ = ["draw_soft_tissue"]


def draw_soft_tissue(rng: Generator, sex: Sex, age: float, size: float) -> SoftTissue:
    """Canal, fat, muscle, vessels and bowel of one patient.

    Args:
        rng: Source of chance.
        sex: Women have more fat under the skin.
        age: 0 young to 1 old.
        size: Scale of the body, 1 for the mean of both sexes.
    """
    stout = rng.normal()
    canal = rng.normal()
    fat = max(6.0, (13 if sex is Sex.MALE else 19) + 9 * stout)
    return SoftTissue(
        canal=tuple(
            priors.CANAL_DEPTH[n].at(0.8 * canal + 0.4 * rng.normal()) for n in priors.LEVELS
        ),
        sac_gap=(rng.uniform(0.9, 1.5), rng.uniform(1.6, 4.0), rng.uniform(2.5, 5.0)),
        sac_share=rng.uniform(0.76, 0.9),
        sac_end=rng.uniform(1.2, 2.3),
        cord=rng.uniform(6.8, 8.6),
        conus=priors.CONUS.at(rng.normal()),
        roots=tuple(np.sort(rng.beta(2.2, 1.1, size=int(rng.integers(4, 8)))).tolist()),
        fat_pads=rng.uniform(5.0, 9.5),
        back_fat=(fat, fat * rng.uniform(1.0, 1.6)),
        prevertebral=rng.uniform(1.5, 6.0),
        vessel=rng.uniform(8, 17) if rng.random() < 0.65 else 0.0,
        vessel_end=rng.uniform(2.6, 4.2),
        vessel_bright=rng.uniform(0.0, 0.16),
        belly=float(np.clip(150 + 26 * stout + 8 * rng.normal(), 105, 230)),
        belly_fat=float(np.clip(16 + 9 * stout, 5, 45)),
        muscle_fat=float(np.clip(0.2 + 0.34 * age + 0.08 * rng.normal(), 0.04, 0.6)),
        bowel=_bowel(rng),
        lesions=_lesions(rng, age),
        basivertebral=rng.uniform(4, 10) * size if rng.random() < 0.85 else 0.0,
    )


def _bowel(rng: Generator) -> tuple[Blob, ...]:
    kinds = ("gas", "chyme", "wall", "wall", "stool", "stool")
    loops = []
    for _ in range(int(rng.integers(3, 9))):
        x, y = rng.uniform(-150, -45), rng.uniform(-200, 70)
        a, b = rng.uniform(6, 17), rng.uniform(5, 12)
        loops.append(Blob(x, y, a, b, rng.uniform(0, 180), str(rng.choice(kinds))))
    if rng.random() < 0.5:
        loops.append(Blob(rng.uniform(-75, -35), rng.uniform(85, 110), 30, 20, 20.0, "fluid"))
    if rng.random() < 0.5:
        x, y = rng.uniform(-150, -95), rng.uniform(-260, -215)
        loops.append(Blob(x, y, rng.uniform(35, 60), rng.uniform(30, 60), 60.0, "liver"))
    for _ in range(int(rng.integers(1, 6))):
        x, y = rng.uniform(-40, 20), rng.uniform(55, 110)
        a, b = rng.uniform(7, 15), rng.uniform(6, 10)
        loops.append(Blob(x, y, a, b, rng.uniform(0, 180), str(rng.choice(kinds))))
    return tuple(loops)


def _lesions(rng: Generator, age: float) -> tuple[Lesion, ...]:
    """Modic changes lie at an endplate, haemangiomas anywhere."""
    lesions = []
    for name in priors.LEVELS:
        if name.startswith("S") or rng.random() > 0.10 + 0.25 * age:
            continue
        y = float(rng.choice((rng.uniform(0.05, 0.2), rng.uniform(0.8, 0.95), rng.random())))
        kind = str(rng.choice(("fatty", "fatty", "oedema", "sclerosis")))
        a, b = rng.uniform(2, 10), rng.uniform(1.5, 4.5)
        x, turn = rng.uniform(0.1, 0.9), rng.uniform(-20, 20)
        lesions.append(Lesion(name, x, y, a, b, turn, kind))
    return tuple(lesions)
