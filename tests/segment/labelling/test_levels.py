from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import ndimage

from spinemsca.anatomy import COLUMN, SPINE, STRUCTURES, VERTEBRAE, Kind, by_any_name, by_name
from spinemsca.segment.labelling.components import find_components
from spinemsca.segment.labelling.levels import consistent_levels
from spinemsca.segment.labelling.rename import with_lowest
from tests.segment.examples import quick

VALUE = {s.name: s.value for s in STRUCTURES}
NAMES = [s.name for s in COLUMN]


def spine(names: list[str], gap: int = 1, lean: float = 0.15) -> np.ndarray:
    """A leaning column of vertebrae 20 and discs 7 rows high, from top to bottom."""
    label = np.zeros((260, 120), np.uint8)
    row = 10
    for name in names:
        height = 7 if name[0] == "D" else 20
        left = 40 + int(lean * row)
        if name != "-":
            label[row : row + height, left : left + 28] = VALUE[name]
        row += height + gap
    return label


def bent(label: np.ndarray, by: int) -> np.ndarray:
    """The same column, bent forwards by so many pixels in its middle."""
    rows = np.arange(len(label))
    last = np.flatnonzero(label.any(axis=1))[-1]
    shift = np.rint(by * np.sin(np.pi * rows / last)).astype(int)
    columns = (np.arange(label.shape[1]) + shift[:, None]) % label.shape[1]
    return np.take_along_axis(label, columns, axis=1)


def found(label: np.ndarray) -> list[str]:
    return [name for name in NAMES if (label == VALUE[name]).any()]


@pytest.mark.parametrize("gap", [0, 1])
@pytest.mark.parametrize("view", [slice(None), slice(2, None), slice(3, 9), slice(0, 5)])
def test_a_consistent_spine_stays_as_it_is(gap, view):
    label = spine(NAMES[view], gap)
    levels = consistent_levels(label)
    np.testing.assert_array_equal(levels.label, label)
    assert levels.agreement == pytest.approx(1)
    assert levels.ambiguous == (not (label == VALUE["S1"]).any())


@example(2903, 0.375)  # a bridge crosses another disc
@example(2926, 0.375)  # two pieces meet at a corner, with bone on both sides of it
@given(st.integers(0, 2**32 - 1), st.floats(0, 0.45))
@quick
def test_any_pixels_give_one_component_a_structure_of_its_kind(seed, noise):
    rng = np.random.default_rng(seed)
    label = spine(NAMES)
    where = np.kron(rng.random((26, 12)) < noise, np.ones((10, 10))) > 0
    label[where] = np.kron(rng.integers(0, 12, (26, 12)), np.ones((10, 10)))[where]
    clean = consistent_levels(label).label
    for structure in STRUCTURES:
        mask = clean == structure.value
        assert ndimage.label(mask)[1] <= 1
        kind = [s.value for s in STRUCTURES if s.kind is structure.kind]
        outside = mask & ~np.isin(label, kind)
        assert outside.sum() < 0.5 * max(1, mask.sum())


def test_a_body_of_two_minds_takes_the_level_of_the_majority():
    label = spine(NAMES)
    body = label == VALUE["L3"]
    label[body & (np.cumsum(body, axis=0) > 13)] = VALUE["L4"]
    np.testing.assert_array_equal(consistent_levels(label).label, spine(NAMES))


def test_a_repeated_level_is_corrected_by_its_neighbours():
    label = spine(NAMES)
    label[label == VALUE["L2"]] = VALUE["L3"]
    levels = consistent_levels(label)
    np.testing.assert_array_equal(levels.label, spine(NAMES))
    assert not levels.ambiguous


def test_touching_vertebrae_without_a_disc_stay_two():
    names = [n for n in NAMES if n != "D2"]
    assert found(consistent_levels(spine(names, gap=0)).label) == names


def test_specks_and_islands_go():
    label = spine(NAMES)
    clean = label.copy()
    label[5:8, 100:103] = VALUE["L2"]
    label[200:225, 2:25] = VALUE["L4"]
    np.testing.assert_array_equal(consistent_levels(label).label, clean)


def test_of_two_bodies_side_by_side_the_larger_stays():
    label = spine(NAMES)
    clean = label.copy()
    rows = np.where(label == VALUE["L3"])[0]
    label[rows.min() + 2 : rows.max() - 2, 82:96] = VALUE["L3"]
    np.testing.assert_array_equal(consistent_levels(label).label, clean)


@pytest.mark.parametrize("width", [3, 10])
def test_a_collapsed_disc_between_two_vertebrae_stays(width):
    label = spine(NAMES)
    rows, columns = np.where(label == VALUE["D4"])
    label[label == VALUE["D4"]] = 0
    middle = slice(columns.min() + 12, columns.min() + 12 + width)
    label[rows.min() + 2 : rows.min() + 6, middle] = VALUE["D4"]
    result = consistent_levels(label)
    np.testing.assert_array_equal(result.label, label)
    assert not result.ambiguous


@pytest.mark.parametrize("lean", [-0.1, 0.0, 0.15])
@pytest.mark.parametrize("pinched", [(10, 14), (4, 16), (9, 19)])
def test_pieces_of_one_disc_are_joined_by_a_bridge(lean, pinched):
    whole = spine(NAMES, lean=lean)
    rows, columns = np.where(whole == VALUE["D3"])
    gap = slice(columns.min() + pinched[0], columns.min() + pinched[1])
    label = whole.copy()
    label[rows.min() : rows.max() + 1, gap] = 0
    result = consistent_levels(label)
    disc = result.label == VALUE["D3"]
    assert ndimage.label(disc)[1] == 1
    assert disc[label == VALUE["D3"]].all(), "no piece is lost"
    assert not (disc & ~ndimage.binary_dilation(whole == VALUE["D3"], np.ones((3, 3)))).any()
    np.testing.assert_array_equal(result.label != VALUE["D3"], ~disc)
    assert found(result.label) == NAMES
    assert not result.ambiguous
    assert not result.warnings


def test_pieces_of_a_disc_with_bone_between_them_are_not_joined():
    label = spine(NAMES)
    rows, columns = np.where(label == VALUE["D3"])
    gap = slice(columns.min() + 18, columns.min() + 22)
    label[rows.min() : rows.max() + 1, gap] = VALUE["L3"]
    result = consistent_levels(label)
    disc = result.label == VALUE["D3"]
    assert ndimage.label(disc)[1] == 1
    assert not disc[:, gap.stop :].any()
    assert result.warnings == ("Only the largest piece is outlined, others lie apart: D3",)
    assert not result.ambiguous


def test_a_speck_of_disc_goes_where_there_is_a_disc_or_no_gap():
    label = spine(NAMES)
    clean = label.copy()
    rows, columns = np.where(label == VALUE["L4"])
    inside = (slice(rows.min() + 9, rows.min() + 12), slice(columns.min() + 9, columns.min() + 15))
    label[inside] = VALUE["D4"]
    beside = (slice(rows.max() + 3, rows.max() + 7), slice(columns.max() + 8, columns.max() + 12))
    label[beside] = VALUE["D4"]
    levels = consistent_levels(label)
    result = levels.label
    assert not levels.warnings
    assert found(result) == NAMES
    assert not (result == VALUE["D4"])[inside].any()
    assert not (result == VALUE["D4"])[beside].any()
    np.testing.assert_array_equal(result == VALUE["D4"], clean == VALUE["D4"])


def test_holes_are_filled():
    label = spine(NAMES)
    label[20:24, 50:54] = 0
    np.testing.assert_array_equal(consistent_levels(label).label, spine(NAMES))


def test_an_apparent_sixth_lumbar_vertebra_is_flagged_and_counted_from_the_sacrum():
    names = ["L1", "D1", "L2", "D2", "L3", "D3", "L3", "D3", "L4", "D4", "L5", "D5", "S1"]
    levels = consistent_levels(spine(names, lean=0.05))
    assert levels.ambiguous
    assert any("apparent L6" in w for w in levels.warnings)
    assert any("left out" in w for w in levels.warnings)
    sacrum = np.where(levels.label == VALUE["S1"])[0].mean()
    assert sacrum == np.where(spine(names, lean=0.05) == VALUE["S1"])[0].mean()
    assert found(levels.label) == NAMES


def test_a_missing_level_above_the_sacrum_is_flagged():
    names = ["L1", "D1", "L2", "D2", "L3", "D3", "L4", "D4", "S1"]
    levels = consistent_levels(spine(names))
    assert levels.ambiguous
    assert any("sacralised L5" in w for w in levels.warnings)
    assert found(levels.label) == NAMES[2:]


@pytest.mark.parametrize("last", ["L3", "L4", "D4", "L5", "D5"])
def test_without_a_sacrum_levels_rest_on_appearance_and_are_ambiguous(last):
    levels = consistent_levels(spine(NAMES[: NAMES.index(last) + 1]))
    assert any("sacrum is not in view" in w for w in levels.warnings)
    assert levels.counted_from == "appearance"
    assert levels.ambiguous


def test_with_a_sacrum_levels_are_counted_from_it():
    assert consistent_levels(spine(NAMES)).counted_from == "sacrum"
    assert consistent_levels(spine(NAMES[-3:])).counted_from == "sacrum"


def test_what_is_called_s1_but_looks_like_another_is_no_sacrum():
    names = [*NAMES[:-1], "L5"]
    levels = consistent_levels(spine(["L1", "D1", "L2", "D2", "L3", "D3", "L4", "D4", "L4"]))
    assert levels.counted_from == "appearance"
    shifted = spine(names)
    assert consistent_levels(shifted).counted_from == "appearance"
    assert consistent_levels(shifted).ambiguous


def test_evenly_split_votes_are_ambiguous():
    label = spine(["L2", "D2", "L3", "D3"])
    for upper, lower in (("L2", "L1"), ("D2", "D1"), ("L3", "L2"), ("D3", "D2")):
        body = label == VALUE[upper]
        columns = np.where(body)[1]
        body[:, : int(columns.mean()) + 2] = False
        label[body] = VALUE[lower] + 100
    label[label > 100] -= 100
    levels = consistent_levels(label)
    assert levels.ambiguous
    assert any("Numbering all levels 1 higher" in w for w in levels.warnings)


def test_a_gap_keeps_the_count_and_is_named():
    names = ["L1", "D1", "L2", "D2", "-", "D3", "L4", "D4", "L5", "D5", "S1"]
    label = spine(names)
    levels = consistent_levels(label)
    np.testing.assert_array_equal(levels.label, label)
    assert any("L3" in w for w in levels.warnings)
    assert levels.ambiguous


def test_two_levels_that_agree_with_no_numbering_are_ambiguous():
    label = spine(NAMES)
    for name, other in (("L2", "L3"), ("D2", "D3"), ("L1", "L3")):
        label[label == VALUE[name]] = VALUE[other]
    levels = consistent_levels(label)
    np.testing.assert_array_equal(levels.label, spine(NAMES))
    assert levels.ambiguous


def test_vertebrae_at_uneven_steps_are_ambiguous():
    label = spine(NAMES)
    start = np.where(label == VALUE["D4"])[0].min()
    apart = np.zeros_like(label)
    apart[:start], apart[start + 11 :] = label[:start], label[start:-11]
    levels = consistent_levels(apart)
    assert found(levels.label) == NAMES
    assert levels.ambiguous
    assert any("unevenly" in w for w in levels.warnings)


def test_one_numbering_for_all_even_where_the_sacrum_alone_disagrees():
    names = ["L2", "D2", "L3", "D3", "L4", "D4", "S1"]
    levels = consistent_levels(spine(names))
    assert found(levels.label) == NAMES[4:]
    assert levels.ambiguous


@pytest.mark.parametrize("view", [slice(None), slice(2, 9), slice(4, 8)])
def test_the_head_is_up_whatever_single_levels_claim(view):
    label = np.ascontiguousarray(spine(NAMES[view])[::-1])
    levels = consistent_levels(label)
    rows = [np.where(levels.label == VALUE[n])[0].mean() for n in found(levels.label)]
    assert rows == sorted(rows)
    assert levels.ambiguous


def test_levels_tell_which_end_of_a_spine_across_the_picture_is_up():
    for label in (spine(NAMES).T, spine(NAMES).T[:, ::-1]):
        np.testing.assert_array_equal(consistent_levels(label.copy()).label, label)


def test_nothing_found_is_said():
    levels = consistent_levels(np.zeros((20, 20), np.uint8))
    assert not levels.label.any()
    assert levels.ambiguous
    assert "No vertebra" in levels.warnings[0]


@pytest.mark.parametrize("name", ["L4", "D2"])
def test_a_lone_body_keeps_its_level(name):
    label = spine([name])
    np.testing.assert_array_equal(consistent_levels(label).label, label)


def test_bodies_come_from_top_to_bottom():
    bodies = find_components(spine(NAMES))
    assert [int(b.votes.argmax()) for b in bodies] == [s.value for s in COLUMN]
    assert [b.kind for b in bodies[:2]] == [Kind.VERTEBRA, Kind.DISC]


def _renamed(lowest: str) -> dict[str, str]:
    """The new name of each structure of a whole spine; none vanishes."""
    before, after = spine(NAMES), with_lowest(spine(NAMES), lowest)
    assert ((before > 0) == (after > 0)).all()
    new = {}
    for name in NAMES:
        (value,) = np.unique(after[before == VALUE[name]])
        (new[name],) = (s.name for s in SPINE if s.value == value)
    return new


def test_lowest_l6_moves_names_down_and_calls_the_sixth_so():
    new = _renamed("L6")
    assert new == {
        "L1": "L2", "D1": "D2", "L2": "L3", "D2": "D3", "L3": "L4", "D3": "D4", "L4": "L5",
        "D4": "L5/L6", "L5": "L6", "D5": "L6/S1", "S1": "S1",
    }  # fmt: skip


def test_lowest_l4_moves_names_up_beyond_l1():
    new = _renamed("L4")
    assert new == {
        "L1": "T12", "D1": "T12/L1", "L2": "L1", "D2": "D1", "L3": "L2", "D3": "D2", "L4": "L3",
        "D4": "D3", "L5": "L4", "D5": "D4", "S1": "S1",
    }  # fmt: skip


def test_lowest_l5_changes_nothing():
    np.testing.assert_array_equal(with_lowest(spine(NAMES), "L5"), spine(NAMES))


@pytest.mark.parametrize(
    ("lowest", "names"),
    [
        ("L4", ["L2", "D2", "L3", "D3", "L4"]),
        ("L5", ["L3", "D3", "L4", "D4", "L5"]),
        ("L6", ["L4", "D4", "L5", "L5/L6", "L6"]),
    ],
)
def test_without_a_sacrum_the_lowest_in_view_is_meant(lowest, names):
    label = spine(NAMES[:5])
    renamed = with_lowest(label, lowest)
    for old, new in zip(NAMES[:5], names, strict=True):
        assert np.array_equal(renamed == by_any_name(new).value, label == VALUE[old])


def test_a_slice_without_a_sacrum_follows_its_volume():
    part = spine(NAMES[:5])
    whole = frozenset(VALUE.values())
    np.testing.assert_array_equal(with_lowest(part, "L5", whole), part)
    renamed = with_lowest(part, "L4", whole)
    for old, new in zip(NAMES[:5], ["T12", "T12/L1", "L1", "D1", "L2"], strict=True):
        assert np.array_equal(renamed == by_any_name(new).value, part == VALUE[old])


def test_the_sacrum_keeps_its_name_whatever_is_lowest():
    for lowest in ("L4", "L5", "L6"):
        renamed = with_lowest(spine(NAMES), lowest)
        assert ((renamed == by_name("S1").value) == (spine(NAMES) == VALUE["S1"])).all()


def test_fused_kinds_never_mix():
    label = spine(NAMES, gap=0)
    clean = consistent_levels(label).label
    vertebra = [s.value for s in VERTEBRAE]
    np.testing.assert_array_equal(np.isin(clean, vertebra), np.isin(label, vertebra))


def test_noise_takes_little_time_and_memory():
    label = np.random.default_rng(0).integers(0, 12, (512, 512)).astype(np.uint8)
    tracemalloc.start()
    began = time.perf_counter()
    consistent_levels(label)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert time.perf_counter() - began < 20
    assert peak < 200 << 20


def test_specks_in_any_number_change_nothing():
    label = spine(NAMES)
    noisy = label.copy()
    clear = ndimage.distance_transform_edt(label == 0) > 12
    rows, columns = np.nonzero(clear)
    chosen = np.random.default_rng(0).choice(len(rows), 900, replace=False)
    noisy[rows[chosen], columns[chosen]] = 1 + chosen % 11
    np.testing.assert_array_equal(consistent_levels(noisy).label, consistent_levels(label).label)


def test_bend_is_how_far_the_middle_lies_in_front():
    straight, forwards = spine(NAMES), bent(spine(NAMES), 20)
    bend = consistent_levels(forwards).bend
    # A half sine of 20 pixels over about 218, between L1's centre and the sacrum's.
    assert bend == pytest.approx(20 * 2 / np.pi / 218, rel=0.2)
    assert consistent_levels(straight).bend == pytest.approx(0, abs=0.005)
    assert consistent_levels(forwards[:, ::-1]).bend == pytest.approx(-bend, abs=0.002)
    doubled = np.kron(forwards, np.ones((2, 2), np.uint8))
    assert consistent_levels(doubled).bend == pytest.approx(bend, abs=0.002)


def test_no_bend_without_the_sacrum_or_with_too_few():
    assert consistent_levels(spine(NAMES[:-1])).bend is None
    assert consistent_levels(spine(NAMES[-5:])).bend is None
    assert consistent_levels(spine(NAMES[-6:])).bend is not None
    assert consistent_levels(np.zeros((30, 30), np.uint8)).bend is None
