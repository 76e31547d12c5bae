"""Distances between surfaces of volumes: equal to `surface-distance` in 3-D, and lawful."""

from __future__ import annotations

import numpy as np
import pytest
import surface_distance as deepmind
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import ndimage

from spinemsca.score import surface_3d
from spinemsca.score.surface import surface_distances

peers_warn = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

LENGTHS = st.floats(0.2, 6)
SPACINGS = st.tuples(LENGTHS, LENGTHS, LENGTHS)
SEEDS = st.integers(0, 2**32 - 1)


def blob(seed: int, shape: tuple[int, int, int] = (7, 14, 12)) -> np.ndarray:
    """A random mask that is never empty: balls, sheets, specks and holes, often at the border."""
    rng = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(rng.random(shape), rng.uniform(0.2, 2.5, 3))
    return smooth >= np.quantile(smooth, rng.uniform(0.2, 0.995))


def equal_to_deepmind(one: np.ndarray, other: np.ndarray, spacing: tuple[float, ...]) -> None:
    theirs = deepmind.compute_surface_distances(other, one, spacing)
    ours = surface_distances(one, other, spacing)
    for percent in (50, 95, 100):
        # Where the share of the surface meets the percentage exactly, rounding in the order of
        # equal distances decides which of two neighbours is taken; both are right then.
        near = [min(percent + gap, 100) for gap in (-1e-6, 0, 1e-6)]
        wanted = [deepmind.compute_robust_hausdorff(theirs, p) for p in near]
        assert any(ours.hausdorff(percent) == pytest.approx(w, abs=1e-6) for w in wanted)
    wanted = np.mean(deepmind.compute_average_surface_distance(theirs))
    assert ours.assd() == pytest.approx(wanted, abs=1e-6)
    for tolerance in (1, 2):
        wanted = deepmind.compute_surface_dice_at_tolerance(theirs, tolerance)
        assert ours.nsd(tolerance) == pytest.approx(wanted, abs=1e-6)


@peers_warn
@given(SEEDS, SPACINGS)
@settings(deadline=None)
def test_equals_surface_distance_at_any_spacing(seed, spacing):
    equal_to_deepmind(blob(seed), blob(seed + 1), spacing)


@peers_warn
@given(SEEDS, st.sampled_from([(1.0, 1.0, 1.0), (4.0, 0.5, 0.5), (0.5, 4.0, 0.5)]))
@settings(deadline=None)
def test_equals_surface_distance_on_noise(seed, spacing):
    """All ways of eight neighbours to be inside, most of them not planar."""
    one, other = np.random.default_rng(seed).random((2, 5, 9, 8)) < 0.5
    equal_to_deepmind(one, other, spacing)


@peers_warn
@given(
    st.tuples(st.integers(0, 4), st.integers(0, 6), st.integers(0, 5)),
    st.tuples(st.integers(0, 4), st.integers(0, 6), st.integers(0, 5)),
    SPACINGS,
)
@settings(deadline=None)
def test_equals_surface_distance_for_single_voxels(here, there, spacing):
    """Corners of the volume among them, where the surface closes along its borders."""
    one, other = np.zeros((2, 5, 7, 6), bool)
    one[here] = other[there] = True
    equal_to_deepmind(one, other, spacing)
    apart = np.linalg.norm((np.array(here) - there) * spacing)
    assert surface_distances(one, other, spacing).hausdorff() <= apart + 1e-9


@peers_warn
@given(SEEDS, st.integers(0, 2), SPACINGS)
@example(279, 2, (0.9741519629910094, 0.9741519629910094, 0.2))
@settings(deadline=None)
def test_equals_surface_distance_for_one_slice(seed, axis, spacing):
    """Volumes that are one voxel thick, whose surface is all border."""
    flat = [np.moveaxis(blob(seed + i)[3:4], 0, axis) for i in range(2)]
    if all(mask.any() for mask in flat):
        equal_to_deepmind(flat[0], flat[1], spacing)


@pytest.mark.parametrize("spacing", [(4.0, 0.6, 0.6), (1.0, 1.0, 1.0), (0.3, 2.0, 0.9)])
def test_search_trees_give_what_maps_give(monkeypatch, spacing) -> None:
    for seed in range(5):
        one, other = blob(seed), blob(seed + 50)
        found = []
        for limit in (0, 10**9):
            monkeypatch.setattr(surface_3d, "_SPARSE", limit)
            found.append(surface_distances(one, other, spacing))
        np.testing.assert_allclose(found[0].forward, found[1].forward, atol=1e-9)
        np.testing.assert_allclose(found[0].backward, found[1].backward, atol=1e-9)


def test_a_box_moved_by_one_slice() -> None:
    one, other = np.zeros((2, 8, 20, 20), bool)
    one[2:5, 5:15, 5:15], other[3:6, 5:15, 5:15] = True, True
    found = surface_distances(one, other, (4.0, 0.5, 0.5))
    assert found.hausdorff() == 4
    assert found.hausdorff(50) == 0
    assert found.nsd(3.9) < found.nsd(4) == 1


@given(SEEDS, SPACINGS)
@settings(max_examples=30, deadline=None)
def test_distances_are_symmetric_and_scale_with_the_spacing(seed, spacing):
    one, other = blob(seed), blob(seed + 1)
    there, back = surface_distances(one, other, spacing), surface_distances(other, one, spacing)
    twice = surface_distances(one, other, tuple(2 * s for s in spacing))
    assert there.hausdorff(95) == pytest.approx(back.hausdorff(95))
    assert there.assd() == pytest.approx(back.assd())
    assert twice.assd() == pytest.approx(2 * there.assd())
    assert twice.nsd(2) == pytest.approx(there.nsd(1))


@given(SEEDS, st.permutations(range(3)), st.lists(st.booleans(), min_size=3, max_size=3))
@settings(max_examples=30, deadline=None)
def test_the_order_of_the_axes_changes_nothing(seed, order, flips):
    spacing = (4.0, 0.5, 0.8)
    masks = [blob(seed), blob(seed + 1)]
    steps = tuple(slice(None, None, -1 if flip else 1) for flip in flips)
    turned = [np.ascontiguousarray(m.transpose(order)[steps]) for m in masks]
    here = surface_distances(masks[0], masks[1], spacing)
    there = surface_distances(turned[0], turned[1], tuple(spacing[axis] for axis in order))
    assert here.hausdorff(95) == pytest.approx(there.hausdorff(95))
    assert here.assd() == pytest.approx(there.assd())
    assert here.nsd(1) == pytest.approx(there.nsd(1))


@peers_warn
@pytest.mark.slow
@pytest.mark.parametrize("hundred", range(5))
def test_equals_surface_distance_on_five_hundred_large_masks(hundred: int) -> None:
    for seed in range(100 * hundred, 100 * hundred + 100):
        spacing = tuple(np.random.default_rng(seed).uniform(0.3, 5, 3).tolist())
        equal_to_deepmind(blob(3 * seed, (12, 40, 36)), blob(3 * seed + 1, (12, 40, 36)), spacing)
