"""Label maps with known answers."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from spinemsca.anatomy import STRUCTURES, by_name


def bars(shift: int = 0) -> np.ndarray:
    """Eleven bars of 10 by 30 pixels in order of their values, two rows apart."""
    label = np.zeros((140, 60), np.uint8)
    for s in STRUCTURES:
        row = 4 + 12 * (s.value - 1)
        label[row : row + 10, 10 + shift : 40 + shift] = s.value
    return label


def renamed(label: np.ndarray, **names: str) -> np.ndarray:
    """A copy in which structures bear other names, or none for an empty one."""
    out = label.copy()
    for old, new in names.items():
        out[label == by_name(old).value] = by_name(new).value if new else 0
    return out


def one_down(label: np.ndarray) -> np.ndarray:
    """Each vertebra and disc named as the next one below."""
    down = {f"{k}{i}": f"{k}{i + 1}" for k in "LD" for i in range(1, 5)}
    return renamed(label, **down, L5="", D5="", S1="")


def blob(seed: int, size: int = 40) -> np.ndarray:
    """A random mask, rarely empty: smooth blobs, specks and holes."""
    rng = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(rng.random((size, size)), rng.uniform(0.3, 4))
    return smooth > np.quantile(smooth, rng.uniform(0.3, 0.99))
