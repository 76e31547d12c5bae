"""How a file's axes may lie, worked out apart from the package: letters in, arrays out.

A letter names the side of the patient to which the index grows. A slice of the house is `IP`, a
volume of the house `LIP`.
"""

from __future__ import annotations

from itertools import permutations, product

import numpy as np

CODES = ("IP", "IA", "SP", "SA", "PI", "PS", "AI", "AS")
"""The eight ways of a slice."""

VOLUME_CODES = tuple(
    "".join(letters) for axes in permutations(("LR", "IS", "PA")) for letters in product(*axes)
)
"""The 48 ways of a volume."""

_HOUSE = "LIP"
_AXIS = {"L": 0, "R": 0, "I": 1, "S": 1, "P": 2, "A": 2}
# RAS coordinates grow to the right, the front and the head.
_WAY = {
    "R": (1, 0, 0), "L": (-1, 0, 0), "A": (0, 1, 0), "P": (0, -1, 0), "S": (0, 0, 1),
    "I": (0, 0, -1),
}  # fmt: skip


def laid(plane: np.ndarray, codes: str) -> np.ndarray:
    """A slice of the house as a file with these codes holds it."""
    if codes[0] in "PA":
        plane = plane.T
    for axis, letter in enumerate(codes):
        if letter in "SA":
            plane = np.flip(plane, axis)
    return np.ascontiguousarray(plane)


def laid_volume(volume: np.ndarray, codes: str) -> np.ndarray:
    """A volume of the house as a file with these codes holds it."""
    turned = volume.transpose([_AXIS[letter] for letter in codes])
    for axis, letter in enumerate(codes):
        if letter not in _HOUSE:
            turned = np.flip(turned, axis)
    return np.ascontiguousarray(turned)


def along(steps: tuple[float, ...], codes: str) -> tuple[float, ...]:
    """Spacing of the house's axes (rows and columns, or slices before them) by a file's axes."""
    whole = (0.0, *steps) if len(steps) == 2 else steps
    return tuple(whole[_AXIS[letter]] for letter in codes)


def affine_of(
    codes: str,
    steps: tuple[float, float, float],
    shape: tuple[int, int, int],
    pitch: float = 0.0,
    yaw: float = 0.0,
) -> np.ndarray:
    """RAS affine of a volume with these codes; the voxels' places do not depend on them.

    Args:
        codes: Three letters.
        steps: Between slices, rows and columns of the house in mm.
        shape: Slices, rows and columns of the house.
        pitch: Degrees by which columns fall to the feet on their way to the back.
        yaw: Degrees by which slices are turned about the body's long axis.
    """
    p, y = np.radians([pitch, yaw])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(y), -np.sin(y), 0], [np.sin(y), np.cos(y), 0], [0, 0, 1]])
    ways = np.array([_WAY[letter] for letter in codes], float).T
    affine = np.eye(4)
    affine[:3, :3] = about_z @ about_x @ ways * along(steps, codes)
    affine[:3, 3] = (-12.5, 31.25, 70.5)
    for axis, letter in enumerate(codes):
        if letter not in _HOUSE:
            affine[:3, 3] -= affine[:3, axis] * (shape[_AXIS[letter]] - 1)
    return affine


def to_ras(volume: np.ndarray) -> np.ndarray:
    """A volume of the house with axes to the right, the front and the head."""
    return volume[::-1, ::-1, ::-1].transpose(0, 2, 1)
