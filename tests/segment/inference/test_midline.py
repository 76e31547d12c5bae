from __future__ import annotations

import time

import numpy as np
import pytest
from PIL import Image

from spinemsca.anatomy import STRUCTURES, VERTEBRAE
from spinemsca.segment.inference.midline import Choice, choose_slice
from spinemsca.segment.inference.pretrained import load_model
from tests.segment.stacks import BODIES, label, pixels

FULL = dict.fromkeys(STRUCTURES, 0.9)
SURER = dict.fromkeys(STRUCTURES, 0.99)
FEWER = dict.fromkeys(STRUCTURES[1:], 0.9)


def choose(images, confidences=None, gap_mm=None, seed=5):
    known = confidences or [FULL] * len(images)
    labels = [label(seed) if k else np.zeros_like(label(seed)) for k in known]
    return choose_slice(images, labels, known, gap_mm)


def stack(pattern, contrast="t2", seed=5):
    """`c` is a slice through the canal, `b` one beside it."""
    return [pixels(contrast, BODIES if c == "b" else (), seed) for c in pattern]


@pytest.mark.parametrize("contrast", ["t2", "t1", "inverted"])
@pytest.mark.parametrize(
    ("pattern", "middle"), [("bbcccb", 3), ("bcbbbbb", 1), ("bbbbcccccbb", 6), ("bbbcb", 3)]
)
def test_the_middle_of_the_canal_is_chosen(contrast, pattern, middle):
    choice = choose(stack(pattern, contrast))
    assert choice.index == middle
    assert choice.certainty > 0.5


def test_surer_slices_beside_the_canal_are_not_chosen():
    choice = choose(stack("bbcccbb"), [SURER, SURER, FULL, FULL, FULL, SURER, SURER])
    assert choice.index == 3


def test_a_slice_that_lacks_a_structure_gives_way_to_its_neighbour():
    assert choose(stack("bcccb"), [FULL, FULL, FEWER, FULL, FULL]).index in {1, 3}


def test_a_scoliotic_canal_is_met_halfway():
    # The canal crosses the stack: no slice shows it behind all bodies.
    beside = [
        tuple(v for i, v in enumerate(BODIES) if abs(i - centre) > reach)
        for centre, reach in ((0, 0), (1, 0.5), (1.5, 1), (2.5, 1), (3.5, 1), (4, 0.5), (5, 0))
    ]
    choice = choose([pixels(beside=b) for b in beside])
    assert choice.index == 3
    assert choice.certainty < 0.7 * choose(stack("bbcccbb")).certainty


@pytest.mark.parametrize(("count", "middle"), [(2, 0), (3, 1), (4, 1), (7, 3)])
def test_of_slices_all_alike_the_middle_one_is_shown_and_said_to_be_unsure(count, middle):
    choice = choose(stack("c" * count))
    assert choice.index == middle
    assert 0.2 < choice.certainty <= 0.5
    assert choice.reason.endswith("its border is not in view on either side")


def test_a_stack_that_ends_within_the_canal_is_less_sure():
    whole, cut = choose(stack("bbcccbb")), choose(stack("bbccc"))
    assert cut.certainty == pytest.approx(0.75 * whole.certainty, abs=0.02)
    assert "on one side" in cut.reason


def test_two_canals_make_it_unsure():
    choice = choose(stack("bccbbbcccb"))
    assert choice.index == 7
    assert choice.certainty < 0.5
    assert "slices apart from it look much the same" in choice.reason


def test_where_no_slice_shows_a_canal_the_middle_of_the_fullest_is_taken():
    blank = [np.zeros(label().shape)] * 6
    choice = choose(blank, [FEWER, FULL, FULL, FULL, FEWER, FEWER])
    assert choice == Choice(
        2, 0.0, "No slice shows the canal plainly: the middle of those with most structures"
    )


def test_slices_without_structures_take_no_part():
    choice = choose(stack("ccccc"), [{}, {}, {}, FULL, {}])
    assert choice.index == 3
    assert choice.reason == "Only this slice shows the canal"


def test_a_volume_of_one_slice_leaves_no_choice():
    assert choose(stack("b")) == Choice(0, 1.0, "There is only one slice")


def test_a_volume_without_a_spine_shows_its_middle():
    assert choose(stack("ccccc"), [{}] * 5) == Choice(
        2, 0.0, "No slice shows a structure: the middle one"
    )


def test_the_width_of_the_canal_is_told_in_mm():
    assert choose(stack("bbcccbb"), gap_mm=4.4).reason == (
        "3 slices (13 mm) show the canal, and this is their middle"
    )


def test_slices_may_differ_in_size():
    images, labels = stack("bcb"), [label()] * 3
    images[0], labels[0] = images[0][:-9, :-5], labels[0][:-9, :-5]
    assert choose_slice(images, labels, [FULL] * 3).index == 1


def test_vertebrae_alone_are_enough():
    bones = np.where(label() <= len(VERTEBRAE), label(), 0).astype(np.uint8)
    known = dict.fromkeys(VERTEBRAE, 0.9)
    assert choose_slice(stack("bbcbb"), [bones] * 5, [known] * 5).index == 2


def test_a_slice_takes_a_few_milliseconds():
    images = stack("bbcccbb") * 3
    started = time.process_time()
    choose(images)
    assert (time.process_time() - started) / len(images) < 0.02


@pytest.mark.real
def test_of_one_patient_the_slice_through_the_canal_is_chosen(shared_data):
    model = load_model()
    paths = [shared_data / f"spider/levels/images/89_{n}.png" for n in (6, 9, 10)]
    images = [np.asarray(Image.open(path)) for path in (*paths[:0:-1], *paths)]
    found = [model.predict(image) for image in images]
    choice = choose_slice(images, [f.label for f in found], [f.confidence for f in found])
    assert choice.index == 2
    assert choice.certainty > 0.5
