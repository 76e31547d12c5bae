"""The ledger of a folder: rows of earlier runs stay, and nobody else's table is written over."""

from __future__ import annotations

import csv
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spinemsca._util.printing import printable
from spinemsca.errors import FileFormatError, SpineError
from spinemsca.predictions.ledger import LedgerRow, read_ledger, update_ledger
from spinemsca.predictions.names import TABLE_NAME

quickly = settings(
    deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

text = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=20)


def row(name: str, source: str = "", **more: str) -> LedgerRow:
    return LedgerRow(name, "segmented", source=source, **more)


def test_rows_of_other_inputs_stay(tmp_path):
    update_ledger(tmp_path, [row("a", "1"), row("b", "2", reason="first")])
    update_ledger(tmp_path, [row("b", "2", reason="second"), row("c", "3")])
    assert [(r.name, r.reason) for r in read_ledger(tmp_path)] == [
        ("a", ""), ("b", "second"), ("c", ""),
    ]  # fmt: skip


def test_an_input_has_one_row_whatever_its_name(tmp_path):
    update_ledger(tmp_path, [row("a", "1"), row("b", "2")])
    update_ledger(tmp_path, [row("x_a", "1")])
    assert [r.name for r in read_ledger(tmp_path)] == ["b", "x_a"]


def test_its_columns_are_those_promised(tmp_path):
    update_ledger(tmp_path, [row("a", "1", slice_shown="7", file="s/a.nii.gz")])
    with (tmp_path / TABLE_NAME).open(newline="") as file:
        (only,) = csv.DictReader(file)
    assert list(only) == [
        "name", "status", "reason", "ambiguous", "structures", "confidence", "slices",
        "slices_segmented", "slice_shown", "warnings", "file", "source",
    ]  # fmt: skip
    assert (only["slice_shown"], only["source"]) == ("7", "1")


@quickly
@given(st.dictionaries(text.filter(bool), st.tuples(text, text), max_size=5))
def test_any_texts_come_back(tmp_path, named):
    (tmp_path / TABLE_NAME).unlink(missing_ok=True)
    rows = [row(n, reason=why, warnings=said) for n, (why, said) in named.items()]
    update_ledger(tmp_path, rows)
    assert read_ledger(tmp_path) == rows
    update_ledger(tmp_path, [])
    assert read_ledger(tmp_path) == rows


@pytest.mark.parametrize(
    "odd", [b"a\rb.png", b"a\nb.png", b"caf\xe9.png", b'a",b;c.png', b"\x1b[0m"]
)
def test_an_odd_name_spoils_no_ledger(tmp_path, odd):
    shown = printable(os.fsdecode(odd))
    update_ledger(tmp_path, [row("a", "1", file=shown), row("b", "2")])
    assert [r.file for r in read_ledger(tmp_path)] == [shown, ""]


def test_there_need_not_be_one(tmp_path):
    assert read_ledger(tmp_path) == []
    (tmp_path / TABLE_NAME).write_text("")
    assert read_ledger(tmp_path) == []


def test_one_of_version_0_1_0_is_read_and_kept(tmp_path):
    (tmp_path / TABLE_NAME).write_text(
        "name,status,reason,ambiguous,structures,confidence,slices,slices_segmented,warnings,file\n"
        "old,refused,The image is blank,no,,,1,0,,scans/old.png\n"
    )
    update_ledger(tmp_path, [row("new", "1")])
    old, new = read_ledger(tmp_path)
    assert (old.status, old.reason, old.file, old.source) == (
        "refused", "The image is blank", "scans/old.png", "",
    )  # fmt: skip
    assert new.name == "new"


FOREIGN = [
    "case,sex\na,F\n",
    "name,age\na,3\n",
    "name,status,patient\na,ill,Doe^Jane\n",
    "status\nsegmented\n",
    "name,status\n,segmented\n",
    "name,status\na,segmented,more,Doe^Jane\n",
    'name,status\n"a,segmented\n',
    "name;status\na;segmented\n",
    "just a text",
    b"name,status\n\xff\xfe,x\n",
    b"\x89PNG\r\n\x1a\n\x00\x00",
    "name,status\n" + "x" * 200_000 + ",segmented\n",
]


@pytest.mark.parametrize("content", FOREIGN)
def test_somebody_elses_table_is_refused_and_stays(tmp_path, content):
    path = tmp_path / TABLE_NAME
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    before = path.read_bytes()
    for attempt in (lambda: read_ledger(tmp_path), lambda: update_ledger(tmp_path, [row("a")])):
        with pytest.raises(SpineError) as caught:
            attempt()
        assert isinstance(caught.value, FileFormatError)
        assert "no ledger of predictions" in caught.value.what
        assert caught.value.remedy
        assert "Doe" not in str(caught.value)
    assert path.read_bytes() == before


def test_a_folder_in_its_place_is_refused(tmp_path):
    (tmp_path / TABLE_NAME).mkdir()
    with pytest.raises(FileFormatError, match="no ledger"):
        read_ledger(tmp_path)
