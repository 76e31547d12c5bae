from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spinemsca.segment.augment import Augmentation, apply
from spinemsca.segment.canvas import Canvas
from spinemsca.segment.network import STRIDE
from tests.segment.examples import quick

SIDES = st.integers(1, 200)


@given(SIDES, SIDES)
@quick
def test_any_shape_fits_and_comes_back(rows, columns):
    canvas = Canvas.fit((rows, columns), 64)
    assert max(canvas.scaled) == 64
    assert all(n % STRIDE == 0 for n in canvas.padded)
    put = canvas.put(np.ones((rows, columns), np.float32))
    assert put.shape == (1, 1, *canvas.padded)
    back = canvas.take(put)
    assert back.shape == (1, rows, columns)
    torch.testing.assert_close(back, torch.ones_like(back))


def test_a_slice_of_the_canvas_own_size_is_untouched():
    image = np.random.default_rng(0).random((64, 40)).astype(np.float32)
    canvas = Canvas.fit(image.shape, 64)
    assert canvas.padded == (64, 64)
    np.testing.assert_array_equal(canvas.take(canvas.put(image))[0].numpy(), image)


@pytest.mark.parametrize("size", [64, 96])
def test_the_canvas_shows_what_training_showed(size):
    rows, columns = np.mgrid[:128, :128] / 128
    image = (0.5 + 0.5 * np.sin(6 * rows) * np.cos(4 * columns)).astype(np.float32)
    image[0, 0], image[-1, -1] = 0, 1
    trained, _ = apply(Augmentation(), image, np.ones((128, 128), np.uint16), size)
    put = Canvas.fit((128, 128), size).put(image)[0, 0].numpy()
    np.testing.assert_allclose(put[2:-2, 2:-2], trained[2:-2, 2:-2], atol=0.05)
