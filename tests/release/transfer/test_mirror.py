from __future__ import annotations

import hashlib

import pytest

from spinemsca.errors import AccessError, DownloadError
from spinemsca.release.published import PUBLISHED_ARCHIVES
from spinemsca.release.split import Split
from spinemsca.release.transfer.mirror import PUBLISHED, ask_folder, ask_url
from spinemsca.release.transfer.serve import serve_folder
from tests.loopback import Faults, faulty


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr("urllib3.util.retry.time.sleep", lambda _: None)


def names(offer):
    return {split: [r.name for r in remotes] for split, remotes in offer.archives.items()}


def test_published_addresses_are_pinned_and_identified():
    assert names(PUBLISHED) == {s: list(n) for s, n in PUBLISHED_ARCHIVES.items()}
    for remotes in PUBLISHED.archives.values():
        for remote in remotes:
            assert remote.urls[0] == (
                "https://raw.githubusercontent.com/Ma-S-T/Spine-MSCA/"
                f"783846f00d8bb68af0d0981ea69dd806ea514db4/{remote.name}"
            )
            assert len(remote.blob) == 40
    assert not any("DCAN" in url for r in PUBLISHED.archives[Split.VAL] for url in r.urls)
    assert PUBLISHED.checked


def test_folder_with_sums(packed):
    offer = ask_folder(packed)
    assert names(offer)[Split.VAL] == ["Vali.zip"]
    assert [r.name for r in offer.companions] == ["cases.csv"]
    assert offer.checked
    train = offer.archives[Split.TRAIN]
    assert len(train) > 3
    for remote in train:
        assert remote.sha256 == hashlib.sha256((packed / remote.name).read_bytes()).hexdigest()


def test_folder_and_server_offer_the_same(packed, unsigned):
    with serve_folder(packed) as url:
        assert names(ask_url(url)) == names(ask_folder(packed))
        assert ask_url(url).checked
    with serve_folder(unsigned) as url:
        assert names(ask_url(url)) == names(ask_folder(packed))
        assert [r.name for r in ask_url(url).companions] == ["cases.csv"]
        assert not ask_url(url).checked


@pytest.mark.parametrize("spelling", ["Vail.zip", "Val.zip", "Vali.zip", "Vail.zip.001"])
def test_spellings_and_single_files(tmp_path, spelling):
    for name in ("Train.zip", spelling, "Test.zip.001", "Test.zip.002", "notes.txt"):
        (tmp_path / name).touch()
    with serve_folder(tmp_path) as url:
        for offer in (ask_folder(tmp_path), ask_url(url)):
            assert names(offer) == {
                Split.TRAIN: ["Train.zip"],
                Split.VAL: [spelling],
                Split.TEST: ["Test.zip.001", "Test.zip.002"],
            }


def test_sums_tell_of_archives_that_are_not_there(mirror):
    (mirror / "Test.zip").unlink()
    assert names(ask_folder(mirror))[Split.TEST] == ["Test.zip"]


def test_archive_that_the_sums_leave_out_is_unchecked(mirror):
    text = (mirror / "SHA256SUMS").read_text()
    (mirror / "SHA256SUMS").write_text(
        "".join(line for line in text.splitlines(keepends=True) if "Test.zip" not in line)
    )
    assert not ask_folder(mirror).checked


def test_nothing_there(tmp_path):
    with pytest.raises(DownloadError, match="holds no Train, Vali or Test archive"):
        ask_folder(tmp_path)
    with pytest.raises(DownloadError, match="no such folder"):
        ask_folder(tmp_path / "x")
    with serve_folder(tmp_path) as url, pytest.raises(DownloadError, match="holds no Train"):
        ask_url(url)
    with pytest.raises(DownloadError, match="cannot be read"):
        ask_url(url)


def test_server_out_of_order_is_not_one_without_sums(packed):
    with (
        faulty(packed, Faults(busy=frozenset({"SHA256SUMS"}))) as url,
        pytest.raises(DownloadError, match=r"SHA256SUMS: cannot be read \(HTTP status 503\)"),
    ):
        ask_url(url)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, r"Train\.zip: access needs a login \(HTTP 401\)"),
        (403, r"Train\.zip: access was refused \(HTTP 403\)\. .*permission"),
        (451, r"Train\.zip: the file is withheld for legal reasons \(HTTP 451\)"),
    ],
)
def test_server_that_refuses_everything_is_not_one_without_archives(packed, status, message):
    with (
        faulty(packed, Faults(always={"*": status})) as url,
        pytest.raises(AccessError, match=message),
    ):
        ask_url(url)


def test_server_that_refuses_what_it_lacks_is_used_all_the_same(unsigned):
    (unsigned / "Test.zip").unlink()
    lacking = ("SHA256SUMS", "cases.csv", "Train.zip", "Vail.zip", "Test.zip")
    parts = [f"{n}.{k:03d}" for n in lacking for k in range(1, 9)]
    missing = [n for n in (*lacking, *parts) if not (unsigned / n).exists()]
    with faulty(unsigned, Faults(always=dict.fromkeys(missing, 403))) as url:
        offer = ask_url(url)
    assert not offer.checked
    assert set(offer.archives) == {Split.TRAIN, Split.VAL}
    assert offer.refusal_of(Split.VAL) is None
    assert offer.refusal_of(Split.TEST).where == f"{url}Test.zip"


def test_server_busy_for_a_moment(packed):
    with faulty(packed, Faults(statuses=[503, 502])) as url:
        assert ask_url(url).checked


def test_endless_sums_are_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("spinemsca.release.transfer.http._MOST_BYTES", 1000)
    (tmp_path / "SHA256SUMS").write_bytes(b"x" * 100_000)
    with serve_folder(tmp_path) as url, pytest.raises(DownloadError, match="is longer than"):
        ask_url(url)
