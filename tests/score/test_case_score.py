"""One case: overlap, areas and centroids against theory, peers, and real masks."""

from __future__ import annotations

import math

import numpy as np
import pytest
import surface_distance as deepmind
import torch
from hypothesis import given
from hypothesis import strategies as st
from monai.metrics.hausdorff_distance import compute_hausdorff_distance
from monai.metrics.surface_dice import compute_surface_dice
from PIL import Image
from scipy import ndimage

from spinemsca.anatomy import STRUCTURES, by_name
from spinemsca.curate.spider import levels_from_tissue
from spinemsca.errors import CaseError
from spinemsca.score.case_score import METRICS, score_case
from tests.score.masks import bars, one_down, renamed

SEEDS = st.integers(0, 2**32 - 1)
peers_warn = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


def column(score, metric: str) -> np.ndarray:
    return score.metrics[:, METRICS.index(metric)]


def test_bars_moved_aside() -> None:
    score = score_case(bars(3), bars())
    assert column(score, "dice") == pytest.approx(0.9)
    assert column(score, "iou") == pytest.approx(27 / 33)
    assert column(score, "precision") == pytest.approx(0.9)
    assert column(score, "recall") == pytest.approx(0.9)
    assert column(score, "hd95") == pytest.approx(3)
    assert column(score, "centroid_error") == pytest.approx(3)
    assert column(score, "area_error") == pytest.approx(0)


def test_bars_grown_by_a_pixel() -> None:
    truth = np.where(bars() == by_name("L3").value, bars(), 0).astype(np.uint8)
    grown = ndimage.grey_dilation(truth, (3, 3))
    row = score_case(grown, truth).values["L3"]
    assert row["area_error"] == 12 * 32 - 300
    assert row["area_error_percent"] == pytest.approx(100 * 84 / 300)
    assert row["recall"] == 1
    assert row["precision"] == pytest.approx(300 / 384)
    assert row["dice"] == pytest.approx(2 * 300 / 684)
    assert row["centroid_error"] == pytest.approx(0)
    assert 1 <= row["hd"] <= math.sqrt(2)


def test_millimetres_follow_the_spacing() -> None:
    row = score_case(bars(3), bars(), spacing=(2.0, 0.5)).values["L2"]
    assert row["hd95"] == pytest.approx(1.5)
    assert row["centroid_error"] == pytest.approx(1.5)
    grown = renamed(bars(), L2="")
    assert score_case(grown, bars(), spacing=(2.0, 0.5)).values["L2"]["area_error"] == -300


@given(SEEDS)
def test_overlap_as_in_the_books(seed):
    rng = np.random.default_rng(seed)
    prediction, truth = rng.integers(0, 12, (2, 12, 12)).astype(np.uint8)
    values = score_case(prediction, truth).values
    for s in STRUCTURES:
        a, b = prediction == s.value, truth == s.value
        if a.any() and b.any():
            assert values[s.name]["dice"] == pytest.approx(2 * (a & b).sum() / (a.sum() + b.sum()))
            assert values[s.name]["iou"] == pytest.approx((a & b).sum() / (a | b).sum())
            assert values[s.name]["precision"] == pytest.approx((a & b).sum() / a.sum())
            assert values[s.name]["recall"] == pytest.approx((a & b).sum() / b.sum())


@given(SEEDS, st.tuples(st.integers(0, 5), st.integers(0, 5)))
def test_margins_change_nothing_but_the_diagonal(seed, margin):
    rng = np.random.default_rng(seed)
    prediction, truth = rng.integers(0, 12, (2, 12, 12)).astype(np.uint8)
    wide = [np.pad(m, [(n, 5 - n) for n in margin]) for m in (prediction, truth)]
    here, there = score_case(prediction, truth).metrics, score_case(*wide).metrics
    both = [
        s.value - 1
        for s in STRUCTURES
        if (prediction == s.value).any() and (truth == s.value).any()
    ]
    np.testing.assert_allclose(here[both], there[both], atol=1e-9)


def _real(shared_data) -> list[np.ndarray]:
    labels = []
    for path in sorted((shared_data / "spider/space/masks").glob("*.png"))[::20]:
        try:
            labels.append(levels_from_tissue(np.asarray(Image.open(path)), path.stem))
        except CaseError:
            continue
    return labels


CHANGES = {
    "moved": lambda t: np.roll(t, (2, 3), (0, 1)),
    "grown": lambda t: ndimage.grey_dilation(t, (3, 3)),
    "renamed": one_down,
    "ragged": lambda t: ndimage.median_filter(t, (5, 1)),
}


@peers_warn
@pytest.mark.real
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.9, 0.55)])
def test_equals_surface_distance_on_real_masks(shared_data, change, spacing) -> None:
    for truth in _real(shared_data):
        prediction = CHANGES[change](truth)
        values = score_case(prediction, truth, spacing=spacing).values
        for s in STRUCTURES:
            masks = truth == s.value, prediction == s.value
            if not (masks[0].any() and masks[1].any()):
                continue
            theirs = deepmind.compute_surface_distances(*masks, spacing)
            wanted = {
                "hd95": deepmind.compute_robust_hausdorff(theirs, 95),
                "hd": deepmind.compute_robust_hausdorff(theirs, 100),
                "assd": np.mean(deepmind.compute_average_surface_distance(theirs)),
                "nsd": deepmind.compute_surface_dice_at_tolerance(theirs, 1),
                "nsd2": deepmind.compute_surface_dice_at_tolerance(theirs, 2),
                "dice": deepmind.compute_dice_coefficient(*masks),
            }
            for name, value in wanted.items():
                assert values[s.name][name] == pytest.approx(value, abs=1e-6), (s.name, name)


@peers_warn
@pytest.mark.real
def test_agrees_with_monai_on_real_masks(shared_data) -> None:
    """MONAI measures between boundary pixels, not their outlines: a pixel's width apart at most."""
    truth = _real(shared_data)[0]
    prediction = CHANGES["moved"](truth)
    values = score_case(prediction, truth).values
    for name in ("L2", "D4"):
        one, other = (
            torch.from_numpy(m == by_name(name).value)[None, None] for m in (prediction, truth)
        )
        theirs = compute_hausdorff_distance(one, other, percentile=95, include_background=True)
        assert values[name]["hd95"] == pytest.approx(float(theirs), abs=1)
        share = compute_surface_dice(one, other, class_thresholds=[2.0], include_background=True)
        assert values[name]["nsd2"] == pytest.approx(float(share), abs=0.1)


@pytest.mark.real
def test_real_masks_changed_in_known_ways(shared_data) -> None:
    truth = _real(shared_data)[0]
    known = frozenset(s for s in STRUCTURES if s.name != "S1")
    shifted = score_case(np.roll(truth, 3, 1), truth, annotated=known)
    assert np.nanmean(column(shifted, "hd95")) == pytest.approx(3, abs=0.3)
    assert np.nanmax(np.abs(column(shifted, "centroid_error") - 3)) < 1e-9
    assert shifted.levels_right
    down = score_case(one_down(truth), truth, annotated=known)
    assert not down.levels_right
    assert np.nanmean(column(down, "dice")) < 0.02
    assert column(down, "agnostic_dice")[by_name("L2").value - 1] == 1
    emptied = score_case(np.zeros_like(truth), truth, annotated=known)
    assert np.nanmax(column(emptied, "dice")) == 0
    assert np.nanmin(column(emptied, "hd95")) == pytest.approx(math.hypot(*truth.shape))
    grown = score_case(CHANGES["grown"](truth), truth, annotated=known)
    assert np.nanmin(column(grown, "area_error")) > 0
