"""Normalisation: robust, monotone, and loud where it cannot work."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemsca.curate.normalise import normalise
from spinemsca.errors import CaseError


@given(scale=st.floats(0.01, 1e4), offset=st.floats(-1e3, 1e3), seed=st.integers(0, 99))
def test_any_scanner_gives_the_same_image(scale: float, offset: float, seed: int) -> None:
    image = np.random.default_rng(seed).random((40, 40))
    assert np.allclose(normalise(image), normalise(image * scale + offset), atol=1e-4)


def test_a_hot_pixel_does_not_darken_the_rest() -> None:
    image = np.linspace(0, 1, 100 * 100).reshape(100, 100)
    image[0, 0] = 1000
    assert np.median(normalise(image)) == pytest.approx(0.5, abs=0.01)


def test_result_is_float32_in_range() -> None:
    image = normalise(np.arange(10000, dtype=np.uint16).reshape(100, 100))
    assert image.dtype == np.float32
    assert (image.min(), image.max()) == (0, 1)


def test_a_few_bright_pixels_are_still_an_image() -> None:
    image = np.zeros((100, 100))
    image[0, :3] = 7
    assert normalise(image).max() == 1


@pytest.mark.parametrize("bad", [np.full((4, 4), 3.0), np.full((4, 4), np.nan)])
def test_constant_and_non_finite_images_are_refused(bad: np.ndarray) -> None:
    with pytest.raises(CaseError, match="scan7"):
        normalise(bad, "scan7")
