"""Label volumes as arrays: every voxel and every slice counts."""

from __future__ import annotations

import math

import numpy as np
import pytest
import surface_distance as deepmind
from hypothesis import given, settings
from hypothesis import strategies as st
from medpy.metric import binary

import spinemsca as sm
from spinemsca.anatomy import STRUCTURES, by_name
from spinemsca.errors import CaseError, UsageError
from spinemsca.score.case_score import METRICS, score_case
from tests.score.masks import bars, one_down, renamed
from tests.score.volumes import SPACING, stack

peers_warn = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


def row(prediction, truth, name: str = "L3", **other) -> dict[str, float]:
    return score_case(prediction, truth, spacing=SPACING, **other).values[name]


def test_every_slice_counts() -> None:
    truth = stack(0, 0, 0)
    found = truth.copy()
    found[[0, 2]] = 0
    values = row(found, truth)
    assert values["dice"] == pytest.approx(0.5)
    assert values["recall"] == pytest.approx(1 / 3)
    assert values["precision"] == 1
    assert values["iou"] == pytest.approx(1 / 3)
    assert values["hd"] == 4
    assert values["volume"] == pytest.approx(300 * 4 * 0.5 * 0.8)
    assert values["volume_error"] == pytest.approx(-600 * 4 * 0.5 * 0.8)
    assert values["volume_error_percent"] == pytest.approx(-200 / 3)
    assert values["centroid_error"] == pytest.approx(0)


def test_lengths_are_millimetres_along_each_axis() -> None:
    truth = stack(0, 0, 0, 0)
    assert row(stack(3, 3, 3, 3), truth)["hd95"] == pytest.approx(3 * 0.8)
    assert row(stack(3, 3, 3, 3), truth)["centroid_error"] == pytest.approx(3 * 0.8)
    down = np.pad(truth, ((0, 0), (1, 0), (0, 0)))[:, :-1]
    assert row(down, truth)["centroid_error"] == pytest.approx(0.5)
    short, long = truth.copy(), truth.copy()
    short[[0, 3]], long[3] = 0, 0
    assert row(short, long)["centroid_error"] == pytest.approx(2)


def test_volumes_have_no_area_and_slices_no_volume() -> None:
    of_volume, of_slice = row(stack(0, 0), stack(0, 0)), sm.evaluate(bars(), bars())["overall"]
    assert all(math.isnan(of_volume[m]) for m in ("area", "area_error", "area_error_percent"))
    assert of_slice["volume"]["n"] == of_slice["volume_error_percent"]["n"] == 0
    assert of_slice["area"]["mean"] == 300


def test_what_is_missed_is_the_volumes_diagonal_away() -> None:
    values = row(renamed(stack(0, 0, 0), L3=""), stack(0, 0, 0))
    wanted = math.hypot(3 * 4, 140 * 0.5, 60 * 0.8)
    assert [values[m] for m in ("hd95", "hd", "assd", "centroid_error")] == [wanted] * 4
    assert values["dice"] == values["nsd"] == 0


def test_levels_are_judged_over_the_volume() -> None:
    """One slice of three is named a level too low: the structures are found, and so named."""
    truth, found = stack(0, 0, 0), stack(0, 0, 0)
    found[1] = one_down(found[1])
    score = score_case(found, truth, spacing=SPACING)
    assert score.levels_right
    assert score.confused == tuple(s.name for s in STRUCTURES)
    wrong = score_case(one_down(truth), truth, spacing=SPACING)
    assert wrong.levels["L3"] == "shifted"
    assert wrong.levels_right is False
    assert wrong.values["L2"]["agnostic_dice"] == 1


@peers_warn
@given(st.integers(0, 2**32 - 1), st.tuples(*[st.floats(0.3, 5)] * 3))
@settings(max_examples=20, deadline=None)
def test_label_volumes_equal_surface_distance(seed, spacing):
    rng = np.random.default_rng(seed)
    prediction, truth = rng.integers(0, 4, (2, 4, 7, 6)).astype(np.uint8)
    values = score_case(prediction, truth, spacing=spacing).values
    for s in STRUCTURES[:3]:
        masks = truth == s.value, prediction == s.value
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


@pytest.mark.parametrize("seed", range(12))
def test_the_published_way_equals_medpys_in_3d(seed: int) -> None:
    rng = np.random.default_rng(seed)
    prediction, truth = rng.integers(0, 3, (2, 4, 9, 8)).astype(np.uint8)
    found = score_case(prediction, truth, spacing=SPACING, published=True).published
    assert found is not None
    for s in STRUCTURES[:2]:
        masks = prediction == s.value, truth == s.value
        wanted = binary.hd95(*masks, voxelspacing=SPACING, connectivity=1)
        assert found[s.value - 1, 1] == pytest.approx(wanted, abs=1e-9)
        assert found[s.value - 1, 0] == pytest.approx(binary.dc(*masks), abs=1e-6)


@given(st.integers(0, 2**32 - 1), st.integers(0, 3))
@settings(max_examples=30, deadline=None)
def test_margins_change_nothing_but_the_diagonal(seed, margin):
    rng = np.random.default_rng(seed)
    prediction, truth = rng.integers(0, 3, (2, 3, 6, 6)).astype(np.uint8)
    wide = [np.pad(m, margin) for m in (prediction, truth)]
    here = score_case(prediction, truth, spacing=SPACING).metrics[:2]
    there = score_case(*wide, spacing=SPACING).metrics[:2]
    np.testing.assert_allclose(here, there, atol=1e-9)


@pytest.mark.parametrize(
    "spacing",
    [
        (1.0, 1.0),
        (1.0, 1.0, 1.0, 1.0),
        "4 1 1",
        ("4", "1", "1"),
        4.0,
        (4.0, None, 1.0),
        ((4.0, 1.0), 1.0, 1.0),
        (float("nan"), 1.0, 1.0),
        (float("inf"), 1.0, 1.0),
        (0.0, 1.0, 1.0),
        (True, True, True),
        {},
    ],
)
def test_a_spacing_that_is_not_three_lengths_is_refused(spacing) -> None:
    with pytest.raises(UsageError, match="spacing"):
        sm.evaluate(stack(0, 0), stack(0, 0), spacing=spacing)


def test_without_spacing_lengths_are_voxels() -> None:
    found = sm.evaluate(stack(3, 3), stack(0, 0))
    assert found["unit"] == "px"
    assert found["overall"]["hd"]["mean"] == pytest.approx(3)
    assert sm.evaluate(stack(3, 3), stack(0, 0), spacing=[4, 1, 1])["unit"] == "mm"


def test_a_channel_a_structure_is_told_from_slices() -> None:
    channels = np.eye(12, dtype=np.uint8)[bars()].transpose(2, 0, 1)
    for given_ in (channels, channels[1:]):
        with pytest.raises(CaseError, match="not one channel a structure"):
            sm.evaluate(given_, given_)
    only = np.where(stack(*[0] * 11) == by_name("L1").value, np.uint8(1), np.uint8(0))
    assert sm.evaluate(only, only)["overall"]["dice"]["mean"] == 1
    empty = np.zeros((12, 5, 5), np.uint8)
    assert sm.evaluate(empty, empty)["overall"]["dice"]["mean"] is None


def test_metrics_fit_their_names() -> None:
    assert score_case(stack(0, 0), stack(0, 0)).metrics.shape == (11, len(METRICS))
