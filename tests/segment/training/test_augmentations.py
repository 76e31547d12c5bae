from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemsca.anatomy import STRUCTURES
from spinemsca.segment.training.augmentations import Augmentation, apply, draw
from spinemsca.segment.training.intensity_transforms import (
    coarsened,
    ghosted,
    noisy,
    remapped,
    shaded,
)
from spinemsca.segment.training.partial_labels import candidate_sets
from tests.segment.examples import ladder, quick

LABEL = ladder(96, 96)
IMAGE = (LABEL / 11).astype(np.float32)
SETS = candidate_sets(LABEL, STRUCTURES)
SEEDS = st.integers(0, 2**32 - 1)


@given(SEEDS)
@quick
def test_an_augmentation_drawn_anew_gives_the_same_bytes_again(seed):
    augmentation = draw(np.random.default_rng(seed))
    again = draw(np.random.default_rng(seed))
    assert again == augmentation
    for one, other in zip(
        apply(augmentation, IMAGE, SETS, 64), apply(again, IMAGE, SETS, 64), strict=True
    ):
        assert one.tobytes() == other.tobytes()  # type: ignore[attr-defined]


@given(SEEDS)
@quick
def test_results_are_images_and_sets_of_the_asked_size(seed):
    image, sets = apply(draw(np.random.default_rng(seed)), IMAGE, SETS, 64)
    assert image.shape == sets.shape == (64, 64)
    assert image.dtype == np.float32
    assert sets.dtype == np.uint16
    assert np.isfinite(image).all()
    assert image.min() >= 0
    assert image.max() <= 1
    assert set(np.unique(sets)) <= set(np.unique(SETS))


def test_no_augmentation_is_the_slice_itself():
    image, sets = apply(Augmentation(), IMAGE, SETS, 96)
    np.testing.assert_array_equal(sets, SETS)
    np.testing.assert_allclose(image, IMAGE, atol=1e-6)


def test_strength_zero_draws_no_change():
    assert draw(np.random.default_rng(0), 0) == Augmentation()


def test_a_narrow_slice_is_padded_with_certain_background():
    image, sets = apply(Augmentation(), IMAGE[:, :48], SETS[:, :48], 96)
    assert (sets[:, [0, -1]] == 1).all()
    assert not image[:, [0, -1]].any()
    np.testing.assert_array_equal(sets[:, 24:72], SETS[:, :48])


def test_flips_mirror_image_and_sets_alike():
    image, sets = apply(Augmentation(flip=(True, True)), IMAGE, SETS, 96)
    np.testing.assert_array_equal(sets, SETS[::-1, ::-1])
    np.testing.assert_allclose(image, IMAGE[::-1, ::-1], atol=1e-6)


def test_zoom_of_two_shows_the_middle_half():
    _, sets = apply(Augmentation(zoom=(2, 2)), IMAGE, SETS, 96)
    np.testing.assert_array_equal(sets[::2, ::2], SETS[24:72, 24:72])


def test_shift_moves_the_field_of_view():
    _, sets = apply(Augmentation(shift=(0.25, 0)), IMAGE, SETS, 96)
    np.testing.assert_array_equal(sets[:72], SETS[24:])


def test_rotation_leans_the_head_backwards():
    _, sets = apply(Augmentation(rotation=20), IMAGE, SETS, 96)
    _, upright = apply(Augmentation(), IMAGE, SETS, 96)
    for value, moves in ((1, 1), (6, -1)):
        before, after = (np.argwhere(s == 1 << value)[:, 1].mean() for s in (upright, sets))
        assert (after - before) * moves > 8


def test_contrast_curves_follow_their_points():
    pixels = np.linspace(0, 1, 5, dtype=np.float32)[None]
    np.testing.assert_allclose(remapped(pixels, (1.0, 0.5, 0.0)), 1 - pixels, atol=0.2)
    assert remapped(pixels, (0.0, 1.0, 0.0))[0, 2] == pytest.approx(1, abs=0.01)


def test_shading_brightens_the_back():
    shade = shaded(np.ones((8, 8), np.float32), (0.5, 0, 0, 0, 0))
    assert (np.diff(shade[0]) > 0).all()
    np.testing.assert_allclose(shade[0], shade[-1])
    assert shade[0, -1] == pytest.approx(np.exp(0.5))


def test_ghosts_come_at_equal_distances():
    pixels = np.zeros((12, 4), np.float32)
    pixels[6] = 1
    assert sorted(np.flatnonzero(ghosted(pixels, 0.5, 4, 0)[:, 0])) == [3, 6, 9]


def test_coarse_sampling_keeps_means_and_loses_detail():
    pixels = np.random.default_rng(0).random((32, 32)).astype(np.float32)
    coarse = coarsened(pixels, (4.0, 1.0))
    assert coarse.shape == pixels.shape
    assert coarse.var(axis=0).mean() < 0.6 * pixels.var(axis=0).mean()


def test_noise_is_rician():
    noise = noisy(np.zeros((200, 200), np.float32), 0.1, 3)
    assert noise.mean() == pytest.approx(0.1 * np.sqrt(np.pi / 2), rel=0.02)
    assert noisy(noise, 0.1, 3).tobytes() == noisy(noise, 0.1, 3).tobytes()
