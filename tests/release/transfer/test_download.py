from __future__ import annotations

import multiprocessing
import random
import shutil
import time
import zipfile
from dataclasses import replace
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from spinemsca._util.checksums import blob_sha1
from spinemsca.errors import AccessError, ArchiveError, DownloadError, ReleaseError, UsageError
from spinemsca.release.pack import pack
from spinemsca.release.parts import PartReader
from spinemsca.release.split import Split
from spinemsca.release.store import Release
from spinemsca.release.table import read_table
from spinemsca.release.transfer.download import download
from spinemsca.release.transfer.mirror import PUBLISHED, Offer
from spinemsca.release.transfer.serve import serve_folder
from tests.loopback import Faults, faulty
from tests.release.conftest import IMPATIENT, digests, tiny


def names(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir()} - {".download.lock"}


def test_over_http_it_is_an_identity(release, packed, tmp_path):
    told = []
    with serve_folder(packed) as url:
        got = download(tmp_path / "r", mirror=url, progress=lambda d, t: told.append((d, t)))
    assert digests(tmp_path / "r") == digests(release)
    assert names(tmp_path / "r") == {"Train", "Vali", "Test", "cases.csv"}
    assert got.checked is True
    assert got.mirror == url
    assert sum(got.cases.values()) == 12
    total = sum(p.stat().st_size for p in packed.glob("*.zip*"))
    assert told[-1] == (total, total)


def test_from_a_folder_it_is_one_too(release, packed, tmp_path):
    got = download(tmp_path / "r", mirror=packed)
    assert digests(tmp_path / "r") == digests(release)
    assert (got.checked, got.mirror) == (True, str(packed))


def test_426_cases(tmp_path):
    tiny(tmp_path / "r", 426, 64)
    pack(tmp_path / "r", tmp_path / "out", part_size=3_000_000)
    with serve_folder(tmp_path / "out") as url:
        got = download(tmp_path / "back", mirror=url)
    assert list(got.cases.values()) == [326, 50, 50]
    assert digests(tmp_path / "back") == digests(tmp_path / "r")
    assert Release.open(tmp_path / "back").table == Release.open(tmp_path / "r").table


@pytest.mark.slow
def test_426_full_cases_verify_alike(tmp_path):
    from spinemsca.release.split import split_sizes
    from spinemsca.release.store import write_release
    from spinemsca.release.verify import verify
    from tests.release import verify_cases

    splits = [s for s, n in split_sizes(426).items() for _ in range(n)]
    make = verify_cases.case.__wrapped__
    write_release(tmp_path / "r", ((s, make(i)) for i, s in enumerate(splits)))
    pack(tmp_path / "r", tmp_path / "out")
    with serve_folder(tmp_path / "out") as url:
        download(tmp_path / "back", mirror=url)
    assert digests(tmp_path / "back") == digests(tmp_path / "r")
    verdict = verify(tmp_path / "back")
    assert verdict.passed, verdict.findings[:5]
    assert verdict == verify(tmp_path / "r")
    shutil.rmtree(tmp_path)


def test_without_sums_it_is_said_to_be_unchecked(release, unsigned, tmp_path):
    for number, mirror in enumerate((unsigned, None)):
        with serve_folder(unsigned) as url:
            got = download(tmp_path / str(number), mirror=mirror or url)
        assert got.checked is False
        assert digests(tmp_path / str(number)) == digests(release)


def test_what_is_there_needs_no_mirror(packed, tmp_path):
    download(tmp_path / "r", mirror=packed)
    before = digests(tmp_path / "r")
    got = download(tmp_path / "r", mirror=tmp_path / "gone")
    assert (got.checked, sum(got.cases.values())) == (None, 12)
    assert digests(tmp_path / "r") == before


def test_a_split_under_another_spelling_is_there(packed, tmp_path):
    download(tmp_path / "r", mirror=packed)
    (tmp_path / "r" / "Vali").rename(tmp_path / "r" / "Vail")
    download(tmp_path / "r", mirror=packed)
    assert not (tmp_path / "r" / "Vali").exists()


def test_splits_one_by_one(release, packed, tmp_path):
    root = tmp_path / "r"
    got = download(root, splits=[Split.VAL], mirror=packed)
    assert names(root) == {"Vali", "cases.csv"}
    assert {r.split for r in read_table(root).values()} == {Split.VAL}
    assert set(got.cases) == {Split.VAL}
    download(root, splits=[Split.TRAIN, Split.TEST], mirror=packed)
    assert digests(root) == digests(release)


def test_archives_are_kept_on_demand(packed, tmp_path):
    with serve_folder(packed) as url:
        download(tmp_path / "r", mirror=url, keep_archives=True)
        kept = {p.name for p in (tmp_path / "r" / ".archives").iterdir()}
    assert {n for n in kept if not n.endswith(".lock")} == names(packed) - {
        "README.md",
        "SHA256SUMS",
    }
    assert sum(1 for _ in Release.open(tmp_path / "r").cases()) == 12


def test_mirror_without_a_split(mirror, tmp_path):
    (mirror / "Test.zip").unlink()
    with pytest.raises(DownloadError, match=r"Test\.zip: is missing"):
        download(tmp_path / "r", mirror=mirror)
    (mirror / "SHA256SUMS").unlink()
    with pytest.raises(DownloadError, match=r"has no archive of Test.*--split"):
        download(tmp_path / "r", mirror=mirror)
    download(tmp_path / "r", mirror=mirror, splits=[Split.TRAIN, Split.VAL])


def test_a_split_that_is_refused_is_not_said_to_be_lacking(unsigned, tmp_path):
    with (
        faulty(unsigned, Faults(always={"Test.zip": 403})) as url,
        pytest.raises(AccessError, match=r"Test\.zip: access was refused \(HTTP 403\)"),
    ):
        download(tmp_path / "r", mirror=url)


@pytest.mark.parametrize("address", ["ftp://host/x", "s3://bucket"])
def test_other_addresses_are_refused(tmp_path, address):
    with pytest.raises(UsageError, match="is no address that can be read"):
        download(tmp_path / "r", mirror=address)


def test_damaged_file_is_refused_and_named(mirror, tmp_path):
    part = mirror / "Train.zip.002"
    part.write_bytes(part.read_bytes()[:-100])
    with pytest.raises(DownloadError, match=r"Train\.zip\.002: does not match its SHA-256"):
        download(tmp_path / "a", mirror=mirror)
    with serve_folder(mirror) as url, pytest.raises(DownloadError, match=r"Train\.zip\.002"):
        download(tmp_path / "b", mirror=url)
    (mirror / "SHA256SUMS").unlink()
    with pytest.raises(ArchiveError, match=r"Train\.zip\.002: has"):
        download(tmp_path / "c", mirror=mirror)
    with serve_folder(mirror) as url, pytest.raises(ArchiveError, match=r"Train\.zip\.002: has"):
        download(tmp_path / "d", mirror=url)
    for root in "abcd":
        assert not (tmp_path / root / "Train").exists()


def test_damaged_archive_is_fetched_again_next_time(release, packed, mirror, tmp_path):
    (mirror / "SHA256SUMS").unlink()
    good = (mirror / "Vali.zip").read_bytes()
    (mirror / "Vali.zip").write_bytes(good[:9000] + b"!" + good[9001:])
    with serve_folder(mirror) as url:
        with pytest.raises(ArchiveError, match=r"Vali\.zip: member .* is damaged"):
            download(tmp_path / "r", mirror=url)
        assert (tmp_path / "r" / "Train").exists()
        assert not (tmp_path / "r" / "Vali").exists()
        (mirror / "Vali.zip").write_bytes(good)
        download(tmp_path / "r", mirror=url)
    assert digests(tmp_path / "r") == digests(release)


def test_page_instead_of_files(packed, unsigned, tmp_path):
    page = b"<!doctype html><title>Sign in</title>"
    with faulty(packed, Faults(page=page)) as url, pytest.raises(DownloadError, match="SHA-256"):
        download(tmp_path / "r", mirror=url)
    with faulty(unsigned, Faults(page=page)) as url, pytest.raises(ArchiveError, match="begin"):
        download(tmp_path / "r", mirror=url)


def test_hostile_table_is_refused(mirror, tmp_path):
    (mirror / "SHA256SUMS").unlink()
    (mirror / "cases.csv").write_text("case,split\nx,moon\n")
    with pytest.raises(ReleaseError, match="row cannot be understood"):
        download(tmp_path / "r", mirror=mirror)
    assert not (tmp_path / "r" / "cases.csv").exists()


def _as_published(mirror: Path, placeholder: bool) -> None:
    """The published shape: no sums, the odd spelling, or the second mirror's placeholder."""
    for name in ("SHA256SUMS", "cases.csv", "README.md"):
        (mirror / name).unlink()
    (mirror / "Vali.zip").rename(mirror / "Vail.zip")
    if placeholder:
        (mirror / "Vail.zip").unlink()
        (mirror / "Vali.zip").write_bytes(b"\r\n")


def test_second_mirrors_placeholder_is_refused(mirror, tmp_path):
    _as_published(mirror, placeholder=True)
    with serve_folder(mirror) as url, pytest.raises(ArchiveError, match=r"Vali\.zip: does not beg"):
        download(tmp_path / "r", mirror=url)
    assert not (tmp_path / "r" / "Vali").exists()


def test_published_dataset(release, mirror, tmp_path, monkeypatch):
    """With the registry's own logic, its addresses led to a loopback server."""
    _as_published(mirror, placeholder=False)
    with serve_folder(mirror) as url, serve_folder(tmp_path / "mirror") as second:

        def here(remote):
            urls = (f"{second}gone", f"{url}{remote.name}")
            return replace(remote, urls=urls, blob=blob_sha1(mirror / remote.name))

        parts = [
            here(replace(PUBLISHED.archives[Split.TRAIN][0], name=p.name))
            for p in sorted(mirror.glob("Train*"))
        ]
        archives = {s: tuple(map(here, r)) for s, r in PUBLISHED.archives.items()}
        offer = Offer(PUBLISHED.name, archives | {Split.TRAIN: tuple(parts)}, checked=True)
        monkeypatch.setattr("spinemsca.release.transfer.download.PUBLISHED", offer)
        got = download(tmp_path / "r", retries=IMPATIENT)
    assert (got.checked, got.mirror) == (True, "github.com/Ma-S-T/Spine-MSCA")
    assert names(tmp_path / "r") == {"Train", "Vali", "Test"}
    there = {n: d for n, d in digests(release).items() if n.endswith(".pt")}
    assert digests(tmp_path / "r") == there


def test_faulty_server_is_survived(release, packed, tmp_path):
    rng = random.Random(5)
    faults = Faults(drop_after=[rng.randrange(90_000) for _ in range(12)])
    with faulty(packed, faults) as url:
        download(tmp_path / "r", mirror=url, retries=IMPATIENT, workers=2)
    assert digests(tmp_path / "r") == digests(release)
    assert any(r for _, r in faults.ranges)


def test_first_failure_stops_the_rest(mirror, tmp_path):
    (mirror / "Train.zip.001").unlink()
    with serve_folder(mirror) as url, pytest.raises(DownloadError, match=r"Train\.zip\.001"):
        download(tmp_path / "r", mirror=url, workers=1)
    assert names(tmp_path / "r") == {".archives", ".download.unfinished"}


def test_archive_with_a_hostile_member_leaves_the_root_empty(tmp_path):
    (tmp_path / "m").mkdir()
    for name in ("Train.zip.001", "Vali.zip", "Test.zip"):
        with zipfile.ZipFile(tmp_path / "m" / name, "w") as archive:
            archive.writestr("../../escaped.pt", b"x")
    with pytest.raises(ArchiveError, match="outside the folder"):
        download(tmp_path / "deep" / "er" / "r", mirror=tmp_path / "m")
    assert names(tmp_path / "deep" / "er" / "r") == {".download.unfinished"}
    assert not list(tmp_path.rglob("escaped*"))


def test_no_joined_copy_is_written(packed, tmp_path, monkeypatch):
    """While parts are read, only the archives as they came and the split's folder exist."""
    seen: set[str] = set()

    class Watching(PartReader):
        def readinto(self, buffer):
            seen.update(p.name for p in (tmp_path / "r").rglob("*Train*"))
            return super().readinto(buffer)

    monkeypatch.setattr("spinemsca.release.archive.PartReader", Watching)
    with serve_folder(packed) as url:
        download(tmp_path / "r", mirror=url)
    parts = {p.name for p in packed.glob("Train*")}
    extra = {n for n in seen - parts if not n.endswith(".lock")}
    assert parts <= seen
    assert all(n == "Train" or (n.startswith(".Train.") and n.endswith(".tmp")) for n in extra)


def test_table_is_brought_by_the_run_after_one_that_stopped_before_it(
    release, packed, tmp_path, monkeypatch
):
    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("spinemsca.release.transfer.download._bring_companions", stop)
        with pytest.raises(KeyboardInterrupt):
            download(tmp_path / "r", mirror=packed)
    (tmp_path / "r" / ".Train.abc.tmp" / "half").mkdir(parents=True)
    download(tmp_path / "r", mirror=packed)
    assert digests(tmp_path / "r") == digests(release)
    assert names(tmp_path / "r") == {"Train", "Vali", "Test", "cases.csv"}


def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["spinemsca.release.transfer.download", "requests"])
    return context


def _run(root: Path, url: str) -> None:
    download(root, mirror=url, workers=3)


def test_several_processes_at_once(release, packed, tmp_path):
    with serve_folder(packed) as url:
        context = _context()
        runs = [context.Process(target=_run, args=(tmp_path / "r", url)) for _ in range(4)]
        for run in runs:
            run.start()
        for run in runs:
            run.join(120)
    assert [r.exitcode for r in runs] == [0] * 4
    assert digests(tmp_path / "r") == digests(release)


def _assert_nothing_half(root: Path, mirror: Path, expected: dict[str, str]) -> None:
    """Whatever has a final name is whole."""
    for path in mirror.iterdir():
        got = root / ".archives" / path.name
        assert not got.exists() or got.read_bytes() == path.read_bytes()
    there = digests(root) if root.exists() else {}
    for folder in ("Train", "Vali", "Test", "cases.csv"):
        if (root / folder).exists():
            whole = {n: d for n, d in expected.items() if n.partition("/")[0] == folder}
            assert {n: d for n, d in there.items() if n.partition("/")[0] == folder} == whole


def _wait(run: BaseProcess, faults: Faults, rng: random.Random) -> None:
    """Waits until a random number of bytes has been sent, and a little longer."""
    wanted = rng.choice([0, rng.randrange(150_000)])
    while run.is_alive() and faults.sent < wanted:
        time.sleep(0.002)
    run.join(rng.uniform(0, 0.15))


@pytest.mark.parametrize("kills", [8, pytest.param(50, marks=pytest.mark.slow)])
def test_killed_at_random_moments(release, packed, tmp_path, kills):
    rng = random.Random(7)
    context, expected, killed, finished, resumed = _context(), digests(release), 0, 0, 0
    faults = Faults(bytes_per_second=1_000_000)
    with faulty(packed, faults) as url:
        while killed < kills or not finished:
            root = tmp_path / f"r{finished}"
            faults.ranges.clear()
            faults.sent = 0
            run = context.Process(target=_run, args=(root, url))
            run.start()
            if killed < kills:
                _wait(run, faults, rng)
            else:
                run.join(120)
            killed += run.is_alive()
            run.kill()
            run.join()
            resumed += any(asked for _, asked in faults.ranges)
            _assert_nothing_half(root, packed, expected)
            if run.exitcode == 0:
                assert digests(root) == expected
                finished += 1
    assert killed == kills
    assert resumed > 0
