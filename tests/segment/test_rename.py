from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spinemsca.anatomy import COLUMN, by_name
from spinemsca.segment.rename import from_lowest, renaming, shifted
from tests import strategies as own


def names(rename) -> dict[str, str | None]:
    return {old.name: new.name if new else None for old, new in renaming(rename).items()}


def test_a_shift_moves_every_name_and_drops_what_leaves():
    down = names(lambda label: shifted(label, 1))
    assert down["L1"] == "L2"
    assert down["L5"] == "S1"
    assert down["D4"] == "D5"
    assert down["S1"] is down["D5"] is None
    up = names(lambda label: shifted(label, -1))
    assert up["S1"] == "L5"
    assert up["L1"] is up["D1"] is None


def test_the_lowest_vertebra_keeps_the_sacrum_where_it_is():
    six = names(from_lowest("L6"))
    assert six["S1"] == "S1"
    assert six["L5"] is six["D5"] is None
    assert six["L4"] == "L5"
    four = names(from_lowest("L4"))
    assert four["L5"] == "L4"
    assert four["L1"] is None
    assert names(from_lowest("L5")) == {s.name: s.name for s in COLUMN}


@given(own.label_maps((6, 7)), st.integers(-5, 5))
def test_shifting_there_and_back_loses_only_what_left(label, levels):
    back = shifted(shifted(label, levels), -levels)
    assert np.isin(back, [0, *np.unique(label)]).all()
    assert np.array_equal(back[back > 0], label[back > 0])
    assert not shifted(np.full(3, by_name("L3").value, np.uint8), 6).any()
