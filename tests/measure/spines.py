"""Spines of known geometry: stacked wedges with exact corners, drawn onto a pixel grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from spinemsca.anatomy import COLUMN, DISCS, VERTEBRAE, by_any_name, by_name


@dataclass(frozen=True)
class Drawn:
    """`corners` by name, `(4, 2)` in mm, clockwise from superior anterior; `label` on the grid."""

    label: np.ndarray
    corners: dict[str, np.ndarray]
    spacing: tuple[float, float]

    @property
    def pixels(self) -> dict[str, np.ndarray]:
        return {k: v / self.spacing for k, v in self.corners.items()}


def corners(
    angles=(18.0, 9.0, 2.0, -6.0, -16.0, -36.0), slip=0.0, slipped="L5", seed=0
) -> dict[str, np.ndarray]:
    """Bodies about 28 mm high and 36 mm deep whose endplates tilt by `angles` degrees on average.

    Discs fill the space between bodies. `slip` in mm moves the body above `slipped`, and all
    above it, forwards along the superior endplate of `slipped`.
    """
    rng = np.random.default_rng(seed)
    found: dict[str, np.ndarray] = {}
    place = np.zeros(2)
    for vertebra, angle in zip(VERTEBRAE, angles, strict=True):
        turn = np.radians(angle)
        back = np.array([np.sin(turn), np.cos(turn)])
        down = np.array([back[1], -back[0]])
        depth, high = 36 + rng.uniform(-2, 2), 28 + rng.uniform(-2, 2)
        wedge = rng.uniform(-1.5, 1.5)
        half = back * depth / 2
        found[vertebra.name] = np.array(
            [place - half, place + half,
             place + half + down * (high - wedge), place - half + down * (high + wedge)]
        )  # fmt: skip
        place = place + down * (high + 11 + rng.uniform(-2, 3))
    if slip:
        lower = found[slipped]
        forwards = (lower[0] - lower[1]) / np.linalg.norm(lower[0] - lower[1])
        for vertebra in VERTEBRAE[: VERTEBRAE.index(by_name(slipped))]:
            found[vertebra.name] = found[vertebra.name] + slip * forwards
    for k, disc in enumerate(DISCS):
        upper, lower = found[VERTEBRAE[k].name], found[VERTEBRAE[k + 1].name]
        found[disc.name] = np.array([upper[3], upper[2], lower[1], lower[0]])
    return found


def transform(
    found: dict[str, np.ndarray],
    turn: float = 0.0,
    scale: float = 1.0,
    shift: tuple[float, float] = (0.0, 0.0),
) -> dict[str, np.ndarray]:
    a = np.radians(turn)
    matrix = scale * np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])
    return {k: v @ matrix.T + shift for k, v in found.items()}


def draw(found, spacing=(0.6, 0.6), ragged=0.0, rounded=0.0, seed=0, margin=8.0) -> Drawn:
    """Draws corners in mm; `ragged` is the standard deviation of the edge in pixels."""
    everything = np.concatenate(list(found.values()))
    rng = np.random.default_rng(seed)
    offset = margin - everything.min(axis=0) + rng.uniform(0, 1, 2) * spacing
    moved = {k: v + offset for k, v in found.items()}
    size = np.ceil((np.ptp(everything, axis=0) + 2 * margin) / spacing).astype(int) + 2
    label = np.zeros(size, np.uint8)
    points = np.moveaxis(np.indices(size), 0, -1) + _displacement(size, ragged, rng)
    for structure in reversed(COLUMN):
        if structure.name in moved:
            inside = distance(points * spacing, moved[structure.name], rounded) < 0
            label[inside & (label == 0)] = structure.value
    return Drawn(label, moved, spacing)


def _displacement(size, ragged, rng):
    """A smooth random shift of each pixel, `ragged` pixels along each axis."""
    noise = ndimage.gaussian_filter(rng.standard_normal((*size, 2)), (1.0, 1.0, 0))
    return ragged * noise / noise.std()


def distance(points, quad, rounded=0.0):
    """Signed distance of points from a quadrilateral's sides; corners rounded by a radius."""
    chord = np.roll(quad, -1, axis=0) - quad
    normal = np.stack((-chord[:, 1], chord[:, 0]), axis=1)
    normal /= np.linalg.norm(chord, axis=1)[:, None]
    heights = np.einsum("...sk,sk->...s", points[..., None, :] - quad, normal)
    if (
        heights.reshape(-1, 4)[
            np.argmin(np.linalg.norm((points - quad.mean(0)).reshape(-1, 2), axis=1))
        ].max()
        > 0
    ):
        heights = -heights
    if not rounded:
        return heights.max(axis=-1)
    inner = heights + rounded
    return np.linalg.norm(np.maximum(inner, 0), axis=-1) + np.minimum(inner.max(-1), 0) - rounded


def truth(found) -> dict[tuple[str, str], float]:
    """The measures that follow from corners alone."""

    def side(a, b):
        return float(np.linalg.norm(a - b))

    def fall(a, b):
        return float(np.degrees(np.arctan2((b - a)[0], (b - a)[1])))

    values: dict[tuple[str, str], float] = {}
    for vertebra in VERTEBRAE[:-1]:
        c = found[vertebra.name]
        values["body_height_anterior", vertebra.name] = side(c[0], c[3])
        values["body_height_posterior", vertebra.name] = side(c[1], c[2])
        values["body_height_middle", vertebra.name] = side((c[0] + c[1]) / 2, (c[2] + c[3]) / 2)
        values["body_wedge_angle", vertebra.name] = fall(c[0], c[1]) - fall(c[3], c[2])
    for k, disc in enumerate(DISCS):
        upper, lower = found[VERTEBRAE[k].name], found[VERTEBRAE[k + 1].name]
        front, back = side(upper[3], lower[0]), side(upper[2], lower[1])
        middle = side((upper[2] + upper[3]) / 2, (lower[0] + lower[1]) / 2)
        values["disc_height_dabbs", disc.name] = (front + back) / 2
        values["disc_height_hurxthal", disc.name] = middle
        values["disc_space_height_anterior", disc.name] = front
        values["disc_space_height_posterior", disc.name] = back
        for part, place in (("anterior", 0.2), ("middle", 0.5), ("posterior", 0.8)):
            values[f"disc_height_{part}", disc.name] = thickness(found[disc.name], place)
        values["segmental_angle", disc.name] = fall(*upper[:2]) - fall(*lower[:2])
        values["disc_wedge_angle", disc.name] = fall(upper[3], upper[2]) - fall(*lower[:2])
        base = side(*lower[:2])
        values["slip", disc.name] = float((upper[2] - lower[1]) @ (lower[0] - lower[1]) / base)
    first, fifth, last = (found[n] for n in ("L1", "L5", "S1"))
    values["lordosis_l1_s1", "spine"] = fall(*first[:2]) - fall(*last[:2])
    values["lordosis_l1_l5", "spine"] = fall(*first[:2]) - fall(fifth[3], fifth[2])
    values["sacral_slope", "spine"] = -fall(*last[:2])
    return values


def named(label, names) -> np.ndarray:
    """A label map whose structures bear other names, by their own: `{"L5": "L6", ...}`."""
    table = np.arange(19, dtype=np.uint8)
    for old, new in names.items():
        table[by_any_name(old).value] = by_any_name(new).value
    return table[label]


WITH_L6 = {
    "L1": "L2", "D1": "D2", "L2": "L3", "D2": "D3", "L3": "L4", "D3": "D4", "L4": "L5",
    "D4": "L5/L6", "L5": "L6", "D5": "L6/S1",
}  # fmt: skip
"""Names that make a spine's five free bodies L2 to L6."""

WITH_T12 = {
    "L1": "T12", "D1": "T12/L1", "L2": "L1", "D2": "D1", "L3": "L2", "D3": "D2", "L4": "L3",
    "D4": "D3", "L5": "L4",
}  # fmt: skip
"""Names that make a spine's first body T12; L5 is missing then."""


def thickness(quad, place) -> float:
    """Of a quadrilateral, across the line between its ends' middles."""
    front, back = (quad[0] + quad[3]) / 2, (quad[1] + quad[2]) / 2
    along = (back - front) / np.linalg.norm(back - front)
    across = np.array([-along[1], along[0]])
    start = front + place * (back - front)
    heights = []
    for a, b in ((quad[0], quad[1]), (quad[3], quad[2])):
        share = ((start - a) @ along) / ((b - a) @ along)
        heights.append(float((a + share * (b - a) - start) @ across))
    return abs(heights[0] - heights[1])
