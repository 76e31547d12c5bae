from __future__ import annotations

import hashlib
import multiprocessing
import random
import time
from pathlib import Path

import pytest

from spinemsca._util.checksums import blob_sha1
from spinemsca.errors import AccessError, DownloadError
from spinemsca.release.transfer.fetch import Remote, Retries, fetch
from spinemsca.release.transfer.serve import serve_folder
from tests.loopback import Faults, faulty
from tests.release.conftest import IMPATIENT

DATA = random.Random(1).randbytes(1_000_000)
SHA = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "f.zip").write_bytes(DATA)
    return tmp_path / "served"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "got" / "f.zip"


def remote(url: str, **known: object) -> Remote:
    return Remote("f.zip", (f"{url}f.zip",), **known)


def left(target: Path) -> list[str]:
    return sorted(p.name for p in target.parent.iterdir() if not p.name.endswith(".lock"))


def test_file_arrives_and_leaves_nothing_else(folder, target):
    told = []
    with serve_folder(folder) as url:
        fetch(remote(url, sha256=SHA), target, progress=lambda d, t: told.append((d, t)))
    assert target.read_bytes() == DATA
    assert left(target) == ["f.zip"]
    assert told[-1] == (len(DATA), len(DATA))
    assert [d for d, _ in told] == sorted(d for d, _ in told)


def test_what_is_there_is_not_fetched_again(folder, target):
    faults = Faults()
    with faulty(folder, faults) as url:
        fetch(remote(url, sha256=SHA), target)
        fetch(remote(url, sha256=SHA), target)
        assert len(faults.ranges) == 1
        target.write_bytes(b"damaged")
        fetch(remote(url, sha256=SHA), target)
    assert len(faults.ranges) == 2
    assert target.read_bytes() == DATA


def test_broken_connections_are_resumed_where_they_broke(folder, target):
    faults = Faults(drop_after=[300_000, 1, 299_999])
    with faulty(folder, faults) as url:
        fetch(remote(url, sha256=SHA), target, retries=IMPATIENT)
    assert target.read_bytes() == DATA
    assert [r for _, r in faults.ranges] == ["", "bytes=300000-", "bytes=300001-", "bytes=600000-"]


def test_server_without_ranges_starts_over(folder, target):
    with faulty(folder, Faults(drop_after=[300_000], ignore_range=True)) as url:
        fetch(remote(url, sha256=SHA), target, retries=IMPATIENT)
    assert target.read_bytes() == DATA


def test_server_without_validators_starts_over_unless_the_bytes_are_known(folder, target):
    blob = blob_sha1(folder / "f.zip")
    for known, expected in (({}, ["", ""]), ({"blob": blob}, ["", "bytes=300000-"])):
        faults = Faults(drop_after=[300_000], no_validator=True)
        with faulty(folder, faults) as url:
            fetch(remote(url, **known), target, retries=IMPATIENT)
        assert [r for _, r in faults.ranges] == expected
        assert target.read_bytes() == DATA
        target.unlink()


def test_file_that_changed_meanwhile_is_begun_anew(folder, target):
    def change(_):
        (folder / "f.zip").write_bytes(DATA[::-1])

    with faulty(folder, Faults(drop_after=[300_000])) as url:
        fetch(remote(url), target, retries=Retries(sleep=change))
    assert target.read_bytes() == DATA[::-1]


def test_file_that_shrank_is_begun_anew(folder, target):
    def shrink(_):
        (folder / "f.zip").write_bytes(DATA[:1000])

    with faulty(folder, Faults(drop_after=[300_000], no_validator=True)) as url:
        fetch(remote(url, blob=_blob(DATA[:1000])), target, retries=Retries(sleep=shrink))
    assert target.read_bytes() == DATA[:1000]


def _blob(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def test_all_bytes_there_but_not_yet_in_place(folder, target):
    with faulty(folder, Faults(drop_after=[300_000])) as url:
        with pytest.raises(DownloadError):
            fetch(remote(url, sha256=SHA), target, retries=Retries(attempts=1))
        (target.parent / "f.zip.part").write_bytes(DATA)
        fetch(remote(url, sha256=SHA), target)
    assert target.read_bytes() == DATA


@pytest.mark.parametrize("note", ["", "{", "[]", '{"url": "elsewhere", "validator": "x"}'])
def test_part_of_unknown_origin_is_not_trusted(folder, target, note):
    target.parent.mkdir()
    (target.parent / "f.zip.part").write_bytes(b"x" * 5000)
    (target.parent / "f.zip.part.json").write_text(note)
    with serve_folder(folder) as url:
        fetch(remote(url), target)
    assert target.read_bytes() == DATA


def test_busy_server_is_asked_again_after_growing_pauses(folder, target):
    pauses: list[float] = []
    with faulty(folder, Faults(statuses=[503, 500, 429])) as url:
        fetch(remote(url), target, retries=Retries(pause=0.5, sleep=pauses.append))
    assert pauses == [0.5, 1.0, 2.0]
    assert target.read_bytes() == DATA


def test_patience_ends(folder, target):
    pauses: list[float] = []
    retries = Retries(attempts=4, pause=8, longest_pause=10, sleep=pauses.append)
    with (
        faulty(folder, Faults(statuses=[500] * 9)) as url,
        pytest.raises(DownloadError, match=r"failed 4 times \(HTTP status 500\).*goes on where"),
    ):
        fetch(remote(url), target, retries=retries)
    assert pauses == [8, 10, 10]
    assert not target.exists()


def test_server_that_is_gone(tmp_path, target):
    with serve_folder(tmp_path) as url:
        pass
    with pytest.raises(DownloadError, match="ConnectionError"):
        fetch(remote(url), target, retries=IMPATIENT)


def test_missing_file_is_no_reason_to_wait(folder, target):
    with (
        serve_folder(folder) as url,
        pytest.raises(DownloadError, match=r"no such file \(HTTP 404\)"),
    ):
        fetch(Remote("x", (f"{url}x",)), target, retries=Retries(sleep=pytest.fail))


@pytest.mark.parametrize(
    ("known", "fault"),
    [
        ({"sha256": "0" * 64}, "does not match its SHA-256"),
        ({"blob": "0" * 40}, "does not match its git blob hash"),
        ({"size": 7}, "has 1000000 bytes, not 7"),
    ],
)
def test_wrong_bytes_never_take_the_name(folder, target, known, fault):
    with serve_folder(folder) as url, pytest.raises(DownloadError, match=fault):
        fetch(remote(url, **known), target)
    assert not target.exists()
    assert not target.with_name("f.zip.part").exists()


def test_second_address_serves_where_the_first_has_a_placeholder(folder, tmp_path, target):
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "f.zip").write_bytes(b"\r\n")
    with serve_folder(tmp_path / "two") as bad, serve_folder(folder) as good:
        urls = (f"{bad}f.zip", f"{good}f.zip")
        fetch(Remote("f.zip", urls, blob=_blob(DATA)), target)
        assert target.read_bytes() == DATA
        target.unlink()
        with pytest.raises(DownloadError, match="git blob hash"):
            fetch(Remote("f.zip", urls[:1], blob=_blob(DATA)), target)


def _fetch_in_process(url: str, target: Path) -> None:
    fetch(remote(url, sha256=SHA), target)


def test_several_processes_fetch_once(folder, target):
    faults = Faults(bytes_per_second=2_000_000)
    context = multiprocessing.get_context("forkserver")
    with faulty(folder, faults) as url:
        workers = [context.Process(target=_fetch_in_process, args=(url, target)) for _ in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)
    assert [w.exitcode for w in workers] == [0, 0, 0]
    assert target.read_bytes() == DATA
    assert len(faults.ranges) == 1


def test_waiting_is_real_by_default():
    start = time.perf_counter()
    Retries(pause=0.01).wait(2)
    assert time.perf_counter() - start >= 0.02


@pytest.mark.parametrize(
    ("status", "kind", "message"),
    [
        (401, AccessError, r"f\.zip: access needs a login \(HTTP 401\)\. .*netrc"),
        (403, AccessError, r"f\.zip: access was refused \(HTTP 403\)\. .*another mirror"),
        (404, DownloadError, r"f\.zip: no such file \(HTTP 404\)\. Check the address"),
        (410, DownloadError, r"f\.zip: the file was taken away .*\(HTTP 410\)\. Use another"),
        (451, AccessError, r"f\.zip: the file is withheld .*\(HTTP 451\)\. .*owner"),
        (418, DownloadError, r"f\.zip: the server gave no file \(HTTP 418\)"),
    ],
)
def test_a_refusal_is_called_what_it_is(folder, target, status, kind, message):
    with (
        faulty(folder, Faults(statuses=[status])) as url,
        pytest.raises(DownloadError, match=message) as caught,
    ):
        fetch(remote(url), target, retries=Retries(sleep=pytest.fail))
    assert type(caught.value) is kind
    assert left(target) == []


def test_the_next_address_serves_what_the_first_refuses(folder, target):
    with faulty(folder, Faults(statuses=[403])) as url:
        fetch(Remote("f.zip", (f"{url}f.zip", f"{url}f.zip"), sha256=SHA), target)
    assert target.read_bytes() == DATA
