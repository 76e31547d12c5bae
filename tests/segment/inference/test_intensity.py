from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spinemsca.segment.inference.intensity import window
from tests.segment.examples import quick


@given(arrays(np.int16, st.tuples(st.integers(1, 9), st.integers(1, 9))))
@quick
def test_any_pixels_end_between_zero_and_one(pixels):
    image = window(pixels)
    assert image.dtype == np.float32
    assert image.shape == pixels.shape
    assert ((image >= 0) & (image <= 1)).all()


@given(arrays(np.uint8, (6, 6)), st.integers(1, 50), st.integers(-1000, 1000))
@quick
def test_scale_and_offset_of_the_scanner_do_not_matter(pixels, scale, offset):
    np.testing.assert_allclose(window(pixels), window(pixels * float(scale) + offset), atol=2e-3)


def test_a_few_bright_pixels_do_not_darken_the_rest():
    pixels = np.tile(np.arange(100.0), (100, 1))
    pixels[0, :20] = 1e5
    assert window(pixels).mean() > 0.45


def test_constant_pixels_become_zero_and_two_values_stay_apart():
    assert not window(np.full((3, 3), 7)).any()
    pixels = np.zeros((40, 40))
    pixels[3, 3] = 5
    assert window(pixels)[3, 3] == 1
