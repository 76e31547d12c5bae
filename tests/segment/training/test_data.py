from __future__ import annotations

import numpy as np
import pytest
import torch

from spinemsca.anatomy import STRUCTURES, VERTEBRAE, by_name
from spinemsca.case import Case
from spinemsca.errors import ReleaseError
from spinemsca.release.release import Release, write_release
from spinemsca.release.split import Split
from spinemsca.segment.training.augmentations import apply
from spinemsca.segment.training.data import Example, Sampler, example, load_examples, plain_batch
from tests.segment.examples import bar_case, bar_example


def test_examples_of_a_release_keep_what_it_annotates(tmp_path):
    case = bar_case("a", annotated=frozenset(VERTEBRAE))
    release = write_release(tmp_path / "bars", [(Split.TRAIN, case)])
    (found,) = load_examples(Release.open(release.root), Split.TRAIN)
    assert (found.name, found.patient, found.group) == ("a", "patient-a", "bars")
    np.testing.assert_array_equal(found.candidates, example(case).candidates)
    assert ((found.candidates >> by_name("D3").value) & 1).any()


def test_a_split_without_cases_is_named(tmp_path):
    release = write_release(tmp_path / "r", [(Split.TRAIN, bar_case())])
    with pytest.raises(ReleaseError, match="no val cases"):
        load_examples(release, Split.VAL)


def test_a_case_without_label_cannot_train():
    with pytest.raises(ReleaseError, match="no label"):
        example(Case("x", np.zeros((4, 4), np.float32)))


def test_large_cases_are_held_no_larger_than_need_be():
    label = np.zeros((1280, 800), np.uint8)
    label[400:800, 200:600] = 3
    found = example(Case("x", label.astype(np.float32) / 3, label))
    assert found.image.shape == found.candidates.shape == (640, 400)
    assert found.image.max() <= 1
    assert (found.candidates == 8).mean() == pytest.approx((label == 3).mean(), rel=0.01)


def test_an_empty_label_map_is_background_for_certain_where_all_is_annotated():
    found = example(Case("x", np.zeros((8, 8), np.float32), np.zeros((8, 8), np.uint8)))
    assert (found.candidates == 1).all()


def test_a_batch_depends_on_seed_and_step_alone():
    examples = [bar_example(n) for n in "abc"]
    one, other = (Sampler(examples, 32, 4, seed=5) for _ in range(2))
    other(3)
    assert torch.equal(one(7).images, other(7).images)
    assert torch.equal(one(7).candidates, other(7).candidates)
    assert not torch.equal(one(7).images, one(8).images)
    assert not torch.equal(one(7).images, Sampler(examples, 32, 4, seed=6)(7).images)


def test_parts_make_up_the_batch():
    sampler = Sampler([bar_example(n) for n in "abc"], 32, 4)
    whole, halves = sampler(2), [sampler(2, part, 2) for part in range(2)]
    assert whole.names[::2] == halves[0].names
    assert whole.names[1::2] == halves[1].names
    assert torch.equal(whole.images[1::2], halves[1].images)


def test_a_batch_can_be_made_again_from_its_record():
    known = {n: bar_example(n) for n in "abc"}
    batch = Sampler(list(known.values()), 32, 3)(0)
    for i, (name, augmentation) in enumerate(zip(batch.names, batch.augmentations, strict=True)):
        image, sets = apply(augmentation, known[name].image, known[name].candidates, 32)
        assert np.array_equal(batch.images[i, 0].numpy(), image)
        assert np.array_equal(batch.candidates[i].numpy(), sets)


def _named(patient: str, group: str, number: int) -> list[Example]:
    blank = np.zeros((4, 4), np.float32)
    sets = np.ones((4, 4), np.uint16)
    return [Example(f"{patient}{i}", patient, group, blank, sets) for i in range(number)]


def test_patients_are_drawn_alike_however_many_slices_they_have():
    sampler = Sampler([*_named("many", "g", 30), *_named("one", "g", 1)], 4, 400, strength=0)
    share = np.mean([n.startswith("one") for n in sampler(0).names])
    assert share == pytest.approx(0.5, abs=0.1)


def test_groups_are_drawn_by_weight():
    examples = [*_named("a", "real", 3), *_named("b", "phantom", 50)]
    sampler = Sampler(examples, 4, 400, strength=0, weights={"real": 3.0})
    share = np.mean([n.startswith("a") for n in sampler(0).names])
    assert share == pytest.approx(0.75, abs=0.08)


def test_most_batches_show_only_the_columns_around_the_structures():
    sampler = Sampler([bar_example("a")], 64, 2, columns=32)
    shapes = [tuple(sampler(step).images.shape) for step in range(5)]
    assert shapes == [(2, 1, 64, 64)] + [(2, 1, 64, 32)] * 3 + [(2, 1, 64, 64)]


def test_a_narrow_batch_holds_all_that_fits_of_the_structures():
    item = bar_example("a")
    whole = Sampler([item], 64, 4, 3, 0.3)(1)
    narrow = Sampler([item], 64, 4, 3, 0.3, columns=32)(1)
    for full, part, image, cut in zip(
        whole.candidates, narrow.candidates, whole.images, narrow.images, strict=True
    ):
        shown = ((full & 1) == 0).any(0).nonzero()
        start = max(0, min(32, int(shown.double().mean() - 16)))
        torch.testing.assert_close(part, full[:, start : start + 32])
        torch.testing.assert_close(cut, image[..., start : start + 32])


def test_nothing_to_draw_from_is_an_error():
    with pytest.raises(ReleaseError, match="no training cases"):
        Sampler([], 32, 2)


def test_validation_batches_are_not_augmented():
    batch = plain_batch([bar_example()], 96)
    assert batch.images.shape == (1, 1, 96, 96)
    for structure in STRUCTURES:
        assert (batch.candidates == 1 << structure.value).any()
