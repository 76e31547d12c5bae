from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemsca.errors import ReleaseError
from spinemsca.release.layout import check_name, find_entries
from spinemsca.release.split import Split
from tests import strategies as own

FOLDERS = {
    Split.TRAIN: ["Train", "train", "TRAIN"],
    Split.VAL: ["Vali", "Vail", "val", "Val", "VALI"],
    Split.TEST: ["Test", "test"],
}


def touch(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()


def found(root):
    return [(e.split.value, e.name) for e in find_entries(root)]


LAYOUTS = {
    "folder": (["{n}/img.pt", "{n}/label.pt"], "{n}"),
    "unlabelled": (["{n}/img.pt"], "{n}"),
    "flat": (["{n}.pt"], "{n}"),
    "aug0": (["{n}/aug0.pt"], "{n}"),
    "junk": (["{n}/img.pt", "__MACOSX/{n}/._img.pt", "{n}/._img.pt", ".cache/{n}/img.pt"], "{n}"),
}


@given(st.data())
def test_every_layout_gives_the_same_cases(tmp_path_factory, data):
    root = tmp_path_factory.mktemp("release")
    expected = []
    for split in data.draw(st.sets(st.sampled_from(Split), min_size=1)):
        folder = data.draw(st.sampled_from(FOLDERS[split]))
        nested = data.draw(st.sampled_from(["", "", f"{folder}/"]))
        files, name = LAYOUTS[data.draw(st.sampled_from(sorted(LAYOUTS)))]
        cases = data.draw(st.sets(own.names.map(str.casefold), min_size=1, max_size=3))
        for case in {f"{split.value[:2]}{c}" for c in cases}:
            touch(root, *(f"{folder}/{nested}{f.format(n=case)}" for f in files))
            expected.append((split.value, name.format(n=case)))
    order = [s.value for s in Split]
    assert found(root) == sorted(expected, key=lambda e: (order.index(e[0]), e[1]))


def test_files_of_a_case(tmp_path):
    touch(tmp_path, "Train/a/img.pt", "Train/a/label.pt", "Train/b.pt", "Train/c/img.pt")
    touch(tmp_path, "Train/d/label.pt", "Train/.DS_Store", "Train/notes.txt")
    a, b, c, d = find_entries(tmp_path)
    train = tmp_path / "Train"
    assert (a.image_path, a.label_path) == (train / "a/img.pt", train / "a/label.pt")
    assert (b.image_path, b.label_path) == (train / "b.pt", train / "b.pt")
    assert (c.image_path, c.label_path) == (train / "c/img.pt", None)
    assert (d.image_path, d.label_path) == (train / "d/img.pt", train / "d/label.pt")


def test_several_augmentations_keep_their_own_names(tmp_path):
    touch(tmp_path, "Train/p1/aug0.pt", "Train/p2/aug0.pt", "Train/p2/aug1.pt")
    assert found(tmp_path) == [("train", "p1"), ("train", "p2/aug0"), ("train", "p2/aug1")]


def test_name_used_in_several_splits_is_told_apart(tmp_path):
    touch(tmp_path, "Train/p0/aug0.pt", "Test/p0/aug0.pt", "Test/p1/aug0.pt")
    assert found(tmp_path) == [("train", "train-p0"), ("test", "p1"), ("test", "test-p0")]


def test_two_spellings_of_a_split(tmp_path):
    touch(tmp_path, "Vail/a.pt")
    (tmp_path / "Vali").mkdir()
    (tmp_path / "Val").touch()
    assert found(tmp_path) == [("val", "a")]
    touch(tmp_path, "Vali/b.pt")
    with pytest.raises(ReleaseError, match="both Vail and Vali hold the val split"):
        find_entries(tmp_path)


def test_two_cases_of_one_name(tmp_path):
    touch(tmp_path, "Train/a.pt", "Train/a/img.pt")
    with pytest.raises(ReleaseError, match="would both be case 'a'"):
        find_entries(tmp_path)


def test_what_is_no_release(tmp_path):
    with pytest.raises(ReleaseError, match=r"no such folder.*spine-msca download"):
        find_entries(tmp_path / "none")
    with pytest.raises(ReleaseError, match="no Train, Vali or Test folder"):
        find_entries(tmp_path)


def test_image_directly_in_the_splits_folder(tmp_path):
    touch(tmp_path, "Train/img.pt", "Train/label.pt")
    assert found(tmp_path) == [("train", "img")]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "..",
        "../a",
        "a/../b",
        "/a",
        "a//b",
        "a/",
        ".a",
        "a/.b",
        "a\\b",
        "C:a",
        "a\x00",
        "a\n",
        "a.",
        "a ",
        "__MACOSX/a",
        "train/a",
        "train",
        "Vail",
        "x" * 201,
        "a?",
        ".",
    ],
)
def test_names_that_could_not_be_folders(name):
    with pytest.raises(ReleaseError, match="cannot be the name of a case"):
        check_name(name)


@given(own.names)
def test_plain_names_can(name):
    check_name(name)
    check_name(f"{name}/{name}")
