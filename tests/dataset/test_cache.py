from __future__ import annotations

import multiprocessing
import os
import pickle
import time

import numpy as np
import pytest
import torch

from spinemsca.case import Case
from spinemsca.dataset import cache
from spinemsca.dataset.cache import cached
from spinemsca.errors import CaseError
from spinemsca.release.split import Split
from spinemsca.release.store import Release, write_release


def write(root, number=3):
    rng = np.random.default_rng(0)
    cases = [
        Case(f"c{k}", rng.random((6, 7 + k), np.float32), rng.integers(0, 12, (6, 7 + k), np.uint8))
        for k in range(number)
    ]
    return write_release(root, [(Split.TRAIN, c) for c in cases])


def write_wild(root):
    """A dict of numpy arrays, a float64 image, and a case without labels."""
    for name in "abc":
        (root / "Train" / name).mkdir(parents=True)
    rng = np.random.default_rng(0)
    held = {"img": rng.random((6, 7)), "label": rng.integers(0, 12, (1, 6, 7))}
    torch.save(held, root / "Train" / "a" / "aug0.pt")
    torch.save(torch.from_numpy(rng.random((6, 7))), root / "Train" / "b" / "img.pt")
    torch.save(torch.ones(1, 6, 7), root / "Train" / "b" / "label.pt")
    torch.save(torch.tensor([[0.25, 1 + 5e-7]]), root / "Train" / "c" / "img.pt")
    return Release.open(root)


def build(release, folder):
    return cached(release.entries, release.load, folder)


def same(pixels, release):
    assert len(pixels) == len(release.entries)
    for (image, label), case in zip(pixels, release.cases(), strict=True):
        assert image.dtype == np.float32
        assert np.array_equal(image, case.image)
        assert (label is None) == (case.label is None)
        if label is not None:
            assert label.dtype == np.uint8
            assert np.array_equal(label, case.label)


@pytest.mark.parametrize("make", [write, write_wild])
def test_cache_gives_what_the_files_hold(tmp_path, make):
    release = make(tmp_path / "r")
    same(build(release, tmp_path / "k"), release)
    same(build(release, tmp_path / "k"), release)


def test_second_call_reads_no_case(tmp_path):
    release = write(tmp_path / "r")
    build(release, tmp_path / "k")
    cached(release.entries, lambda _: pytest.fail("was read"), tmp_path / "k")


def test_changed_file_is_noticed_and_the_old_cache_removed(tmp_path):
    release = write_wild(tmp_path / "r")
    build(release, tmp_path / "k")
    path = release.entries[0].image_path
    held = {"img": np.zeros((6, 7)), "label": np.zeros((1, 6, 7), int)}
    torch.save(held, path)
    os.utime(path, ns=(1, 1))
    same(build(release, tmp_path / "k"), release)
    assert len(list((tmp_path / "k").iterdir())) == 1


@pytest.mark.parametrize("name", ["images.f32", "labels.u8", "index.json"])
@pytest.mark.parametrize("content", [None, b"", b"{}", b'{"shapes": [[1, 2]], "labelled": []}'])
def test_damaged_cache_is_made_again(tmp_path, name, content):
    release = write_wild(tmp_path / "r")
    build(release, tmp_path / "k")
    (file,) = (tmp_path / "k").glob(f"*/{name}")
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    same(build(release, tmp_path / "k"), release)


def test_moved_release_keeps_the_cache_inside_it(tmp_path):
    build(write(tmp_path / "r"), tmp_path / "r" / ".cache")
    (tmp_path / "r").rename(tmp_path / "s")
    release = Release.open(tmp_path / "s")
    cached(release.entries, lambda _: pytest.fail("was read"), tmp_path / "s" / ".cache")
    assert len(release.entries) == 3


def test_bad_case_leaves_no_cache(tmp_path):
    release = write(tmp_path / "r")
    torch.save(torch.full((6, 7), 2.0), release.entries[0].image_path)
    with pytest.raises(CaseError, match="c0"):
        build(release, tmp_path / "k")
    assert list((tmp_path / "k").iterdir()) == []


def test_shapes_that_differ_are_refused(tmp_path):
    release = write(tmp_path / "r")
    torch.save(torch.zeros(1, 2, 2, dtype=torch.uint8), release.entries[0].label_path)
    with pytest.raises(CaseError, match="shape"):
        build(release, tmp_path / "k")


def test_pixels_cannot_be_changed_and_are_mapped_anew_elsewhere(tmp_path):
    release = write(tmp_path / "r")
    pixels = build(release, tmp_path / "k")
    with pytest.raises(ValueError, match="read-only"):
        pixels[0][0][...] = 0
    packed = pickle.dumps(pixels)
    assert len(packed) < 1000
    same(pickle.loads(packed), release)


def test_what_killed_builds_left_goes_after_a_day(tmp_path):
    release = write(tmp_path / "r")
    build(release, tmp_path / "k")
    (there,) = (tmp_path / "k").iterdir()
    old, young = (there.with_name(f".{there.name}.{n}.tmp") for n in "xy")
    old.mkdir()
    young.mkdir()
    os.utime(old, (0, 0))
    (there / "index.json").unlink()
    build(release, tmp_path / "k")
    assert (old.exists(), young.exists()) == (False, True)


def _racer(root, folder, start):
    release = Release.open(root)
    start.wait()
    same(build(release, folder), release)


def test_cache_of_a_quicker_process_stays(tmp_path, monkeypatch):
    release = write(tmp_path / "r")
    build(release, tmp_path / "k")
    (there,) = (tmp_path / "k").iterdir()
    mark = there / "mark"
    mark.touch()
    opened = cache._open
    # To this process it seemed missing when it looked, and was there a moment later.
    answers = iter([None])
    monkeypatch.setattr(cache, "_open", lambda *a: next(answers, opened(*a)))
    same(build(release, tmp_path / "k"), release)
    assert mark.exists()


def test_processes_at_once(tmp_path):
    write_wild(tmp_path / "r")
    context = multiprocessing.get_context("fork")
    start = context.Event()
    racers = [
        context.Process(target=_racer, args=(tmp_path / "r", tmp_path / "k", start))
        for _ in range(4)
    ]
    for racer in racers:
        racer.start()
    time.sleep(0.1)
    start.set()
    for racer in racers:
        racer.join(60)
    assert [r.exitcode for r in racers] == [0] * 4
    assert len(list((tmp_path / "k").iterdir())) == 1
