"""Neighbours are neighbours in the picture: what lies between, how far, how they face."""

from __future__ import annotations

import numpy as np
import pytest

from spinemsca.anatomy import by_any_name
from spinemsca.measure import cohort, schema, table
from spinemsca.measure.measurements import measure
from tests.measure.spines import WITH_L6, WITH_T12, corners, draw, named, transform

SPANNING = ("slip", "slip_band", "disc_wedge_angle", "segmental_angle", "disc_height_hurxthal",
            "disc_height_dabbs", "disc_space_height_anterior", "wall_offset")  # fmt: skip


@pytest.fixture(scope="module")
def drawn():
    return draw(corners(slip=3))


@pytest.fixture(scope="module")
def with_l6(drawn):
    return measure(named(drawn.label, WITH_L6), spacing=drawn.spacing)


def without(label, *names):
    return np.where(np.isin(label, [by_any_name(n).value for n in names]), 0, label)


def test_what_spans_l5_and_s1_is_not_given_where_an_l6_lies_between(with_l6):
    for name in SPANNING:
        result = with_l6.get(name, "D5")
        assert result.value is None
        assert result.reason == "another vertebra, L6, lies between L5 and S1"
    assert with_l6.get("lumbosacral_angle").value is None


def test_the_levels_beside_an_l6_are_spanned_under_their_names(drawn, with_l6):
    plain = measure(drawn.label, spacing=drawn.spacing)
    for new, old in (("L5/L6", "D4"), ("L6/S1", "D5")):
        for name in (*SPANNING, "disc_height_index", "disc_bulge_posterior", "disc_area"):
            assert with_l6.get(name, new).value == plain.get(name, old).value
    assert with_l6.get("body_height_anterior", "L6").value == pytest.approx(
        plain.get("body_height_anterior", "L5").value
    )
    assert with_l6.get("crush", "L6").value == pytest.approx(plain.get("crush", "L5").value)
    assert "no healthy" in with_l6.get("disc_height_to_healthy", "L6/S1").reason


def test_lordosis_over_six_levels_says_so(drawn):
    first = without(drawn.label, "D1", "L2", "D2", "L3", "D3", "L4", "D4", "L5", "D5", "S1")
    below = named(drawn.label, WITH_L6)
    end, start = int(np.nonzero(first)[0].max()) + 12, int(np.nonzero(below)[0].min())
    both = np.concatenate((first[:end], below[start:]))
    measured = measure(both)
    flags = measured.flags["spine"]
    assert "lordosis L1–S1: spans 6 levels, with L6" in flags
    assert measured.get("lordosis_l1_s1").value is not None


def test_a_t12_has_rows_of_its_own(drawn):
    found = measure(named(drawn.label, WITH_T12), spacing=drawn.spacing)
    plain = measure(drawn.label, spacing=drawn.spacing)
    assert found.get("slip", "T12/L1").value == plain.get("slip", "D1").value
    assert found.get("body_area", "T12").value == plain.get("body_area", "L1").value
    assert "vertebra may be missing" not in found.get("slip", "D1").reason


def test_rows_are_in_anatomical_order_and_only_where_present(drawn, with_l6):
    names = [row["structure"] for row in table.tidy_rows(with_l6)]
    assert names == [
        "L1",
        "D1",
        "L2",
        "D2",
        "L3",
        "D3",
        "L4",
        "D4",
        "L5",
        "D5",
        "L5/L6",
        "L6",
        "L6/S1",
        "S1",
        "spine",
    ]
    plain = measure(drawn.label)
    assert [row["structure"] for row in table.tidy_rows(plain)] == list(table.ROWS)


def test_wide_tables_hold_other_vertebrae_of_any_case(tmp_path, drawn, with_l6):
    plain = measure(drawn.label, spacing=drawn.spacing)
    assert cohort.write_measurements(tmp_path / "w.csv", [plain, with_l6], wide=True) == 2
    header, *rows = (tmp_path / "w.csv").read_text().splitlines()
    place = header.split(",").index("L6_body_area_mm2")
    assert rows[0].split(",")[place] == ""
    assert float(rows[1].split(",")[place]) == pytest.approx(with_l6.get("body_area", "L6").value)
    assert "L6_" not in ",".join(table.wide_columns())
    parquet = pytest.importorskip("pyarrow.parquet")
    assert cohort.write_measurements(tmp_path / "w.parquet", iter([plain, with_l6]), wide=True) == 2
    assert parquet.read_table(tmp_path / "w.parquet").num_rows == 2


def test_json_of_other_vertebrae_keeps_to_the_schema(with_l6):
    allowed = schema.measurements_schema()["$defs"]["Measured"]["properties"]["structure"]
    assert {m["structure"] for m in schema.as_json(with_l6)["measures"]} <= set(allowed["enum"])


def test_a_vertebra_that_became_background_leaves_a_gap_that_is_told(drawn):
    gone = without(named(drawn.label, WITH_L6), "L5/L6", "L6", "L6/S1")
    found = measure(gone, spacing=drawn.spacing)
    for name in SPANNING:
        result = found.get(name, "D5")
        assert result.value is None
        assert "L5 and S1 lie 1." in result.reason
        assert "a vertebra may be missing" in result.reason
    assert found.get("slip", "D4").value is not None
    assert found.get("slip_greatest").value is not None


def test_bodies_that_do_not_face_are_no_neighbours(drawn):
    beside = drawn.corners | {
        name: drawn.corners[name] + np.array([0.0, 45.0]) for name in ("D5", "S1")
    }
    found = measure(draw(beside).label)
    assert "lie beside each other" in found.get("slip", "D5").reason


def test_bodies_of_unlike_size_are_no_neighbours(drawn):
    middle = drawn.corners["L4"].mean(axis=0)
    small = drawn.corners | {"L4": middle + 0.4 * (drawn.corners["L4"] - middle)}
    reason = measure(draw(small).label).get("segmental_angle", "D3").reason
    assert "differ" in reason or "apart" in reason


@pytest.mark.parametrize("turn", [-30, 0, 30])
@pytest.mark.parametrize("slip", [-12, 0, 15])
def test_ordinary_spines_are_neighbours_throughout(turn, slip):
    found = measure(draw(transform(corners(slip=slip), turn)).label)
    for k in range(1, 6):
        assert found.get("segmental_angle", f"D{k}").value is not None
