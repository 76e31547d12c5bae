"""Tables, JSON and the codebook."""

from __future__ import annotations

import csv
import io
import json
import sys

import pytest

from spinemsca.errors import MissingDependencyError, UsageError
from spinemsca.measure import cohort, schema, table
from spinemsca.measure.measurements import measure
from tests.measure.spines import corners, draw


@pytest.fixture(scope="module")
def label():
    return draw(corners()).label


@pytest.fixture(scope="module")
def found(label):
    return measure(label, spacing=(0.6, 0.6), name="=case")


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_tidy_has_a_row_a_structure(found):
    rows = read(table.csv_text(table.tidy_columns(), table.tidy_rows(found)))
    assert [r["structure"] for r in rows] == list(table.ROWS)
    by_name = {r["structure"]: r for r in rows}
    assert by_name["L3"]["case"] == "'=case"
    assert float(by_name["L3"]["body_height_middle_mm"]) == pytest.approx(28, abs=3)
    assert float(by_name["L3"]["body_height_middle_se_mm"]) > 0
    assert by_name["L3"]["body_height_middle_px"] == ""
    assert "S1 has no inferior endplate" in by_name["S1"]["not_given"]
    assert by_name["spine"]["curve_apex_text"]


def test_wide_has_a_row_a_case(found):
    (row,) = read(table.csv_text(table.wide_columns(), [table.wide_row(found)]))
    assert float(row["D4_slip_share_percent"]) == pytest.approx(
        found.get("slip_share", "D4").value, abs=1e-4
    )


def test_every_column_is_in_the_codebook():
    rows = table.codebook()
    assert [r["column"] for r in rows] == table.tidy_columns()
    suffixes = ("_mm", "_px", "_mm2", "_px2", "_deg", "_ratio", "_percent", "_text")
    assert all(r["column"].endswith(suffixes) for r in rows if "measure" in r)


def test_json_keeps_to_its_schema(found):
    case, form = schema.as_json(found), schema.measurements_schema()
    json.dumps(case, allow_nan=False)
    assert set(case) == set(form["required"])
    result = form["$defs"]["Measured"]
    for measured in case["measures"]:
        assert set(measured) == set(result["required"])
        for key in ("measure", "structure", "unit"):
            assert measured[key] in result["properties"][key]["enum"]
        assert (measured["value"] is None) == (measured["reason"] is not None)


def test_cohorts_are_written_as_they_come(tmp_path, found):
    def cases():
        for _ in range(3):
            yield found

    assert cohort.write_measurements(tmp_path / "t.csv", cases()) == 3
    assert len(read((tmp_path / "t.csv").read_text())) == 3 * len(table.ROWS)
    assert cohort.write_measurements(tmp_path / "w.csv", cases(), wide=True) == 3
    assert len(read((tmp_path / "w.csv").read_text())) == 3
    assert cohort.write_measurements(tmp_path / "j.json", cases()) == 3
    assert len(json.loads((tmp_path / "j.json").read_text())) == 3
    assert cohort.write_measurements(tmp_path / "none.json", iter(())) == 0
    assert json.loads((tmp_path / "none.json").read_text()) == []


def test_parquet_holds_numbers_as_numbers(tmp_path, found):
    parquet = pytest.importorskip("pyarrow.parquet")
    assert cohort.write_measurements(tmp_path / "t.parquet", [found]) == 1
    read_back = parquet.read_table(tmp_path / "t.parquet")
    assert read_back.num_rows == len(table.ROWS)
    heights = read_back["body_height_middle_mm"].to_pylist()
    assert heights[4] == pytest.approx(28, abs=3)
    assert read_back["body_height_middle_px"].to_pylist()[4] is None


def test_parquet_without_pyarrow_names_the_install(tmp_path, found, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingDependencyError, match="pip install"):
        cohort.write_measurements(tmp_path / "t.parquet", [found])
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_suffix_is_refused(tmp_path):
    with pytest.raises(UsageError, match="csv"):
        cohort.write_measurements(tmp_path / "t.xls", [])
