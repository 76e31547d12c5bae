from __future__ import annotations

import hashlib
import os
import shutil
import zipfile

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemsca.errors import ReleaseError
from spinemsca.release.pack import pack
from spinemsca.release.parts import PartReader
from spinemsca.release.store import Release, write_release
from spinemsca.release.table import read_table
from spinemsca.release.transfer.download import download
from tests import strategies as own
from tests.release.conftest import digests, tiny


def test_what_is_written(release, packed):
    names = sorted(p.name for p in packed.iterdir())
    parts = [n for n in names if n.startswith("Train")]
    assert parts == [f"Train.zip.{n:03d}" for n in range(1, len(parts) + 1)]
    others = sorted(set(names) - set(parts))
    assert others == ["README.md", "SHA256SUMS", "Test.zip", "Vali.zip", "cases.csv"]
    assert {(packed / p).stat().st_size for p in parts[:-1]} == {100_000}
    with PartReader([packed / p for p in parts]) as stream, zipfile.ZipFile(stream) as archive:
        assert archive.testzip() is None
        members = archive.infolist()
    assert members[0].filename == "Train/c000/img.pt"
    assert [m.filename for m in members] == sorted(m.filename for m in members)
    assert {m.date_time for m in members} == {(1980, 1, 1, 0, 0, 0)}
    assert {m.external_attr >> 16 for m in members} == {0o100644}
    assert read_table(packed) == read_table(release)


def test_one_part_is_numbered_too(release, tmp_path):
    pack(release, tmp_path / "a", part_size=10**9)
    assert [p.name for p in (tmp_path / "a").glob("Train*")] == ["Train.zip.001"]


def test_same_release_same_bytes(release, packed, tmp_path):
    shutil.copytree(release, tmp_path / "copy")
    for path in (tmp_path / "copy").rglob("*"):
        path.chmod(0o700)
        os.utime(path, (0, 0))
    sums = pack(tmp_path / "copy", tmp_path / "again", part_size=100_000)
    assert digests(tmp_path / "again") == digests(packed)
    assert sums == {n: s for n, s in digests(packed).items() if n != "SHA256SUMS"}


def test_sums_are_of_the_files(packed):
    for line in (packed / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((packed / name).read_bytes()).hexdigest() == digest


def test_any_layout_becomes_ours(tmp_path):
    for split in ("TRAIN", "Vail", "test"):
        (tmp_path / "wild" / split / "p1").mkdir(parents=True)
        held = {"img": torch.rand(6, 5, dtype=torch.float64), "label": torch.ones(1, 6, 5)}
        torch.save(held, tmp_path / "wild" / split / "p1" / "aug0.pt")
    pack(tmp_path / "wild", tmp_path / "out")
    download(tmp_path / "back", mirror=tmp_path / "out")
    read = Release.open(tmp_path / "back")
    assert [e.name for e in read.entries] == ["train-p1", "val-p1", "test-p1"]
    assert all(e.image_path.name == "img.pt" for e in read.entries)
    for there, back in zip(Release.open(tmp_path / "wild").cases(), read.cases(), strict=True):
        assert (there.image == back.image).all()


def test_split_without_cases_gets_no_archive(tmp_path):
    tiny(tmp_path / "r", 2, 8)
    names = {p.parts[-3] for p in (tmp_path / "r").rglob("img.pt")}
    pack(tmp_path / "r", tmp_path / "out")
    assert {p.name.partition(".")[0] for p in (tmp_path / "out").glob("*.zip*")} == names
    download(tmp_path / "back", mirror=tmp_path / "out")
    assert digests(tmp_path / "back") == digests(tmp_path / "r")


def test_case_without_label_is_refused_and_nothing_written(tmp_path):
    (tmp_path / "r" / "Train" / "p1").mkdir(parents=True)
    torch.save(torch.rand(4, 4), tmp_path / "r" / "Train" / "p1" / "img.pt")
    with pytest.raises(ReleaseError, match="p1: case has no label map"):
        pack(tmp_path / "r", tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["r"]


def test_stopped_pack_leaves_nothing(release, tmp_path):
    def stop(done, total):
        assert (done, total) == (1, 12)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pack(release, tmp_path / "out", progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_target_with_files_is_refused(release, packed):
    with pytest.raises(ReleaseError, match="is not an empty folder"):
        pack(release, packed)


def test_companions_travel(tmp_path):
    tiny(tmp_path / "r", 3, 8)
    (tmp_path / "r" / "phantoms.jsonl").write_text('{"case": "c000"}\n')
    (tmp_path / "r" / "private.txt").write_text("stays")
    sums = pack(tmp_path / "r", tmp_path / "out")
    assert "phantoms.jsonl" in sums
    assert "private.txt" not in sums
    download(tmp_path / "back", mirror=tmp_path / "out")
    assert (tmp_path / "back" / "phantoms.jsonl").exists()


@settings(max_examples=15, deadline=None)
@given(written=own.releases(), size=st.integers(1 << 16, 1 << 18))
def test_pack_and_download_are_an_identity(tmp_path_factory, written, size):
    folder = tmp_path_factory.mktemp("identity")
    write_release(folder / "r", written)
    pack(folder / "r", folder / "out", part_size=size)
    download(folder / "back", mirror=folder / "out")
    assert digests(folder / "back") == digests(folder / "r")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a:b"], "'a:b' cannot be the name of a case"),
        (["Train/img"], "'Train' cannot be the name of a case"),
        (["p1", "P1"], "two cases are called 'p1' but for case"),
    ],
)
def test_what_download_would_refuse_or_rename_is_not_packed(tmp_path, names, message):
    for name in names:
        folder = tmp_path / "r" / "Train" / name
        folder.parent.mkdir(parents=True, exist_ok=True)
        torch.save({"img": torch.rand(9, 9), "label": torch.ones(1, 9, 9)}, f"{folder}.pt")
    with pytest.raises(ReleaseError, match=message):
        pack(tmp_path / "r", tmp_path / "out")
    assert not (tmp_path / "out").exists()
