"""Measures of synthetic cases against their recorded landmarks."""

from __future__ import annotations

import numpy as np
import pytest

from spinemsca.anatomy import by_name
from spinemsca.measure.measurements import measure
from spinemsca.phantom.rendering import phantom

CORNERS = ("superior_anterior", "superior_posterior", "inferior_posterior", "inferior_anterior")


@pytest.fixture(scope="module")
def cases():
    return [phantom(3, index) for index in range(6)]


def true_corners(case):
    landmarks = case.provenance["truth"]["landmarks"]
    return {n: np.array([c[k] for k in CORNERS]) * case.spacing for n, c in landmarks.items()}


def fall(start, end):
    return np.degrees(np.arctan2(*(end - start)))


def slip(upper, lower):
    forwards = (lower[0] - lower[1]) / np.linalg.norm(lower[0] - lower[1])
    return (upper[2] - lower[1]) @ forwards


def test_corners_heights_angles_and_slip(cases):
    gaps: dict[str, list[float]] = {"corner": [], "height": [], "angle": [], "slip": []}
    for case in cases:
        found, true = measure(case), true_corners(case)
        for name, corners in true.items():
            used = 2 if name == "S1" else 4
            block = found.spine.blocks[by_name(name)]
            shift = block.landmarks.corners[0] - corners
            gaps["corner"].extend(np.hypot(*shift.T)[:used])
            if name != "S1":
                height = np.linalg.norm(corners[1] - corners[2])
                gaps["height"].append(found.get("body_height_posterior", name).value - height)
        for k, disc in enumerate(("D1", "D2", "D3", "D4", "D5")):
            upper, lower = (true[n] for n in (("L1", "L2", "L3", "L4", "L5", "S1")[k : k + 2]))
            angle = fall(upper[3], upper[2]) - fall(lower[0], lower[1])
            gaps["angle"].append(found.get("disc_wedge_angle", disc).value - angle)
            gaps["slip"].append(found.get("slip", disc).value - slip(upper, lower))
    error = {name: np.abs(values).mean() for name, values in gaps.items()}
    assert error["corner"] < 0.6
    assert error["height"] < 0.5
    assert error["angle"] < 1.0
    assert error["slip"] < 0.4


def test_the_degeneration_index_follows_the_grade(cases):
    pairs = [
        (disc["pfirrmann"], found.get("degeneration_index", name).value)
        for case in cases
        for found in (measure(case),)
        for name, disc in case.provenance["truth"]["discs"].items()
    ]
    grades, index = np.array(pairs).T
    assert np.corrcoef(grades, index)[0, 1] > 0.75
