"""The record: one strict schema, and one error for whatever else lies in its place."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spinemsca.errors import FileFormatError, SpineError
from spinemsca.io.orientation import SLICE_CODES
from spinemsca.predictions.record import (
    SCHEMA_VERSION,
    ModelUsed,
    Record,
    read_record,
    write_record,
)
from tests.io.volumes import TURNS
from tests.predictions.results import NAMES, of_volume, record

SECRET = "Doe^Jane"

quickly = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
count = st.integers(0, 1 << 40)
step = st.floats(1e-9, 1e9)


@st.composite
def records(draw) -> Record:
    codes = draw(st.sampled_from([*SLICE_CODES, *(turn.codes for turn in TURNS)]))
    found = tuple(draw(st.lists(st.sampled_from(NAMES), unique=True)))
    slices = draw(st.integers(1, 1000))
    return record(
        input=draw(text),
        model=ModelUsed(version=draw(text), size=draw(count), engine=draw(text)),
        refused=draw(st.none() | text),
        structures=found,
        confidence={name: draw(st.floats(0, 1)) for name in found},
        pixels={name: draw(count) for name in found},
        shape=tuple(draw(st.integers(1, 9999)) for _ in codes),
        orientation=codes,
        spacing_mm=draw(st.none() | st.tuples(*[step] * len(codes))),
        tilt_deg=draw(st.none() | st.floats(-180, 180)),
        slices=slices,
        slices_segmented=draw(st.integers(0, slices)),
        slice_shown=draw(st.none() | st.integers(0, slices - 1)),
        slice_certainty=draw(st.none() | st.floats(0, 1)),
        warnings=tuple(draw(st.lists(text, max_size=3))),
        ambiguous=draw(st.booleans()),
    )


@quickly
@given(records())
def test_what_is_written_is_read(tmp_path, said):
    path = tmp_path / "a.json"
    write_record(path, said)
    assert read_record(path) == said
    assert set(json.loads(path.read_text("utf-8"))) == set(Record.model_fields)


def test_the_schema_is_closed_and_names_its_version():
    schema: dict[str, Any] = Record.model_json_schema()
    assert schema["additionalProperties"] is False
    assert schema["properties"]["schema_version"]["const"] == SCHEMA_VERSION
    assert set(schema["required"]) == {n for n, f in Record.model_fields.items() if f.is_required()}
    assert {"orientation", "spacing_mm", "tilt_deg", "slice_shown"} <= set(schema["required"])
    json.dumps(schema)


def test_the_version_stands_in_the_file(tmp_path):
    write_record(tmp_path / "a.json", record())
    assert json.loads((tmp_path / "a.json").read_text())["schema_version"] == SCHEMA_VERSION == 2
    assert list(tmp_path.iterdir()) == [tmp_path / "a.json"]


def refusal(path, content: str | bytes) -> FileFormatError:
    """The error that something in a record's place gives; it quotes nothing of it."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SpineError) as caught:
        read_record(path)
    error = caught.value
    assert isinstance(error, FileFormatError)
    assert error.where == str(path)
    assert "\n" not in str(error)
    assert "--spacing" in str(error.remedy)
    for secret in ("Doe", "Jane", "pydantic", "input_value"):
        assert secret not in str(error)
    return error


def edited(**changes) -> str:
    said = json.loads(of_volume().model_dump_json())
    return json.dumps({k: v for k, v in (said | changes).items() if v is not ...})


EDITS: dict[str, list[Any]] = {
    "schema_version": [1, 3, "2", None, 2.5],
    "input": [None, 3, [SECRET]],
    "lowest": ["L3", SECRET, 5],
    "model": [
        SECRET,
        {"version": SECRET},
        {"version": "1", "size": 1, "engine": "x", SECRET: 1},
        {"version": "1", "size": SECRET, "engine": "x"},
    ],
    "structures": [[SECRET], ["l1", *NAMES], "L1", [1], None],
    "confidence": [{"L1": 1.5}, {"L1": -0.1}, {SECRET: 0.5}, {SECRET: 7}, {"L1": SECRET}, [0.5]],
    "pixels": [{"L1": -1}, {"L1": 0.5}, {SECRET: 1}],
    "shape": [[0, 7, 3], [5, 7], [5, 7, SECRET], "573", [5, -7, 3], [5, 7, 3, 1], None],
    "orientation": ["PI", "XYZ", SECRET, "PIP", "pil", "", 3, ["P", "I", "L"]],
    "orientation_from": ["guessed", SECRET, None],
    "spacing_mm": [[0.75, 0.5], [0, 0.5, 4], [-1, 0.5, 4], ["0.7", 0.5, 4], 0.5],
    "tilt_deg": [200, "0", [0]],
    "slices": [-1, 1.5, "3", None],
    "slice_shown": [3, -1, 99, "0", 10**30],
    "slice_certainty": [1.01, SECRET],
    "ambiguous": [0, "no", None],
    "warnings": ["text", [3], None],
    "files": [["../x"], ["/etc/passwd"], ["a\\b"], [""], ["."], [".."], ["x" * 300], ["C:x"]],
    SECRET: [1, SECRET],
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in EDITS.items() for value in values]
)
def test_an_edited_record_is_one_error(tmp_path, field, value):
    error = refusal(tmp_path / "a.json", edited(**{field: value}))
    assert "no record of a prediction" in error.what
    if field in Record.model_fields and field != "shape":
        assert re.search(
            rf"{field}:|different numbers|not listed|shown|lie in|its orient", str(error)
        )


@pytest.mark.parametrize(
    "field", sorted(n for n, f in Record.model_fields.items() if f.is_required())
)
def test_a_record_that_lacks_a_field_is_one_error(tmp_path, field):
    assert f"{field}: " in refusal(tmp_path / "a.json", edited(**{field: ...})).what


@pytest.mark.parametrize(
    "content",
    ["", "[]", "no", "3", "null", '"text"', "{}", "[" * 100_000, '{"a":' * 50_000, b"\xff\xfe{",
     b"\x00" * 99, '{"slices": NaN}', '{"slices": 1e999}', '{"slices": ' + "9" * 5000 + "}",
     '{"input": "\\ud800"}', '{"Doe^Jane": "Doe^Jane"}', "\ufeff{}", b"PK\x03\x04"],
)  # fmt: skip
def test_anything_else_is_one_error(tmp_path, content):
    refusal(tmp_path / "a.json", content)


def test_no_record_stays_one_when_cut_short(tmp_path):
    whole = of_volume().model_dump_json(indent=2)
    for end in range(0, len(whole), 37):
        refusal(tmp_path / "a.json", whole[:end])


@pytest.mark.parametrize("field", ["spacing_mm", "confidence", "tilt_deg"])
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_no_number_is_not_a_number(tmp_path, field, value):
    bad = {"spacing_mm": f"[{value}, 1, 1]", "confidence": f'{{"L1": {value}}}'}.get(field, value)
    said = edited(**{field: "HERE"}).replace('"HERE"', bad)
    assert f"{field}:" in refusal(tmp_path / "a.json", said).what


def test_one_of_version_0_1_0_is_called_so(tmp_path):
    old = {
        "input": f"{SECRET}.png", "sha256": "0" * 64, "refused": None, "structures": ["L1"],
        "confidence": {"L1": 0.9}, "pixels": {"L1": 50}, "spacing_mm": [0.6, 0.5],
        "faces": "left", "slices": 1, "slices_segmented": 1, "slice_shown": 0,
        "numbering": "counted upward", "ambiguous": False, "warnings": [],
        "model": {"version": "1", "size": 512, "engine": "torch"}, "software": "spine-msca 0.1.0",
    }  # fmt: skip
    assert "version 0.1.0" in refusal(tmp_path / "a.json", json.dumps(old)).what


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=6,
)


@quickly
@given(st.sampled_from(sorted(Record.model_fields)), json_values)
def test_a_fuzzed_field_is_one_error_or_a_record(tmp_path, field, value):
    path = tmp_path / "a.json"
    path.write_text(edited(**{field: value}))
    try:
        said = read_record(path)
    except SpineError as error:
        assert isinstance(error, FileFormatError)
        assert "\n" not in str(error)
    else:
        assert json.loads(said.model_dump_json())[field] == value


@quickly
@given(st.data())
def test_a_spoilt_byte_is_one_error_or_a_record(tmp_path, data):
    whole = bytearray(of_volume().model_dump_json().encode())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / "a.json").write_bytes(whole)
    try:
        assert isinstance(read_record(tmp_path / "a.json"), Record)
    except SpineError as error:
        assert isinstance(error, FileFormatError)


def test_what_cannot_be_opened_or_is_too_large(tmp_path):
    with pytest.raises(FileFormatError, match="cannot be opened"):
        read_record(tmp_path / "none.json")
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(FileFormatError, match="cannot be opened"):
        read_record(tmp_path / "folder.json")
    path = tmp_path / "a.json"
    path.write_text('"' + "a" * (1 << 20) + '"')
    with pytest.raises(FileFormatError, match="too large"):
        read_record(path)
