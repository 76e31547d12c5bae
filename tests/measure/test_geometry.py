"""Spines of known geometry: accuracy, invariances and honest errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemsca.measure.definitions import Quantity
from spinemsca.measure.measurements import measure
from tests.measure.spines import corners, draw, transform, truth


def gaps(drawn, kinds):
    found = measure(drawn.label, spacing=drawn.spacing)
    pairs = [(found.get(*key), value) for key, value in truth(drawn.corners).items()]
    return np.array([r.value - v for r, v in pairs if r.definition.name.startswith(kinds)])


HEIGHTS = ("body_height", "disc_height", "disc_space_height")
ANGLES = ("segmental", "disc_wedge", "body_wedge", "lordosis", "sacral")


@pytest.mark.parametrize(
    ("spacing", "ragged"), [(0.3, 0.0), (0.6, 0.0), (1.2, 0.0), (0.3, 0.5), (0.6, 0.4)]
)
def test_known_geometry_is_found(spacing, ragged):
    turned = [
        draw(transform(corners(slip=6, seed=seed), turn), (spacing, spacing), ragged)
        for seed, turn in enumerate((-30, -11, 0, 30))
    ]
    height, angle, slip = (
        np.mean([np.abs(gaps(drawn, kinds)).mean() for drawn in turned])
        for kinds in (HEIGHTS, ANGLES, "slip")
    )
    assert height < max(0.30, 0.5 * spacing)
    assert angle < 1.0
    assert slip < 0.4


def test_anisotropic_pixels_are_measured_in_physical_space():
    drawn = draw(transform(corners(slip=5), 20), (0.4, 0.8))
    assert np.abs(gaps(drawn, HEIGHTS)).mean() < 0.2
    assert np.abs(gaps(drawn, ANGLES)).mean() < 0.6
    assert np.abs(gaps(drawn, "slip")).mean() < 0.25


def test_standard_errors_are_of_the_size_of_the_errors():
    scores = []
    for seed in range(6):
        drawn = draw(transform(corners(seed=seed), 7 * seed), ragged=0.3, seed=seed)
        found = measure(drawn.label, spacing=drawn.spacing)
        for key, value in truth(drawn.corners).items():
            scores.append((found.get(*key).value - value) / found.get(*key).error)
    assert 0.5 < np.sqrt(np.mean(np.square(scores))) < 2.0


@settings(max_examples=6, derandomize=True, deadline=None)
@given(
    turn=st.floats(-30, 30),
    scale=st.floats(0.8, 1.3),
    seed=st.integers(0, 99),
)
def test_lengths_scale_while_angles_and_ratios_stay(turn, scale, seed):
    base = measure_all(draw(corners(slip=4, seed=seed), (0.4, 0.4)))
    moved = measure_all(draw(transform(corners(slip=4, seed=seed), turn, scale), (0.4, 0.4)))
    for key, (quantity, value) in base.items():
        other = moved[key][1]
        if "concavity" in key[0] or "bulge" in key[0] or key[0] == "slip_greatest":
            continue
        if quantity is Quantity.LENGTH:
            assert other == pytest.approx(scale * value, abs=2), key
        elif quantity is Quantity.ANGLE and key[0] != "sacral_slope":
            assert other == pytest.approx(value, abs=2), key
        elif quantity is Quantity.RATIO:
            assert other == pytest.approx(value, abs=0.08), key
        elif quantity is Quantity.PERCENT:
            assert other == pytest.approx(value, abs=4), key


def measure_all(drawn):
    found = measure(drawn.label, spacing=drawn.spacing)
    return {
        (r.definition.name, r.structure): (r.definition.quantity, r.value)
        for r in found.results
        if isinstance(r.value, float)
    }


def test_a_shifted_label_map_gives_the_same_numbers():
    label = draw(corners()).label
    shifted = np.pad(label, ((17, 3), (5, 40)))
    for a, b in zip(measure(label).results, measure(shifted).results, strict=True):
        assert a.value == pytest.approx(b.value)
        assert a.error == pytest.approx(b.error)


def test_a_mirrored_spine_that_faces_right_gives_the_same_numbers():
    label = draw(corners(slip=8)).label
    a, b = measure(label), measure(label[:, ::-1].copy(), faces="right")
    for left, right in zip(a.results, b.results, strict=True):
        if isinstance(left.value, float):
            # Pixel grids are mirrored with the image; only the outline's start differs.
            assert right.value == pytest.approx(left.value, abs=0.05), left.definition.name
        else:
            assert right.value == left.value


def test_a_mirrored_spine_that_is_not_said_to_face_right_is_flagged():
    found = measure(draw(corners()).label[:, ::-1].copy())
    assert any("face right" in text for text in found.flags["spine"])


def test_slip_forwards_is_positive_and_backwards_negative():
    drawn = [draw(corners(slip=way)) for way in (9, -9)]
    forwards, backwards = (measure(d.label, spacing=d.spacing) for d in drawn)
    for found, true in zip((forwards, backwards), drawn, strict=True):
        expected = truth(true.corners)["slip", "D4"]
        assert found.get("slip", "D4").value == pytest.approx(expected, abs=0.6)
    assert forwards.get("slip_band", "D4").value == "anterior, grade I band"
    assert backwards.get("slip_band", "D4").value.startswith("posterior, grade")
    assert forwards.get("slip_band", "D2").value == "none beyond noise"
    assert forwards.get("slip_greatest").value == forwards.get("slip_share", "D4").value


def test_segmental_angles_add_up_to_lordosis():
    found = measure(draw(corners()).label)
    angles: list[Any] = [found.get("segmental_angle", f"D{k}").value for k in range(1, 6)]
    assert sum(angles) == pytest.approx(found.get("lordosis_l1_s1").value)


def test_corners_of_rounded_bodies_stay_on_the_bone():
    drawn = draw(corners(), (0.3, 0.3), rounded=3.0)
    found = measure(drawn.label, spacing=drawn.spacing).spine.blocks
    for block in found.values():
        for corner in block.landmarks.corners[0]:
            assert np.hypot(*(block.outline - corner).T).min() < 0.4


def test_a_spur_moves_a_corner_little():
    drawn = draw(corners(), (0.5, 0.5))
    plain = measure(drawn.label, spacing=drawn.spacing)
    label = drawn.label.copy()
    row, column = np.rint(drawn.corners["L3"][3] / 0.5).astype(int)
    label[row - 3 : row + 1, column - 6 : column + 2] = 3
    spurred = measure(label, spacing=drawn.spacing)
    for name in ("body_height_anterior", "endplate_length_inferior"):
        change = spurred.get(name, "L3").value - plain.get(name, "L3").value
        assert abs(change) < 1.2


def test_original_size_undoes_stretching_to_a_square():
    drawn = draw(transform(corners(slip=5), 15), (0.3, 0.6))
    rows, columns = drawn.label.shape
    stretched = measure(drawn.label, original_size=(rows, 2 * columns))
    true = measure(drawn.label, spacing=drawn.spacing)
    assert stretched.unit == "px"
    assert stretched.get("lordosis_l1_s1").value == pytest.approx(true.get("lordosis_l1_s1").value)
    ratio = "disc_height_index", "D3"
    assert stretched.get(*ratio).value == pytest.approx(true.get(*ratio).value)
    assert "assumes square pixels" not in stretched.flags.get("spine", ())
    assert "assumes square pixels" in measure(drawn.label).flags["spine"]
