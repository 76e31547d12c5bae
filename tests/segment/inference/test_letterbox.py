from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from spinemsca.segment.inference.letterbox import Letterbox
from spinemsca.segment.networks.column import STRIDE
from spinemsca.segment.training.augmentations import Augmentation, apply
from tests.segment.examples import quick

SIDES = st.integers(1, 200)


@given(SIDES, SIDES)
@quick
def test_any_shape_fits_and_comes_back(rows, columns):
    canvas = Letterbox.fit((rows, columns), 64)
    assert max(canvas.scaled) == 64
    assert all(n % STRIDE == 0 for n in canvas.padded)
    put = canvas.put(np.ones((rows, columns), np.float32))
    assert put.shape == (1, 1, *canvas.padded)
    back = canvas.take(torch.cat([-put, put, put], 1))
    assert back.shape == (3, rows, columns)
    np.testing.assert_allclose(back[0], np.exp(-2) / (np.exp(-2) + 2), rtol=1e-5)


def test_a_slice_of_the_canvas_own_size_is_untouched():
    image = np.random.default_rng(0).random((64, 40)).astype(np.float32)
    canvas = Letterbox.fit(image.shape, 64)
    assert canvas.padded == (64, 64)
    logits = torch.cat([torch.zeros(1, 1, 64, 64), canvas.put(image)], 1)
    np.testing.assert_allclose(canvas.take(logits)[1], 1 / (1 + np.exp(-image)), rtol=1e-5)


@given(SIDES, SIDES, st.integers(0, 2**32 - 1))
@quick
def test_the_part_worked_out_is_as_if_all_had_been(rows, columns, seed):
    canvas = Letterbox.fit((rows, columns), 64)
    logits = torch.zeros(1, 3, *canvas.padded)
    logits[:, 0] = 2
    (a, b), (c, d) = np.sort(np.random.default_rng(seed).integers(0, 65, (2, 2)), axis=1)
    generator = torch.Generator().manual_seed(seed)
    logits[:, :, a:b, c:d] = 6 * torch.rand(logits[:, :, a:b, c:d].shape, generator=generator)
    (height, width), (top, left) = canvas.scaled, _corner(canvas)
    inside = logits.softmax(1)[:, :, top : top + height, left : left + width]
    whole = functional.interpolate(inside, (rows, columns), mode="bilinear")[0].numpy()
    taken = canvas.take(logits)
    np.testing.assert_array_equal(taken.argmax(0), whole.argmax(0))
    structures = taken.argmax(0) > 0
    np.testing.assert_allclose(taken[:, structures], whole[:, structures], atol=1e-5)


def _corner(canvas):
    return [(whole - part) // 2 for whole, part in zip(canvas.padded, canvas.scaled, strict=True)]


def test_where_nothing_is_found_all_is_background():
    canvas = Letterbox.fit((30, 40), 64)
    logits = torch.zeros(1, 2, *canvas.padded)
    taken = canvas.take(logits)
    assert taken.shape == (2, 30, 40)
    assert (taken[0] == 1).all()
    assert not taken[1].any()


@pytest.mark.parametrize("size", [64, 96])
def test_the_canvas_shows_what_training_showed(size):
    rows, columns = np.mgrid[:128, :128] / 128
    image = (0.5 + 0.5 * np.sin(6 * rows) * np.cos(4 * columns)).astype(np.float32)
    image[0, 0], image[-1, -1] = 0, 1
    trained, _ = apply(Augmentation(), image, np.ones((128, 128), np.uint16), size)
    put = Letterbox.fit((128, 128), size).put(image)[0, 0].numpy()
    np.testing.assert_allclose(put[2:-2, 2:-2], trained[2:-2, 2:-2], atol=0.05)
