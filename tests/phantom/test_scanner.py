"""What the scanner does to a signal."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from spinemsca.phantom import scanner


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def test_a_full_noiseless_acquisition_changes_no_smooth_image() -> None:
    y, x = np.mgrid[:64, :80] / 20
    image = (1 + 0.2 * np.sin(y) * np.cos(x)).astype(np.float32)
    out = scanner.acquire(image, (1, 1), 0, rng())
    assert out.dtype == np.float32
    assert np.abs(out - image)[8:-8, 8:-8].max() < 0.02


@pytest.mark.parametrize("acquired", [(1.0, 1.0), (0.6, 0.8)])
def test_noise_on_air_is_rayleigh_of_the_stated_width(acquired: tuple[float, float]) -> None:
    out = scanner.acquire(np.zeros((256, 256), np.float32), acquired, 0.02, rng())
    assert out.mean() == pytest.approx(0.02 * np.sqrt(np.pi / 2), rel=0.03)
    assert (out**2).mean() == pytest.approx(2 * 0.02**2, rel=0.04)


def test_noise_on_signal_is_rician() -> None:
    signal, sigma = 0.06, 0.03
    out = scanner.acquire(np.full((256, 256), signal, np.float32), (1, 1), sigma, rng())
    expected = stats.rice(signal / sigma, scale=sigma)
    assert out.mean() == pytest.approx(expected.mean(), rel=0.02)
    assert out.std() == pytest.approx(expected.std(), rel=0.03)
    assert out.mean() > signal


def test_less_of_k_space_blurs_an_edge() -> None:
    image = np.zeros((128, 128), np.float32)
    image[:, 64:] = 1
    sharp, soft = (
        np.abs(np.diff(scanner.acquire(image, (1, a), 0, rng())[64, 40:90])).max()
        for a in (1.0, 0.4)
    )
    assert soft < 0.7 * sharp


def test_ghosts_appear_at_the_period_along_the_rows() -> None:
    image = np.zeros((128, 64), np.float32)
    image[60:68, 20:44] = 1
    still = scanner.acquire(image, (1, 1), 0, rng())
    ghost = scanner.ghosting(128, 0.3, 4, 0.4)
    moved = scanner.acquire(image, (1, 1), 0, rng(), ghost)
    # A period of 4 of 128 lines puts ghosts 32 rows away.
    assert moved[32, 32] > still[32, 32] + 0.05
    assert moved[32, 5] < 0.02
    assert np.all(scanner.ghosting(128, 0, 4, 0.4) == 1)


def test_folding_brings_the_far_end_in() -> None:
    tall = np.zeros((20, 4), np.float32)
    tall[0], tall[-1], tall[10] = 1, 2, 5
    out = scanner.folded(tall, 16)
    assert out.shape == (16, 4)
    assert out[8, 0] == 5
    tall[1], tall[-2] = 1, 2
    out = scanner.folded(tall, 16)
    assert 0 < out[-1, 0] <= 1
    assert 0 < out[0, 0] <= 2
    assert np.array_equal(scanner.folded(tall, 20), tall)


def test_the_coil_is_brightest_at_the_back() -> None:
    x = np.arange(-200, 60, dtype=np.float32)
    y = np.arange(-200, 100, dtype=np.float32)
    back = np.full(len(y), 40, np.float32)
    gain = scanner.coil_gain(x, y, back, 100, 1.0, -50, 300)
    row = gain[150]
    assert np.all(np.diff(row) >= 0)
    assert row[x.tolist().index(-60)] == pytest.approx(0.5 * row[-1], rel=0.01)
    assert np.all(scanner.coil_gain(x, y, back, 100, 0.0, -50, 300) == 1)


def test_the_band_spares_the_column() -> None:
    distance = np.array([[-30, 20, 100]], np.float32)
    gain = scanner.saturation_gain(distance, 0.1, 20, 10)
    assert gain[0] == pytest.approx([1, 0.55, 0.1], abs=0.01)


def test_normalising_keeps_zero_and_clips_at_the_percentile() -> None:
    image = np.linspace(0, 10, 1001, dtype=np.float32)[None]
    out = scanner.normalised(image, 99)
    assert out.min() == 0
    assert out.max() == 1
    assert np.mean(out == 1) == pytest.approx(0.01, abs=0.002)
    assert scanner.normalised(np.zeros((4, 4), np.float32), 99).max() == 0
