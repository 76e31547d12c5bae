from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemsca.anatomy import STRUCTURES
from spinemsca.errors import ReleaseError
from spinemsca.release.case_table import CaseRow, read_table, write_table
from spinemsca.release.split import Split
from tests import strategies as own

rows = st.builds(
    CaseRow,
    case=own.names,
    split=st.sampled_from(Split),
    patient=own.names,
    sex=own.sexes,
    spacing=st.none() | own.spacings,
    annotated=own.annotated,
    source=own.texts,
    sha256=st.text("0123456789abcdef", max_size=64),
)


@given(st.lists(rows, max_size=5, unique_by=lambda r: r.case))
def test_table_comes_back_as_written(tmp_path_factory, written):
    root = tmp_path_factory.mktemp("table")
    write_table(root, written)
    assert read_table(root) == {r.case: r for r in written}


def test_columns(tmp_path):
    write_table(tmp_path, [CaseRow("a", Split.VAL)])
    header, row = (tmp_path / "cases.csv").read_text("utf-8").splitlines()
    assert header == (
        "case,split,patient,sex,row_spacing_mm,column_spacing_mm,structures,source,sha256"
    )
    assert row == "a,val,a,,,,L1 D1 L2 D2 L3 D3 L4 D4 L5 D5 S1,,"


def read(tmp_path, text):
    (tmp_path / "cases.csv").write_text(text, "utf-8")
    return read_table(tmp_path)


def test_absent_table_is_empty(tmp_path):
    assert read_table(tmp_path) == {}


def test_least_that_a_table_needs(tmp_path):
    table = read(tmp_path, "\ufeffcase,split,sex\na,Vail,M\n")
    assert table["a"].split is Split.VAL
    assert table["a"].annotated == frozenset(STRUCTURES)
    assert read(tmp_path, "case,split,structures\na,val,\n")["a"].annotated == frozenset()


def test_same_name_in_two_splits(tmp_path):
    table = read(tmp_path, "case,split\np0,train\np0,test\n")
    assert {n: r.split.value for n, r in table.items()} == {"train-p0": "train", "test-p0": "test"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("case,sex\na,F\n", "line 2.*split"),
        ("case,split\na,dev\n", "'dev' is no split"),
        ("case,split\n,val\n", "names no case"),
        ("case,split\na,val\na,val\n", "line 3.*listed twice"),
        ("case,split\na,val,x\n", "more or fewer fields"),
        ("case,split,sex\na,val\n", "more or fewer fields"),
        ("case,split,sex\na,val,X\n", "'X'"),
        ("case,split,structures\na,val,L9\n", "'L9' is no structure"),
        ("case,split,row_spacing_mm\na,val,1\n", "line 2"),
        ("case,split,row_spacing_mm,column_spacing_mm\na,val,-1,1\n", "two positive numbers"),
        ("case,split,row_spacing_mm,column_spacing_mm\na,val,nan,1\n", "two positive numbers"),
        ('case,split\n"a,val\n', "is no table"),
        ("case,split\n" + "a" * 200_000 + ",val\n", "is no table"),
    ],
)
def test_rows_that_cannot_be_understood(tmp_path, text, fault):
    with pytest.raises(ReleaseError, match=fault):
        read(tmp_path, text)


def test_bytes_that_are_no_text(tmp_path, monkeypatch):
    (tmp_path / "cases.csv").write_bytes(b"case,split\n\xff\xfe,val\n")
    with pytest.raises(ReleaseError, match="is no table"):
        read_table(tmp_path)
    monkeypatch.setattr("spinemsca.release.case_table._MAX_BYTES", 5)
    with pytest.raises(ReleaseError, match="larger"):
        read_table(tmp_path)
