"""Names that every file system takes."""

from __future__ import annotations

import ntpath
import os
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spinemsca._util.printing import printable
from spinemsca.predictions.names import safe_name, safe_path_name, source_of

# With surrogates, as `os.fsdecode` gives for bytes that are no UTF-8.
anything = st.text(st.characters(), max_size=300) | st.binary(max_size=300).map(os.fsdecode)

# "Naming Files, Paths, and Namespaces", Microsoft; the devices that Python's `ntpath` lists.
DEVICES = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"} | {
    f"{port}{digit}" for port in ("COM", "LPT") for digit in "0123456789¹²³"
}


def check_taken_everywhere(name: str) -> None:
    raw = name.encode()  # no surrogates
    assert 0 < len(raw) <= 200
    assert not re.search(r'[\x00-\x1f\x7f<>:"/\\|?*]', name)
    assert name[0] not in ". "
    assert name[-1] not in ". "
    assert name.partition(".")[0].rstrip(" ").upper() not in DEVICES
    assert unicodedata.is_normalized("NFC", name)
    assert ntpath.splitdrive(name)[0] == ""


@given(anything)
@example("")
@example("con")
@example("Con .txt")
@example("LPT¹.tar.gz")
@example("nul   ")
@example("conin$")
@example("e\u0301" * 120)
@example("\ud800" * 250)
@example("<\u0338")
@example(" .. ")
@example("a" * 190 + "." * 60)
def test_any_text_gives_a_name_that_every_system_takes(name):
    safe = safe_name(name)
    check_taken_everywhere(safe)
    assert safe_name(safe) == safe


@given(anything)
def test_a_name_makes_files(name):
    safe = safe_name(name)
    for ending in ("_label.nii.gz", "_overlay.png", "_other.nii.gz", ".json"):
        # As `atomic_path` and the claim name their files.
        assert len(f".{safe}{ending}.claim.12345678.tmp".encode()) <= 255


@pytest.mark.parametrize(
    "name", ["a", "45_t2_SPACE", "patient 7", "Zoë", "рентген", "腰椎", "a.b", "x_label", "common"]
)
def test_plain_names_stay(name):
    assert safe_name(name) == name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a/b", "a_b"),
        ("a\\b:c*d?", "a_b_c_d_"),
        ("..", "__"),
        (".hidden", "_hidden"),
        ("end. ", "end__"),
        ("aux", "_aux"),
        ("AUX.old", "_AUX.old"),
        ("e\u0301", "\u00e9"),
        ("a\nb\x1b[31m", "a_b_[31m"),
        (os.fsdecode(b"caf\xe9"), "caf_"),
    ],
)
def test_what_some_system_forbids_is_replaced(name, safe):
    assert safe_name(name) == safe


def test_long_names_stay_different():
    one, other = (safe_name("x" * 300 + end) for end in "ab")
    assert one != other
    assert len(one) == len(other) == 200


def test_parts_become_folders_that_nobody_climbs_out_of():
    assert safe_path_name(("s1", "T2")) == "s1/T2"
    assert safe_path_name(("..", "a/b", "")) == "__/a_b/_"


@given(anything.filter(lambda t: not re.search(r"[\ud800-\udc7f\udd00-\udfff]", t)))
def test_what_is_printed_is_one_line_of_utf8(name):
    shown = printable(name)
    shown.encode()
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", shown)


def test_what_is_printed_of_odd_names():
    assert printable(Path(os.fsdecode(b"caf\xe9.png"))) == "caf\\xe9.png"
    assert printable("a\rb\x1b[31m") == "a\\rb\\x1b[31m"
    assert printable("Zoë 腰椎/T2.png") == "Zoë 腰椎/T2.png"


def test_a_source_is_where_a_file_lies(tmp_path, monkeypatch):
    here = tmp_path / "s"
    here.mkdir()
    (here / "a.png").write_text("")
    (tmp_path / "link").symlink_to(here)
    (here / "b.png").symlink_to(here / "a.png")
    source = source_of(here / "a.png")
    assert re.fullmatch("[0-9a-f]{16}", source)
    monkeypatch.chdir(here)
    for same in (Path("a.png"), here / ".." / "s" / "a.png", tmp_path / "link" / "a.png"):
        assert source_of(same) == source
    assert source_of(here / "b.png") != source
    assert source_of(Path(os.fsdecode(b"\xff"))) != source
