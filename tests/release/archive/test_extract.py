from __future__ import annotations

import io
import random
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemsca.errors import ArchiveError, ReleaseError, SpineError
from spinemsca.release.archive.extract import extract_split
from spinemsca.release.archive.zip_safety import ArchiveLimits
from spinemsca.release.split import Split

BODY = random.Random(2).randbytes(30_000)


def zipped(
    *members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_STORED
) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data, compress_type=method)
    return out.getvalue()


def in_parts(folder: Path, data: bytes, size: int) -> list[Path]:
    paths = []
    for number, start in enumerate(range(0, len(data), size), start=1):
        paths.append(folder / f"Train.zip.{number:03d}")
        paths[-1].write_bytes(data[start : start + size])
    return paths


def extract(tmp_path: Path, data: bytes, **options: object) -> Path:
    (tmp_path / "Train.zip").write_bytes(data)
    extract_split([tmp_path / "Train.zip"], tmp_path / "root", Split.TRAIN, **options)
    return tmp_path / "root"


def files(root: Path) -> list[str]:
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())


SOUND = zipped(("Train/a/img.pt", BODY), ("Train/a/label.pt", BODY[:999]), ("Train/b.pt", BODY))


@pytest.mark.parametrize(
    "names",
    [
        ["a/img.pt", "a/label.pt"],
        ["Train/a/img.pt", "Train/a/label.pt"],
        ["TRAIN/train/a/img.pt", "TRAIN/train/a/label.pt"],
        ["Train/a/img.pt", "a/label.pt"],
    ],
)
def test_result_is_the_same_whatever_the_archives_shape(tmp_path, names):
    root = extract(tmp_path, zipped(*((n, BODY) for n in names)))
    assert files(root) == ["Train/a/img.pt", "Train/a/label.pt"]
    assert (root / "Train/a/img.pt").read_bytes() == BODY


@pytest.mark.parametrize(
    "names",
    [
        ["Train\\a\\img.pt", "Train\\a\\label.pt"],
        ["a\\img.pt", "a\\label.pt"],
        ["Train\\", "Train\\a\\", "Train\\a.pt\\", "Train\\a/img.pt", "Train/a\\label.pt"],
        ["TRAIN\\train\\a\\img.pt", "a\\.\\label.pt", "__MACOSX\\a\\._img.pt"],
    ],
)
def test_windows_archives_with_backslashes_are_read(tmp_path, names):
    root = extract(tmp_path, zipped(*((n, b"" if n.endswith("\\") else BODY) for n in names)))
    assert files(root) == ["Train/a/img.pt", "Train/a/label.pt"]
    assert (root / "Train/a/label.pt").read_bytes() == BODY


def test_a_backslash_inside_a_gbk_character_is_none(tmp_path):
    name = "乗"
    raw = f"{name}\\img.pt".encode("gbk")
    assert raw.count(b"\\") == 2
    root = extract(tmp_path, zipped(("x" * len(raw), BODY)).replace(b"x" * len(raw), raw))
    assert files(root) == [f"Train/{name}/img.pt"]


PIECES = st.sampled_from(
    ["..", ".", "", "a", "b", "img.pt", "a.pt", "Train", "C:", "C:a", "~", " ", "a.", "\\"]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(PIECES, st.sampled_from("/\\")), min_size=1, max_size=5))
def test_no_mixture_of_slashes_leaves_the_folder(tmp_path_factory, pieces):
    name = "".join(piece + slash for piece, slash in pieces) + "x.pt"
    folder = tmp_path_factory.mktemp("slashes")
    try:
        root = extract(folder, zipped((name, BODY[:99]), ("plain.pt", BODY[:99])))
    except ArchiveError:
        assert {p.name for p in folder.rglob("*")} <= {"Train.zip", "root"}
        return
    climbs = ".." in name.replace("\\", "/").split("/")
    assert not climbs
    assert ":" not in name
    assert name[0] not in "/\\"
    assert {p.name for p in folder.iterdir()} == {"Train.zip", "root"}
    assert all("\\" not in f and f.startswith("Train/") for f in files(root))
    assert len(files(root)) == 2


def test_misspelt_folder_becomes_the_canonical_one(tmp_path):
    (tmp_path / "Vail.zip").write_bytes(zipped(("Vail/a/img.pt", BODY)))
    extract_split([tmp_path / "Vail.zip"], tmp_path, Split.VAL)
    assert (tmp_path / "Vali/a/img.pt").exists()


def test_only_cases_are_taken(tmp_path):
    junk = ("Train/", "Train/.DS_Store", "__MACOSX/Train/a/._img.pt", "__MACOSX/x.pt", "read.me")
    root = extract(tmp_path, zipped(("Train/a/img.pt", BODY), *((n, b"") for n in junk)))
    assert files(root) == ["Train/a/img.pt"]


def test_compressed_members_and_progress(tmp_path):
    told = []
    data = zipped(("a.pt", bytes(200_000)), ("b.pt", BODY), method=zipfile.ZIP_DEFLATED)
    extract(tmp_path, data, progress=lambda d, t: told.append((d, t)))
    assert told == [(200_000, 230_000), (230_000, 230_000)]


@pytest.mark.parametrize(("encoding", "name"), [("gbk", "病例/甲"), ("utf-8", "Fälle/ä")])
def test_names_without_the_utf8_flag(tmp_path, encoding, name):
    raw = f"{name}/img.pt".encode(encoding)
    data = zipped(("x" * len(raw), BODY)).replace(b"x" * len(raw), raw)
    assert files(extract(tmp_path, data)) == [f"Train/{name}/img.pt"]


def test_names_that_are_neither(tmp_path):
    raw = b"\xff\xff/img.pt"
    root = extract(tmp_path, zipped(("x" * len(raw), BODY)).replace(b"x" * len(raw), raw))
    assert len(files(root)) == 1


@settings(max_examples=40, deadline=None)
@given(size=st.integers(1, len(SOUND)))
def test_parts_of_any_size_are_one_archive(tmp_path_factory, size):
    size = max(size, len(SOUND) // 300)
    folder = tmp_path_factory.mktemp("parts")
    extract_split(in_parts(folder, SOUND, size), folder / "root", Split.TRAIN)
    root = folder / "root"
    assert files(root) == ["Train/a/img.pt", "Train/a/label.pt", "Train/b.pt"]
    assert (root / "Train/a/img.pt").read_bytes() == (root / "Train/b.pt").read_bytes() == BODY


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32), method=st.sampled_from([0, 8, 12, 14]))
def test_damaged_bytes_are_refused_or_harmless(tmp_path_factory, seed, method):
    rng = random.Random(seed)
    data = bytearray(zipped(("a/img.pt", BODY[:300]), ("b/img.pt", bytes(400)), method=method))
    for _ in range(rng.randint(1, 4)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    if rng.random() < 0.3:
        del data[rng.randrange(len(data)) :]
    folder = tmp_path_factory.mktemp("fuzz")
    try:
        root = extract(folder, bytes(data))
    except ArchiveError as error:
        assert "Train.zip" in str(error)
        assert not (folder / "root" / "Train").exists()
    else:
        # Nothing but names and dates is without a check.
        assert {p.stat().st_size for p in root.rglob("*.pt")} <= {300, 400}
    assert {p.name for p in folder.iterdir()} <= {"Train.zip", "root"}


def info(name: str, kind: int) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)
    made.create_system = 3
    made.external_attr = (kind | 0o644) << 16
    return made


def encrypted() -> bytes:
    data = bytearray(zipped(("a.pt", BODY)))
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + offset] |= 1
    return bytes(data)


def overlapping() -> bytes:
    """Two members in the directory that lie at the same place."""
    data = zipped(("a.pt", BODY), ("b.pt", BODY))
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1)
    return data[: second + 42] + struct.pack("<L", 0) + data[second + 46 :]


def lying(size: int) -> bytes:
    """A directory that says less than the member holds."""
    data = bytearray(zipped(("a.pt", bytes(5000)), method=zipfile.ZIP_DEFLATED))
    start = data.index(b"PK\x01\x02")
    struct.pack_into("<L", data, start + 24, size)
    return bytes(data)


def wrong_crc() -> bytes:
    data = bytearray(SOUND)
    data[20_000] ^= 1
    return bytes(data)


def unknown_method() -> bytes:
    data = bytearray(zipped(("a.pt", BODY)))
    for magic, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        data[data.index(magic) + offset] = 99
    return bytes(data)


HOSTILE = {
    "climbs out": (zipped(("../../a.pt", b"")), "outside the folder"),
    "climbs out inside": (zipped(("Train/../../a.pt", b"")), "outside the folder"),
    "absolute": (zipped(("/etc/a.pt", b"")), "outside the folder"),
    "drive": (zipped(("C:/a.pt", b"")), "outside the folder"),
    "backslash": (zipped(("..\\a.pt", b"")), "outside the folder"),
    "backslashes inside": (zipped(("Train\\..\\..\\a.pt", b"")), "outside the folder"),
    "both slashes": (zipped(("Train/..\\../a.pt", b"")), "outside the folder"),
    "backslash at the root": (zipped(("\\a.pt", b"")), "outside the folder"),
    "network share": (zipped(("\\\\host\\share\\a.pt", b"")), "outside the folder"),
    "device path": (zipped(("\\\\?\\C:\\a.pt", b"")), "outside the folder"),
    "drive with backslash": (zipped(("C:\\a.pt", b"")), "outside the folder"),
    "drive without": (zipped(("C:a.pt", b"")), "outside the folder"),
    "backslash, no case": (zipped(("a.pt", b""), ("..\\x.txt", b"")), "outside the folder"),
    "same but for slashes": (
        zipped(("a/img.pt", BODY), ("a\\img.pt", BODY), ("b/img.pt", BODY)),
        "'a/img.pt' twice",
    ),
    "same but for slashes and split": (
        zipped(("Train\\a.pt", BODY), ("a.pt", BODY), ("b.pt", BODY)),
        "'a.pt' twice",
    ),
    "same but for slashes and case": (zipped(("A\\b.pt", BODY), ("a/B.pt", BODY)), "twice"),
    "file and folder by backslash": (
        zipped(("a.pt", BODY), ("a.pt\\img.pt", BODY)),
        "as a file and as a folder",
    ),
    "climbs out, no case": (zipped(("a.pt", b""), ("../x.txt", b"")), "outside the folder"),
    "control character": (zipped(("a\n.pt", b"")), "cannot be the name"),
    "link": (zipped((info("a.pt", stat.S_IFLNK), b"/etc/passwd")), "link or a device"),
    "device": (zipped((info("a.pt", stat.S_IFCHR), b"")), "link or a device"),
    "fifo": (zipped((info("a.pt", stat.S_IFIFO), b"")), "link or a device"),
    "bomb": (
        zipped(("a.pt", bytes(40_000_000)), method=zipfile.ZIP_BZIP2),
        "unpacks to over 1100 times",
    ),
    "overlapping": (overlapping(), "share bytes"),
    "same under other case": (zipped(("A.pt", BODY), ("a.pt", BODY)), "twice"),
    "same in split folder": (zipped(("a.pt", BODY), ("Train/a.pt", BODY)), "twice"),
    "file and folder": (zipped(("a.pt", BODY), ("a.pt/img.pt", BODY)), "as a file and as a folder"),
    "encrypted": (encrypted(), "is encrypted"),
    "longer than said": (lying(100), r"'a.pt' is damaged"),
    "shorter than said": (lying(9000), r"'a.pt' is damaged"),
    "wrong crc": (wrong_crc(), r"'a/img.pt' is damaged \(Bad CRC"),
    "truncated": (SOUND[:-30], "does not end as a zip archive"),
    "page": (b"<!doctype html><html>Sign in</html>", "does not begin as a zip archive"),
    "placeholder": (b"\r\n", "does not begin as a zip archive"),
    "empty": (b"", "is empty"),
    "no members": (zipped(), "holds no .pt file"),
    "no cases": (zipped(("a.txt", b"")), "holds no .pt file"),
    "unknown method": (unknown_method(), "damaged"),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_archive_is_refused_and_nothing_is_written(tmp_path, kind):
    data, fault = HOSTILE[kind]
    with pytest.raises(ArchiveError, match=fault) as caught:
        extract(tmp_path, data)
    assert "Train.zip" in str(caught.value)
    assert not (tmp_path / "root" / "Train").exists()
    assert {p.name for p in tmp_path.rglob("*")} <= {"Train.zip", "root"}


@pytest.mark.parametrize("after", [(), (("b.pt", BODY),)], ids=["last", "in the middle"])
def test_same_name_twice(tmp_path, after):
    with pytest.warns(UserWarning, match="Duplicate"):
        data = zipped(("a.pt", BODY), ("a.pt", BODY), *after)
    with pytest.raises(ArchiveError, match="twice"):
        extract(tmp_path, data)


@pytest.mark.parametrize(
    ("limits", "fault"),
    [
        (ArchiveLimits(members=2), "has 3 members, more than 2"),
        (ArchiveLimits(member_bytes=20_000), "would fill 30000 bytes"),
        (ArchiveLimits(total_bytes=60_998), "would fill 60999 bytes"),
    ],
)
def test_limits(tmp_path, limits, fault):
    with pytest.raises(ArchiveError, match=fault):
        extract(tmp_path, SOUND, limits=limits)


def test_missing_part_is_named(tmp_path):
    parts = in_parts(tmp_path, SOUND, 20_000)
    with pytest.raises(ArchiveError, match=r"Train\.zip\.002: is missing"):
        extract_split([parts[0], *parts[2:]], tmp_path, Split.TRAIN)
    with pytest.raises(ArchiveError, match=r"Train\.zip\.001: is missing"):
        extract_split(parts[1:], tmp_path, Split.TRAIN)
    with pytest.raises(ArchiveError, match=r"Train\.zip\.003: does not end"):
        extract_split(parts[:-1], tmp_path, Split.TRAIN)
    with pytest.raises(ArchiveError, match="without parts"):
        extract_split([], tmp_path, Split.TRAIN)


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_truncated_part_is_named(tmp_path, number):
    parts = in_parts(tmp_path, SOUND, 17_000)
    parts[number].write_bytes(parts[number].read_bytes()[:-10])
    with pytest.raises(ArchiveError, match=rf"Train\.zip\.00{number + 1}: "):
        extract_split(parts, tmp_path, Split.TRAIN)


def test_damage_names_the_part_where_the_member_begins(tmp_path):
    parts = in_parts(tmp_path, SOUND, 20_000)
    data = bytearray(parts[2].read_bytes())
    data[15_000] ^= 1
    parts[2].write_bytes(data)
    with pytest.raises(ArchiveError, match=r"Train\.zip\.002: member 'b.pt' is damaged"):
        extract_split(parts, tmp_path, Split.TRAIN)


def test_parts_in_the_wrong_order(tmp_path):
    parts = in_parts(tmp_path, SOUND, 20_000)
    with pytest.raises(ArchiveError, match=r"Train\.zip\.001: is missing"):
        extract_split([parts[1], parts[0], *parts[2:]], tmp_path, Split.TRAIN)
    one, two = parts[1].read_bytes(), parts[2].read_bytes()
    parts[1].write_bytes(two)
    parts[2].write_bytes(one)
    with pytest.raises(ArchiveError, match=r"Train\.zip\.00\d: member '.*' is damaged"):
        extract_split(parts, tmp_path, Split.TRAIN)
    assert not (tmp_path / "Train").exists()


def test_folder_with_cases_is_left_alone(tmp_path):
    root = extract(tmp_path, SOUND)
    before = files(root)
    with pytest.raises(ReleaseError, match="is not empty"):
        extract(tmp_path, zipped(("other.pt", BODY)))
    assert files(root) == before


def test_full_disk_is_not_blamed_on_the_archive(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("spinemsca.release.archive.extract._write_member", full)
    with pytest.raises(OSError, match="No space left") as caught:
        extract(tmp_path, SOUND)
    assert not isinstance(caught.value, SpineError)
    assert files(tmp_path) == ["Train.zip"]


def test_stopped_extraction_leaves_nothing(tmp_path):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract(tmp_path, SOUND, progress=stop)
    assert files(tmp_path) == ["Train.zip"]
