"""Slices through the canal and beside it, made from phantoms."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np

from spinemsca.anatomy import VERTEBRAE
from spinemsca.case import Case
from spinemsca.phantom import phantom

BODIES = tuple(v.value for v in VERTEBRAE)


@cache
def made(contrast: str, seed: int) -> Case:
    return phantom(seed, size=256, contrast=contrast)


def pixels(contrast: str = "t2", beside: tuple[int, ...] = (), seed: int = 5) -> np.ndarray:
    """An image with pedicles and foramina behind some bodies; `inverted` is T2 black for white."""
    case = made("t1" if contrast == "t1" else "t2", seed)
    image = case.image.copy()
    tops = [int(np.flatnonzero((case.label == v).any(axis=1))[0]) for v in BODIES]
    for value, (top, end) in zip(BODIES, pairwise([*tops, tops[-1] + 25]), strict=True):
        if value in beside:
            _cover(image, case.label, value, (top, end))
    return 1 - image if contrast == "inverted" else image


def label(seed: int = 5) -> np.ndarray:
    """Of `pixels`, whatever the contrast."""
    return made("t2", seed).label


def _cover(image: np.ndarray, label: np.ndarray, value: int, rows: tuple[int, int]) -> None:
    """A pedicle behind a body's upper half, below it a foramen's fat with its root."""
    body = label == value
    top, end = rows
    marrow, fat = np.median(image[body]), np.percentile(image, 97)
    depth = int(np.sqrt(body.sum()) * 1.1)
    across = np.arange(depth) / depth
    for row in range(top, end):
        back = int(np.flatnonzero(label[row])[-1]) + 1
        down = (row - top) / (end - top)
        root = np.hypot((down - 0.75) * (end - top) / depth, across - 0.25) < 0.12
        image[row, back : back + depth] = marrow if down < 0.45 else np.where(root, fat / 2, fat)
