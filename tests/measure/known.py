"""Label maps of synthetic patients on any grid, turned and ragged, with their true measures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from spinemsca.anatomy import DISCS, VERTEBRAE
from spinemsca.phantom.ground_truth import truth_of
from spinemsca.phantom.raster import FieldOfView
from spinemsca.phantom.rendering import _label
from spinemsca.phantom.sample import draw_parameters
from spinemsca.phantom.scene import build_patient

CORNERS = ("superior_anterior", "superior_posterior", "inferior_posterior", "inferior_anterior")


def known(index, spacing, turn=0.0, ragged=0.0, seed=0):
    """`(label, truth)` of a patient; truth by (measure, structure), lengths in mm.

    `ragged` is the standard deviation of the outline's displacement in pixels.
    """
    scanner = draw_parameters(17, index).scanner
    patient = build_patient(draw_parameters(17, index).shape)
    rng = np.random.default_rng(seed)
    turned = FieldOfView.of(replace(scanner, turn=turn, centre=(0.0, 0.0)), 100, 100)
    outlines = np.concatenate([patient.bodies[v.name].outline for v in VERTEBRAE])
    place = (turned.pixels(outlines) - 49.5) * (turned.row_spacing, turned.column_spacing)
    low, high = place.min(axis=0) - 15, place.max(axis=0) + 15
    rows, columns = np.ceil((high - low) / spacing).astype(int)
    centre = (low + high)[::-1] / 2 + rng.uniform(-0.5, 0.5, 2) * spacing
    view = FieldOfView(int(rows), int(columns), spacing, spacing, tuple(centre), turn)
    label = _label(patient, view)
    if ragged:
        noise = ndimage.gaussian_filter(rng.standard_normal((2, *label.shape)), (0, 1.0, 1.0))
        shift = ragged * noise / noise.std()
        points = np.rint(np.indices(label.shape) + shift).astype(int)
        label = label[tuple(p.clip(0, s - 1) for p, s in zip(points, label.shape, strict=True))]
    landmarks = truth_of(patient, view)["landmarks"]
    corners = {n: np.array([c[k] for k in CORNERS]) * spacing for n, c in landmarks.items()}
    return label, _truth(corners)


def _truth(found):
    def side(a, b):
        return float(np.linalg.norm(a - b))

    def fall(a, b):
        return float(np.degrees(np.arctan2(*(b - a))))

    values = {}
    for v in VERTEBRAE[:-1]:
        c = found[v.name]
        values["body_height_anterior", v.name] = side(c[0], c[3])
        values["body_height_posterior", v.name] = side(c[1], c[2])
        values["endplate_length_superior", v.name] = side(c[0], c[1])
        values["endplate_length_inferior", v.name] = side(c[2], c[3])
        values["body_wedge_angle", v.name] = fall(c[0], c[1]) - fall(c[3], c[2])
    for k, disc in enumerate(DISCS):
        upper, lower = (found[v.name] for v in VERTEBRAE[k : k + 2])
        front, back = side(upper[3], lower[0]), side(upper[2], lower[1])
        base = side(*lower[:2])
        values["disc_space_height_anterior", disc.name] = front
        values["disc_space_height_posterior", disc.name] = back
        values["disc_height_dabbs", disc.name] = (front + back) / 2
        values["segmental_angle", disc.name] = fall(*upper[:2]) - fall(*lower[:2])
        values["disc_wedge_angle", disc.name] = fall(upper[3], upper[2]) - fall(*lower[:2])
        values["slip", disc.name] = float((upper[2] - lower[1]) @ (lower[0] - lower[1]) / base)
    first, fifth, last = (found[n] for n in ("L1", "L5", "S1"))
    values["lordosis_l1_s1", "spine"] = fall(*first[:2]) - fall(*last[:2])
    values["lordosis_l1_l5", "spine"] = fall(*first[:2]) - fall(fifth[3], fifth[2])
    values["sacral_slope", "spine"] = -fall(*last[:2])
    return values
