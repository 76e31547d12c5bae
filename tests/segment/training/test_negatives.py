from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemsca.anatomy import BACKGROUND
from spinemsca.segment.training.negatives import GROUP, distractors
from tests.segment.examples import bar_example


@pytest.fixture(scope="module")
def slices():
    noise = np.random.default_rng(0).random((2, 96, 64), np.float32)
    return [replace(bar_example(n), image=pixels) for n, pixels in zip("ab", noise, strict=True)]


def test_distractors_are_background_for_certain(slices):
    for made in distractors(slices, 12, seed=3):
        assert (made.candidates == 1 << BACKGROUND).all()
        assert made.image.shape == made.candidates.shape
        assert made.group == GROUP


def test_distractors_are_windowed_pictures_that_differ(slices):
    made = distractors(slices, 12, seed=3)
    for one in made:
        assert one.image.dtype == np.float32
        assert 0 <= one.image.min() < one.image.max() <= 1
        assert min(one.image.shape) >= 16
    assert len({one.image.tobytes() for one in made}) == len(made)


def test_the_same_seed_gives_the_same_distractors(slices):
    one, other = (distractors(slices, 6, seed=3) for _ in range(2))
    assert [a.image.tobytes() for a in one] == [b.image.tobytes() for b in other]


def test_another_seed_gives_others(slices):
    one, other = (distractors(slices, 6, seed=s) for s in (3, 4))
    assert [a.image.tobytes() for a in one] != [b.image.tobytes() for b in other]
