"""Edited and foreign records: one line that says so, nothing quoted, and the others go on."""

from __future__ import annotations

import json
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spinemsca.predictions.record import Record
from tests.roundtrip.formats import Lie, write_image, write_truth
from tests.roundtrip.patients import patient
from tests.roundtrip.running import Run, call, known_model

SECRET = "Doe^Jane"
"""Stands in what is edited, and must not be printed."""

# surface-distance imports from scipy by old names.
pytestmark = pytest.mark.filterwarnings("ignore:Please import :DeprecationWarning")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.just(SECRET) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.just(SECRET) | st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=8,
)
FIELDS = st.sampled_from(sorted(Record.model_fields))


@pytest.fixture(scope="module", params=["png", "nii.gz"])
def predicted(request, tmp_path_factory) -> Run:
    """Two patients' predictions; `a`'s record is edited, `b`'s stays."""
    lie = Lie(request.param, "PI" if request.param == "png" else "PIL", "oblong")
    run = Run(tmp_path_factory.mktemp(request.param.replace(".", "")), lie, "plain")
    for name in "ab":
        write_image(run.scans, name, lie, name)
        write_truth(run.top / "truth", name, lie, patient(name, "oblong").truth)
    with known_model():
        call("predict", run.scans, "--out", run.out, "--workers", 1)
    shutil.copy(run.out / "a.json", run.top / "whole.json")
    return run


@st.composite
def edits(draw):
    """A record with fields changed, left out or added, as bytes; or anything else."""
    kind = draw(st.sampled_from(["field", "field", "missing", "added", "value", "bytes", "cut"]))
    return kind, draw(FIELDS), draw(JSON), draw(st.binary(max_size=60))


def _edited(whole: str, kind: str, field: str, value: object, raw: bytes) -> bytes:
    record = json.loads(whole)
    if kind == "bytes":
        return raw
    if kind == "cut":
        return whole.encode()[: len(raw) * 20]
    if kind == "value":
        return json.dumps(value).encode()
    if kind == "missing":
        del record[field]
    else:
        record[field if kind == "field" else f"{SECRET}{field}"] = value
    return json.dumps(record).encode()


def _is_record(data: bytes) -> bool:
    try:
        Record.model_validate_json(data)
    except ValueError:
        return False
    return True


def _check(told, *, whole: bool, others: bool = True) -> None:
    """One line of one fault, and the exit status of some or none."""
    assert "Traceback" not in told.err + told.out
    if not whole:
        assert SECRET not in told.err + told.out
        assert told.status == (1 if others else 2)
        lines = [line for line in told.err.splitlines() if line.startswith("spine-msca: ")]
        assert len(lines) == 1


def _tell(*arguments: object):
    """What a verb says, whatever its exit status."""
    for status in (0, 1, 2):
        try:
            return call(*arguments, status=status)
        except AssertionError as error:
            if "exit status" not in str(error):
                raise
    raise AssertionError("no exit status of 0 to 2")


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(edit=edits())
def test_an_edited_record_is_one_line(predicted, edit, tmp_path_factory):
    run = predicted
    data = _edited((run.top / "whole.json").read_text(encoding="utf-8"), *edit)
    (run.out / "a.json").write_bytes(data)
    whole = _is_record(data)
    fresh = tmp_path_factory.mktemp("fresh")
    _check(_tell("measure", run.out, "--json"), whole=whole)
    _check(
        _tell("measure", run.out / f"a_label.{run.lie.fmt}", "--json"), whole=whole, others=False
    )
    _check(_tell("relabel", run.out, "--shift", 1, "--out", fresh / "r"), whole=whole)
    _check(_tell("report", run.out, "--out", fresh / "p"), whole=whole)
    # Scores need no record: they are those of the label maps.
    told = _tell("evaluate", run.out, run.top / "truth", "--workers", 1)
    assert "Traceback" not in told.err
    assert SECRET not in told.err + told.out or whole
