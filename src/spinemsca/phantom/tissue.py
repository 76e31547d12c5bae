"""Tissues and their spin-echo signal."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from spinemsca.phantom.parameters import Scanner, Shape, TissueSet

__all__ = ["PROPERTIES", "Properties", "Tissue", "signal_table", "spin_echo"]


class Tissue(IntEnum):
    """Values of a tissue map.

    `MARROW`, `NUCLEUS` and its blurred border `RING` stand for one value a level each.
    """

    AIR = 0
    SKIN = 1
    FAT = 2
    VISCERA = 3
    MUSCLE = 4
    FASCIA = 5
    LIGAMENT = 6
    CORTEX = 7
    CSF = 8
    CORD = 9
    ROOT = 10
    EPIDURAL_FAT = 11
    ANNULUS = 12
    VESSEL = 13
    GAS = 14
    CHYME = 15
    WALL = 16
    FLUID = 17
    STOOL = 18
    INTERSPINOUS = 19
    FATTY = 20
    OEDEMA = 21
    SCLEROSIS = 22
    VEIN = 23
    PRESACRAL = 24
    CLEFT = 25
    PROCESS = 26
    LIVER = 27
    MARROW = 32
    NUCLEUS = 64
    RING = 96


@dataclass(frozen=True, slots=True)
class Properties:
    """What a tissue's signal follows from.

    Attributes:
        t1: Of its water, ms.
        t2: Of its water, ms.
        density: Proton density over that of free water.
        fat: Fat fraction.
    """

    t1: float
    t2: float
    density: float
    fat: float = 0.0


# In ms at 1.5 T: de Bazelaire et al., as below. The density is chosen, not measured.
_FAT_T1: Final = 343.0
_FAT_DENSITY: Final = 0.9

# T1 and T2 at 1.5 T. Fat, muscle, marrow: de Bazelaire et al., Radiology 230:652 (2004). Cord,
# blood: Stanisz et al., Magn Reson Med 54:507 (2005). CSF: T2 about 2 s, Spijkerman et al., MAGMA
# 31:415 (2018). Bone, ligament and gas have next to no visible protons; bowel is chosen by eye.
PROPERTIES: Final[Mapping[Tissue, Properties]] = MappingProxyType(
    {
        Tissue.AIR: Properties(1000, 50, 0.0),
        Tissue.SKIN: Properties(900, 30, 0.6),
        Tissue.FAT: Properties(900, 30, 0.9, 0.98),
        Tissue.VISCERA: Properties(900, 40, 0.9, 0.9),
        Tissue.MUSCLE: Properties(856, 33, 0.85, 0.02),
        Tissue.FASCIA: Properties(800, 20, 0.4, 0.05),
        Tissue.LIGAMENT: Properties(800, 22, 0.45, 0.03),
        Tissue.CORTEX: Properties(500, 10, 0.12, 0.02),
        Tissue.CSF: Properties(4000, 2000, 1.0),
        Tissue.CORD: Properties(745, 76, 0.8),
        Tissue.ROOT: Properties(800, 85, 0.8),
        Tissue.EPIDURAL_FAT: Properties(900, 40, 0.9, 0.95),
        Tissue.ANNULUS: Properties(1000, 40, 0.45),
        Tissue.VESSEL: Properties(1441, 290, 0.9),
        Tissue.GAS: Properties(1000, 50, 0.02),
        Tissue.CHYME: Properties(1200, 75, 0.8, 0.1),
        Tissue.WALL: Properties(900, 50, 0.8, 0.05),
        Tissue.FLUID: Properties(3000, 700, 1.0),
        Tissue.STOOL: Properties(700, 40, 0.5, 0.1),
        Tissue.INTERSPINOUS: Properties(850, 33, 0.75, 0.1),
        Tissue.FATTY: Properties(900, 47, 0.85, 0.8),
        Tissue.OEDEMA: Properties(1200, 110, 0.9, 0.2),
        Tissue.SCLEROSIS: Properties(700, 35, 0.4, 0.1),
        Tissue.VEIN: Properties(1441, 180, 0.85, 0.2),
        Tissue.PRESACRAL: Properties(900, 40, 0.9, 0.95),
        Tissue.CLEFT: Properties(1000, 45, 0.7),
        Tissue.PROCESS: Properties(900, 47, 0.85, 0.45),
        Tissue.LIVER: Properties(586, 46, 0.8, 0.08),
    }
)
"""Properties of the tissues that are the same in all levels, before a patient's own."""


def spin_echo(
    density: float, t1: float, t2: float, repetition_time: float, echo_time: float
) -> float:
    """Signal of a spin echo: PD (1 - exp(-TR/T1)) exp(-TE/T2).

    Args:
        density: Proton density.
        t1: ms.
        t2: ms.
        repetition_time: ms.
        echo_time: ms.
    """
    recovered = 1 - np.exp(-repetition_time / t1)
    return float(density * recovered * np.exp(-echo_time / t2))


def signal_table(shape: Shape, tissue: TissueSet, scanner: Scanner) -> NDArray[np.float32]:
    """`(128,)` signal of every value of a tissue map, that of fat being 1."""
    all_of = _patient(shape, tissue)
    times = scanner.repetition_time, scanner.echo_time
    fat = spin_echo(_FAT_DENSITY, _FAT_T1, tissue.fat_t2, *times)
    table = np.zeros(128, np.float32)
    for value, p in all_of.items():
        water = spin_echo(p.density, p.t1, p.t2, *times)
        table[value] = ((1 - p.fat) * water + p.fat * fat) / fat
    for i in range(len(shape.discs)):
        table[Tissue.RING + i] = (table[Tissue.ANNULUS] + table[Tissue.NUCLEUS + i]) / 2
    table[Tissue.VESSEL] *= shape.soft.vessel_bright
    return table


def _patient(shape: Shape, tissue: TissueSet) -> dict[int, Properties]:
    """Properties by value, with those that differ between patients and levels."""
    out: dict[int, Properties] = {int(k): v for k, v in PROPERTIES.items()}
    out[Tissue.ANNULUS] = Properties(1000, tissue.annulus_t2, 0.45)
    for i, vertebra in enumerate(shape.vertebrae):
        fat = float(np.clip(tissue.marrow_fat + vertebra.marrow, 0.05, 0.9))
        out[Tissue.MARROW + i] = Properties(900, tissue.marrow_water_t2, 0.72, fat)
    out[Tissue.PROCESS] = Properties(900, tissue.marrow_water_t2, 0.72, tissue.marrow_fat)
    for i, disc in enumerate(shape.discs):
        # Water is lost with the grade, so proton density falls along with T2.
        t2 = disc.nucleus_t2
        out[Tissue.NUCLEUS + i] = Properties(1000, t2, 0.33 + 0.45 * min(t2 / 150, 1.0))
    return out
