"""The same patient gives the same numbers however the array lies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemsca.io.orientation import SLICE_CODES, Orientation
from spinemsca.measure.measurements import measure
from tests.measure.spines import corners, draw, transform

SPACINGS = ((0.6, 0.6), (0.4, 0.9))


def laid(array, codes):
    """An upright array as a file with other axis codes holds it."""
    return Orientation.parse(codes).undo(array[None])[..., 0]


def swapped(pair, codes):
    return pair[::-1] if codes[0] in "PA" else pair


def numbers(found):
    return [(r.structure, r.definition.name, r.value, r.error, r.reason) for r in found.results]


@settings(max_examples=6, derandomize=True, deadline=None)
@given(
    seed=st.integers(0, 99), turn=st.floats(-25, 25), spacing=st.sampled_from(SPACINGS),
    slip=st.floats(-8, 8),
)  # fmt: skip
def test_all_eight_orientations_measure_alike(seed, turn, spacing, slip):
    drawn = draw(transform(corners(slip=slip, seed=seed), turn), spacing, 0.3, seed=seed)
    image = np.random.default_rng(seed).random(drawn.label.shape, dtype=np.float32)
    upright = measure(drawn.label, image=image, spacing=spacing, tilt=3.0)
    for codes in SLICE_CODES:
        found = measure(
            laid(drawn.label, codes),
            image=laid(image, codes),
            spacing=swapped(spacing, codes),
            orientation=codes,
            tilt=3.0,
        )
        assert numbers(found) == numbers(upright)
        assert found.flags == upright.flags
        np.testing.assert_array_equal(found.spine.label, drawn.label)


@pytest.mark.parametrize("codes", SLICE_CODES)
def test_the_original_size_goes_with_the_axes(codes):
    drawn = draw(corners(), (0.3, 0.6))
    size = (drawn.label.shape[0], 2 * drawn.label.shape[1])
    upright = measure(drawn.label, original_size=size)
    found = measure(laid(drawn.label, codes), original_size=swapped(size, codes), orientation=codes)
    assert numbers(found) == numbers(upright)


def test_facing_right_is_the_mirrored_orientation():
    label = draw(corners(slip=5)).label
    mirrored = label[:, ::-1]
    assert numbers(measure(mirrored, faces="right")) == numbers(measure(label))
    assert numbers(measure(mirrored, orientation="IA")) == numbers(measure(label))


def test_what_is_measured_says_how_it_lies():
    drawn = draw(corners(slip=5)).label

    class Segmented:
        orientation = "SA"
        tilt = 4.0
        spacing = (0.6, 0.6)
        faces = "left"
        label = np.rot90(drawn, 2)

    upright = measure(drawn, spacing=(0.6, 0.6), tilt=4.0)
    assert numbers(measure(Segmented())) == numbers(upright)


def test_the_sacral_slope_is_to_the_patients_horizontal():
    label = draw(corners()).label
    slope = measure(label).get("sacral_slope").value
    assert measure(label, tilt=7.5).get("sacral_slope").value == pytest.approx(slope - 7.5)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_picture_that_does_not_stand_upright_has_no_horizontal(quarters):
    drawn = draw(corners(slip=5), (0.4, 0.9))
    upright = measure(drawn.label, spacing=drawn.spacing)
    spacing = drawn.spacing[::-1] if quarters % 2 else drawn.spacing
    found = measure(np.rot90(drawn.label, quarters), spacing=spacing)
    assert found.get("sacral_slope").value is None
    assert found.get("sacral_slope").reason == "the picture's horizontal is not the patient's"
    assert any("does not stand upright" in text for text in found.flags["spine"])
    others = [r for r in numbers(upright) if r[1] != "sacral_slope"]
    assert [r for r in numbers(found) if r[1] != "sacral_slope"] == others


@pytest.mark.parametrize("turn", [-40, 40])
def test_a_leaning_spine_is_not_turned(turn):
    found = measure(draw(transform(corners(), turn)).label)
    assert found.get("sacral_slope").value is not None
