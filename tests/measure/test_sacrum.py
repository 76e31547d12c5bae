"""A sacrum labelled as a whole is cut to S1; others stay as they are."""

from __future__ import annotations

import numpy as np
import pytest

from spinemsca.anatomy import by_name
from spinemsca.measure.measurements import measure
from spinemsca.measure.parts import find_parts
from spinemsca.measure.sacrum import trim_sacrum
from tests.measure.known import known
from tests.measure.spines import corners, distance, draw, truth

S1 = by_name("S1").value


def whole(drawn, segments, bend):
    """S1 and more segments below it, each turned backwards by `bend` degrees."""
    label, turn = drawn.label.copy(), np.radians(-bend)
    points = np.moveaxis(np.indices(label.shape), 0, -1) * drawn.spacing
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    quad = drawn.corners["S1"]
    for _ in range(segments):
        axis = rotation @ ((quad[3] - quad[0] + quad[2] - quad[1]) / 2) * 0.85
        side = rotation @ (quad[2] - quad[3]) * 0.85
        end = (quad[2] + quad[3]) / 2 + axis
        quad = np.array([quad[3], quad[2], end + side / 2, end - side / 2])
        label[(distance(points, quad) < 0.3) & (label == 0)] = S1
    return label


@pytest.mark.parametrize(("segments", "bend"), [(2, 0), (3, 0), (3, 25)])
def test_a_whole_sacrum_is_cut_to_its_first_segment(segments, bend):
    drawn = draw(corners(slip=4), margin=90)
    found = measure(whole(drawn, segments, bend), spacing=drawn.spacing)
    true = truth(drawn.corners)
    for key, most in ((("sacral_slope", "spine"), 1.0), (("slip", "D5"), 0.6),
                      (("disc_wedge_angle", "D5"), 1.0), (("disc_height_dabbs", "D5"), 0.4),
                      (("lordosis_l1_s1", "spine"), 1.0)):  # fmt: skip
        assert found.get(*key).value == pytest.approx(true[key], abs=most)
    assert found.flags["S1"][0].startswith("S1 was labelled as a whole sacrum")


def test_an_arch_is_cut_off_beside_a_whole_sacrum():
    drawn = draw(corners(), margin=90)
    label = whole(drawn, 3, 0)
    _, top, bottom, front = drawn.corners["L3"]
    points = np.moveaxis(np.indices(label.shape), 0, -1) * drawn.spacing
    back = bottom - front
    start, end = top + 0.1 * (bottom - top), top + 0.5 * (bottom - top)
    pedicle = np.array([start - 0.2 * back, start + 0.7 * back, end + 0.7 * back, end - 0.2 * back])
    label[(distance(points, pedicle) < 0) & (label == 0)] = 3
    found = measure(label)
    assert "posterior elements of L3 were cut off" in found.flags["L3"]
    assert "whole sacrum" in found.flags["S1"][0]


@pytest.mark.parametrize("index", range(4))
def test_an_ordinary_s1_stays_as_it_is(index):
    label, _ = known(index, 0.6, 10.0, ragged=0.6, seed=index)
    parts = find_parts(label, np.ones(2))
    kept, same = trim_sacrum(label, parts, np.ones(2))
    assert kept is label
    assert same is parts
