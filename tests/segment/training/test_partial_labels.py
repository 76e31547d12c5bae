from __future__ import annotations

import numpy as np
import pytest

from spinemsca.anatomy import DISCS, STRUCTURES, UNKNOWN, VERTEBRAE, by_name
from spinemsca.segment.training.partial_labels import ANYTHING, candidate_sets, with_open_edges
from tests.segment.examples import ladder

S1 = by_name("S1")


def _has(sets, structure):
    return (sets >> structure.value) & 1 == 1


def test_a_fully_annotated_case_leaves_one_candidate_a_pixel():
    label = ladder()
    np.testing.assert_array_equal(candidate_sets(label, STRUCTURES), 1 << label.astype(int))


def test_unknown_can_be_anything():
    label = np.full((2, 2), UNKNOWN, np.uint8)
    assert (candidate_sets(label, STRUCTURES) == ANYTHING).all()


def test_background_may_be_what_is_not_annotated_and_labels_stay_certain():
    label = ladder()
    label[label == S1.value] = 0
    sets = candidate_sets(label, [s for s in STRUCTURES if s is not S1])
    np.testing.assert_array_equal(_has(sets, S1), label == 0)
    assert (sets[label == 0] == 1 + (1 << S1.value)).all()


def test_reach_keeps_the_sacrum_near_its_disc():
    label = ladder()
    truth = label == S1.value
    label[truth] = 0
    sets = candidate_sets(label, [s for s in STRUCTURES if s is not S1], reach=12)
    assert _has(sets, S1)[truth].all()
    assert not _has(sets, S1)[:50].any()


def test_reach_keeps_each_disc_between_its_vertebrae():
    label = ladder()
    truth = label.copy()
    label[label > S1.value] = 0
    sets = candidate_sets(label, VERTEBRAE, reach=22)
    for disc in DISCS:
        possible = _has(sets, disc)
        assert possible[truth == disc.value].all()
        middle = np.where(truth == disc.value)[0].mean()
        assert np.abs(np.where(possible)[0] - middle).max() <= 9


@pytest.mark.parametrize("annotated", [VERTEBRAE, DISCS, ()])
def test_no_pixel_is_without_candidate(annotated):
    label = np.where(np.isin(ladder(), [s.value for s in annotated]), ladder(), 0)
    assert candidate_sets(label.astype(np.uint8), annotated, reach=5).all()


def test_reach_without_any_neighbour_leaves_the_background_open():
    sets = candidate_sets(np.zeros((4, 4), np.uint8), VERTEBRAE, reach=2)
    assert all(_has(sets, disc).all() for disc in DISCS)


def test_open_edges_leave_only_the_outline_open():
    label = np.zeros((20, 20), np.uint8)
    label[5:15, 5:15] = S1.value
    sets = candidate_sets(label, STRUCTURES)
    opened = with_open_edges(sets, 2)
    open_ = opened == (1 << S1.value | 1)
    assert open_[3:17, 10].tolist() == [True] * 4 + [False] * 6 + [True] * 4
    np.testing.assert_array_equal(opened[~open_], sets[~open_])
    assert (opened[7:13, 7:13] == 1 << S1.value).all()


def test_edges_without_width_stay_as_they_are():
    sets = candidate_sets(ladder(), STRUCTURES)
    np.testing.assert_array_equal(with_open_edges(sets, 0), sets)


def test_an_edge_between_neighbours_can_be_either_or_background():
    label = np.zeros((20, 20), np.uint8)
    label[4:10, 4:16], label[10:16, 4:16] = 1, 2
    opened = with_open_edges(candidate_sets(label, STRUCTURES), 1)
    assert (opened[9:11, 6:14] == 0b111).all()
