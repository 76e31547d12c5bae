"""Safe names: ASCII, the same every time, and never one for two."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemsca._util.printing import printable
from spinemsca.curate.names import alike, ascii_name, stem_of
from spinemsca.release.layout import check_name

ODD = ["张三", "李四", "王五", "Müller", "M-ller", "Möller", "a b", "a-b", "a.b", " a", "a ", "a"]
texts = st.text(max_size=30) | st.sampled_from(ODD) | st.binary(max_size=9).map(
    lambda raw: raw.decode("utf-8", "surrogateescape")
)  # fmt: skip


@pytest.mark.parametrize("name", ["a1_1", "7_t2_SPACE", "M-ller", "0001", "_", "x" * 100])
def test_a_safe_name_stays_as_it_is(name: str) -> None:
    assert ascii_name(name, "case") == name


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Müller", "M-ller"),
        ("张三", "patient"),
        ("a 张", "a"),
        ("-a-", "a"),
        ("  ", "patient"),
        ("a.", "a"),
        ("CON", "CON"),
        ("nul", "nul"),
        ("Lpt1", "Lpt1"),
        ("Test", "Test"),
        ("vail", "vail"),
        ("x" * 240, "x" * 100),
        ("\udcff\udcfe", "patient"),
    ],
)
def test_what_is_lost_leaves_a_hash(text: str, kept: str) -> None:
    assert re.fullmatch(rf"{kept}-[0-9a-f]{{8}}", ascii_name(text, "patient"))


def test_the_same_name_is_the_same_on_every_machine() -> None:
    # The first eight digits of the SHA-256 of the name in NFC and UTF-8.
    assert ascii_name("Müller", "patient") == "M-ller-a7842989"
    assert ascii_name(unicodedata.normalize("NFD", "Müller"), "patient") == "M-ller-a7842989"


@given(st.lists(texts, max_size=8))
def test_names_are_sound_and_as_many_as_the_texts(names: list[str]) -> None:
    safe = {unicodedata.normalize("NFC", t): ascii_name(t, "case") for t in names}
    assert len(set(safe.values())) == len(safe)
    for name in safe.values():
        assert re.fullmatch(r"[0-9A-Za-z_][0-9A-Za-z_-]*", name)
        assert len(name) <= 109
        check_name(name)


@pytest.mark.parametrize(
    "texts_",
    [("Li", "li"), ("Li", "Li "), ("MÜLLER", "Müller"), ("Müller", ascii_name("Müller", "case"))],
)
def test_names_that_differ_too_little_are_found(texts_: tuple[str, str]) -> None:
    assert set(alike(texts_, "case") or ()) == set(texts_)


def test_names_that_differ_enough() -> None:
    assert alike(["张三", "李四", "王五", "Müller", "Möller", "a b", "a-b", "a b"], "case") is None


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("a.nii.gz", "a"),
        ("a.NII.GZ", "a"),
        ("a.nii", "a"),
        ("a.b.png", "a.b"),
        ("a.tif", "a"),
        ("u\u0308.png", "ü"),
    ],
)
def test_stems(name: str, stem: str) -> None:
    assert stem_of(Path(name)) == stem


def test_bytes_that_are_no_text_can_be_printed() -> None:
    assert printable("a\udcff") == "a\\xff"
