"""Plausible and possible ranges: a flag beyond the one, no value beyond the other."""

from __future__ import annotations

import numpy as np
import pytest

from spinemsca.measure import schema, table
from spinemsca.measure.definitions import Quantity
from spinemsca.measure.limits import LIMITS
from spinemsca.measure.measurements import measure
from spinemsca.measure.registry import MEASURES, describe_measure
from tests.measure.spines import corners, draw


@pytest.fixture(scope="module")
def drawn():
    return draw(corners())


def test_every_number_has_limits_and_a_source():
    for definition in MEASURES:
        if definition.quantity is Quantity.TEXT:
            assert definition.limits is None
            continue
        limits = definition.limits
        (a, b), (c, d) = limits.plausible, limits.possible
        assert c <= a < b <= d
        assert limits.source
        for low, high in definition.normal.values():
            assert a <= low < high <= b
        assert describe_measure(definition)["plausible"] == f"{a:g} to {b:g}"
    assert set(LIMITS) == {m.name for m in MEASURES if m.quantity is not Quantity.TEXT}


def test_ordinary_spines_bear_no_flag(drawn):
    for found in (measure(drawn.label, spacing=drawn.spacing), measure(drawn.label)):
        assert [r.flag for r in found.results if r.flag] == []
        assert all("anatomy" not in r.reason for r in found.results)


def test_lengths_that_a_wrong_spacing_makes_are_flagged_or_withheld(drawn):
    tall = measure(drawn.label, spacing=(1.15, 1.15))
    result = tall.get("body_height_middle", "L3")
    assert 44 < result.value < 60
    assert result.flag.startswith("body_height_middle is beyond the plausible range 9 to 44 mm (")
    assert result.flag in tall.flags["L3"]
    giant = measure(drawn.label, spacing=(3, 3)).get("body_height_middle", "L3")
    assert giant.value is None
    assert giant.reason == "beyond what anatomy allows, 2.5 to 60 mm"


def test_in_pixels_lengths_are_judged_by_the_spines_own_size(drawn):
    enlarged = np.kron(drawn.label, np.ones((3, 3), np.uint8))
    for label in (drawn.label, enlarged):
        result = measure(label).get("body_height_middle", "L3")
        depth = np.median([measure(label).get("body_depth_middle", f"L{k}").value
                           for k in range(1, 6)])  # fmt: skip
        assert result.flag == ""
        assert result.plausible == pytest.approx((9 * depth / 32, 44 * depth / 32))


@pytest.mark.parametrize("slip", [-60, -45, 45, 60])
def test_a_slip_beyond_the_endplate_is_never_given(slip):
    found = measure(draw(corners(slip=slip)).label)
    for name in ("slip_share", "slip", "slip_band", "offset_from_usual"):
        assert found.get(name, "D4").value is None
    assert abs(found.get("slip_greatest").value) < 50


def test_a_great_slip_is_given_with_a_flag():
    found = measure(draw(corners(slip=22)).label)
    result = found.get("slip_share", "D4")
    assert 50 < result.value < 80
    assert "beyond the plausible range -50 to 50 percent" in result.flag
    assert any("slip_greatest" in text for text in found.flags["spine"])


def test_tables_and_json_hold_flags(drawn):
    found = measure(drawn.label, spacing=(1.15, 1.15))
    row = next(r for r in table.tidy_rows(found) if r["structure"] == "L3")
    assert "body_height_middle is beyond" in row["flags"]
    case, form = schema.as_json(found), schema.measurements_schema()
    one = next(m for m in case["measures"]
               if (m["measure"], m["structure"]) == ("body_height_middle", "L3"))  # fmt: skip
    assert one["plausible"] == [9, 44]
    assert one["flag"].startswith("body_height_middle")
    assert set(one) == set(form["$defs"]["Measured"]["required"])


@pytest.mark.parametrize("seed", range(20))
def test_any_label_map_gives_values_or_reasons_and_no_impossible_slip(seed, drawn):
    rng = np.random.default_rng(seed)
    names = np.arange(19, dtype=np.uint8)
    for _ in range(rng.integers(0, 4)):
        first, second = rng.integers(1, 19, 2)
        names[[first, second]] = names[[second, first]]
    label = names[drawn.label[::2, ::2]]
    for _ in range(rng.integers(0, 5)):
        row, column, height, width = rng.integers(0, (*label.shape, 50, 50))
        label[row : row + height, column : column + width] = rng.integers(0, 19)
    found = measure(label, image=rng.random(label.shape))
    for result in found.results:
        assert (result.value is None) == bool(result.reason)
        if result.value is not None and result.definition.name.startswith("slip_sh"):
            assert abs(result.value) <= 100
