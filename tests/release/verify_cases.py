"""A small release that passes every rule, and ways to spoil it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from scipy import ndimage as ndi

from spinemsca.anatomy import COLUMN
from spinemsca.case import Case, Sex
from spinemsca.release.layout import Entry
from spinemsca.release.release import write_release
from spinemsca.release.split import Split

SPLITS = (Split.TRAIN, Split.TRAIN, Split.TRAIN, Split.VAL, Split.TEST)


def label_map(seed: int) -> np.ndarray:
    """Boxes along a slightly curved column, in the right order."""
    rng = np.random.default_rng(seed)
    label = np.zeros((512, 512), np.uint8)
    row = 40
    for rank, structure in enumerate(COLUMN):
        height = int(rng.integers(14, 18) if structure.is_disc else rng.integers(42, 50))
        left = 200 + int(25 * np.sin(rank / 3)) + int(rng.integers(-3, 4))
        label[row : row + height, left : left + 56] = structure.value
        row += height + 2
    return label


@cache
def case(seed: int) -> Case:
    """A case whose image has edges where its label has, and a texture of its own."""
    rng = np.random.default_rng(1000 + seed)
    label = label_map(seed)
    texture = ndi.gaussian_filter(rng.standard_normal((512, 512)), 6)
    image = 0.35 + 0.1 * texture / texture.std() + 0.25 * (label > 0) - 0.2 * (label > 6)
    image = ndi.gaussian_filter(image, 1) + 0.01 * rng.standard_normal(image.shape)
    image = (image - image.min()) / (image.max() - image.min())
    sex = Sex.MALE if seed % 2 else Sex.FEMALE
    return Case(f"c{seed}", image.astype(np.float32), label, sex=sex, patient=f"p{seed}")


def write(root: Path, **changed: Case) -> Path:
    """Writes five clean cases `c0` to `c4`, some of them replaced by name."""
    cases = [changed.get(f"c{i}", case(i)) for i in range(len(SPLITS))]
    write_release(root, zip(SPLITS, cases, strict=True))
    return root


def entry(name: str = "c0", split: Split = Split.TRAIN) -> Entry:
    """An entry with files that do not exist."""
    return Entry(name, split, Path(f"{name}/img.pt"), Path(f"{name}/label.pt"))
