from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch
from hypothesis import given

from spinemsca.case import Case
from spinemsca.errors import ReleaseError
from spinemsca.release.release import Release, write_release
from spinemsca.release.split import Split
from tests import strategies as own


def case(name="a", **changes):
    image = np.full((4, 5), 0.5, np.float32)
    return Case(**({"name": name, "image": image, "label": np.ones((4, 5), np.uint8)} | changes))


@given(own.releases())
def test_release_comes_back_as_written(tmp_path_factory, written):
    root = tmp_path_factory.mktemp("store") / "release"
    write_release(root, written)
    read = Release.open(root)
    expected = {c.name: (s, c) for s, c in written}
    assert {e.name: e.split for e in read.entries} == {n: s for n, (s, _) in expected.items()}
    for back in read.cases():
        _, there = expected[back.name]
        assert np.array_equal(back.image, there.image)
        assert np.array_equal(back.label, there.label)
        for key in ("spacing", "sex", "annotated", "source", "patient"):
            assert getattr(back, key) == getattr(there, key)


def test_what_is_written(tmp_path):
    root = tmp_path / "r"
    release = write_release(root, [(Split.VAL, case("p/1"))])
    files = sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())
    assert files == ["Vali/p/1/img.pt", "Vali/p/1/label.pt", "cases.csv"]
    content = b"".join((root / "Vali/p/1" / n).read_bytes() for n in ("img.pt", "label.pt"))
    assert release.table["p/1"].sha256 == hashlib.sha256(content).hexdigest()
    assert release.of(Split.VAL) == release.entries
    assert release.of(Split.TEST) == ()


def test_dicts_and_unlabelled_cases_load(tmp_path):
    (tmp_path / "Train" / "p1").mkdir(parents=True)
    held = {"img": torch.full((4, 5), 0.5), "label": torch.ones(1, 4, 5)}
    torch.save(held, tmp_path / "Train" / "p1" / "aug0.pt")
    (tmp_path / "Train" / "p2").mkdir()
    torch.save(torch.zeros(4, 5), tmp_path / "Train" / "p2" / "img.pt")
    one, two = Release.open(tmp_path).cases()
    assert (one.name, one.label.max()) == ("p1", 1)
    assert (two.name, two.label) == ("p2", None)


def test_progress_counts_cases(tmp_path):
    told = []
    write_release(
        tmp_path / "a",
        [(Split.TRAIN, case(n)) for n in "xyz"],
        progress=lambda d, t: told.append((d, t)),
    )
    assert told == [(1, 3), (2, 3), (3, 3)]
    write_release(
        tmp_path / "b",
        ((Split.TRAIN, case(n)) for n in "x"),
        total=7,
        progress=lambda d, t: told.append((d, t)),
    )
    assert told[-1] == (1, 7)


@pytest.mark.parametrize(
    ("cases", "fault"),
    [
        ([case("../a")], "cannot be the name"),
        ([case("a"), case("A")], "two cases are called 'A'"),
        ([case("a", label=None)], "no label map"),
    ],
)
def test_refused_releases_leave_nothing(tmp_path, cases, fault):
    with pytest.raises(ReleaseError, match=fault):
        write_release(tmp_path / "r", [(Split.TRAIN, c) for c in cases])
    assert list(tmp_path.iterdir()) == []


def test_stopped_run_leaves_nothing(tmp_path):
    def stopping():
        yield Split.TRAIN, case()
        raise KeyboardInterrupt

    (tmp_path / "r").mkdir()
    with pytest.raises(KeyboardInterrupt):
        write_release(tmp_path / "r", stopping())
    assert list((tmp_path / "r").iterdir()) == []
    assert list(tmp_path.iterdir()) == [tmp_path / "r"]


def test_folder_with_files_is_refused(tmp_path):
    (tmp_path / "x").touch()
    for root in (tmp_path, tmp_path / "x"):
        with pytest.raises(ReleaseError, match="is not an empty folder"):
            write_release(root, [(Split.TRAIN, case())])
