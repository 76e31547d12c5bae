"""Contour distances: equal to DeepMind's, exact where the answer is known, and lawful."""

from __future__ import annotations

import numpy as np
import pytest
import surface_distance as deepmind
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemsca.score import surface
from spinemsca.score.surface import surface_distances
from tests.score.masks import blob

peers_warn = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

SPACINGS = st.sampled_from([(1.0, 1.0), (0.5, 0.5), (0.3, 1.2), (1.7, 0.6)])


def equal_to_deepmind(one: np.ndarray, other: np.ndarray, spacing: tuple[float, float]) -> None:
    theirs = deepmind.compute_surface_distances(other, one, spacing)
    ours = surface_distances(one, other, spacing)
    for percent in (50, 95, 100):
        wanted = deepmind.compute_robust_hausdorff(theirs, percent)
        assert ours.hausdorff(percent) == pytest.approx(wanted, abs=1e-6)
    assert ours.assd() == pytest.approx(
        np.mean(deepmind.compute_average_surface_distance(theirs)), abs=1e-6
    )
    for tolerance in (1, 2):
        wanted = deepmind.compute_surface_dice_at_tolerance(theirs, tolerance)
        assert ours.nsd(tolerance) == pytest.approx(wanted, abs=1e-6)


@peers_warn
@pytest.mark.parametrize("seed", range(100))
def test_equals_surface_distance_on_random_masks(seed: int) -> None:
    spacing = [(1.0, 1.0), (0.3, 1.2), (0.7, 0.5)][seed % 3]
    equal_to_deepmind(blob(2 * seed), blob(2 * seed + 1), spacing)


@peers_warn
@pytest.mark.slow
@pytest.mark.parametrize("hundred", range(20))
def test_equals_surface_distance_on_two_thousand_masks(hundred: int) -> None:
    for seed in range(100 * hundred, 100 * hundred + 100):
        spacing = tuple(np.random.default_rng(seed).uniform(0.3, 2, 2).tolist())
        equal_to_deepmind(blob(3 * seed, 64), blob(3 * seed + 1, 64), spacing)


def test_search_trees_give_what_all_pairs_give(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = blob(1, 80), blob(2, 80)
    pairs = surface_distances(one, other, (1.0, 0.7))
    monkeypatch.setattr(surface, "_MOST_PAIRS", 0)
    trees = surface_distances(one, other, (1.0, 0.7))
    np.testing.assert_allclose(pairs.forward, trees.forward, atol=1e-12)
    np.testing.assert_allclose(pairs.backward, trees.backward, atol=1e-12)


def test_a_square_moved_by_three_pixels() -> None:
    one, other = np.zeros((2, 30, 30), bool)
    one[5:15, 5:15], other[5:15, 8:18] = True, True
    found = surface_distances(one, other, (1.0, 1.0))
    assert found.hausdorff() == 3
    # The outermost parts, a fifth of both contours, are 2 to 3 pixels off; the sides 0 or 1.
    assert 0 < found.nsd(1) < found.nsd(2) < 1


def test_one_pixel_has_a_contour() -> None:
    one, other = np.zeros((2, 9, 9), bool)
    one[4, 4], other[4, 6] = True, True
    assert surface_distances(one, other, (1.0, 1.0)).hausdorff() == 2


def test_a_mask_at_the_border_is_closed_there() -> None:
    one = np.zeros((10, 10), bool)
    one[:4] = True
    other = np.zeros((14, 14), bool)
    other[2:6, 2:12] = True
    here = surface_distances(one, one[::-1][::-1], (1.0, 1.0))
    inside = surface_distances(other, other, (1.0, 1.0))
    assert here.forward_size.sum() == pytest.approx(inside.forward_size.sum())


@given(st.integers(0, 10_000), SPACINGS)
@settings(max_examples=40, deadline=None)
def test_distances_are_symmetric_and_scale_with_the_spacing(seed, spacing):
    one, other = blob(seed), blob(seed + 1)
    there, back = surface_distances(one, other, spacing), surface_distances(other, one, spacing)
    twice = surface_distances(one, other, (2 * spacing[0], 2 * spacing[1]))
    assert there.hausdorff(95) == pytest.approx(back.hausdorff(95))
    assert there.assd() == pytest.approx(back.assd())
    assert twice.assd() == pytest.approx(2 * there.assd())
    assert twice.nsd(2) == pytest.approx(there.nsd(1))
    assert there.hausdorff(95) <= there.hausdorff()
    assert 0 <= there.nsd(1) <= there.nsd(2) <= 1


@given(st.integers(0, 10_000), st.integers(0, 9), st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_where_the_masks_lie_does_not_matter(seed, down, right):
    pair = [blob(seed), blob(seed + 1)]
    moved = [np.pad(m, ((down, 9 - down), (right, 9 - right))) for m in pair]
    here, there = (surface_distances(a, b, (1.0, 1.0)) for a, b in (pair, moved))
    assert here.hausdorff(95) == pytest.approx(there.hausdorff(95))
    assert here.assd() == pytest.approx(there.assd())
