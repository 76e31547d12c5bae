"""Tiny cases and networks, so that training takes a moment."""

from __future__ import annotations

import numpy as np
from hypothesis import settings

from spinemsca.anatomy import COLUMN, STRUCTURES
from spinemsca.case import Case
from spinemsca.segment.networks.column import NetworkConfig
from spinemsca.segment.networks.dynunet import DynUNetConfig
from spinemsca.segment.networks.segresnet import SegResNetConfig
from spinemsca.segment.networks.spine_dcan import SpineDCANConfig
from spinemsca.segment.networks.unet import UNetConfig
from spinemsca.segment.training.data import Example, example

# Torch's first call takes longer than the usual deadline of an example.
quick = settings(deadline=None, max_examples=30)

TINY = NetworkConfig(stem=(8, 8), widths=(8, 8, 16), depths=(1, 1, 1), attention=1, expansion=1)

SMALL = {
    "column": TINY,
    "unet": UNetConfig(widths=(8, 16, 32)),
    "dynunet": DynUNetConfig(features=(8, 16, 32)),
    "segresnet": SegResNetConfig(width=8, depths=(1, 1, 1)),
    "spine-dcan": SpineDCANConfig(widths=(8, 16, 24), fusion=8),
}


def ladder(rows: int = 96, columns: int = 64, shift: int = 0) -> np.ndarray:
    """A label map of eleven bars from top to bottom, one under the other."""
    label = np.zeros((rows, columns), np.uint8)
    for i, structure in enumerate(COLUMN):
        label[4 + 8 * i : 11 + 8 * i, 20 + shift : 40 + shift] = structure.value
    return label


def bar_case(name: str = "a", annotated=frozenset(STRUCTURES), shift: int = 0) -> Case:
    label = ladder(shift=shift)
    image = (label / 20 + 0.2).astype(np.float32)
    hidden = [s.value for s in STRUCTURES if s not in annotated]
    label[np.isin(label, hidden)] = 0
    return Case(name, image, label, patient=f"patient-{name}", annotated=annotated)


def bar_example(name: str = "a", **options) -> Example:
    return example(bar_case(name, **options), group="bars")
