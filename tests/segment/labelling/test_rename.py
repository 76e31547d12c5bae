from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spinemsca.anatomy import SPINE, by_name
from spinemsca.segment.labelling.rename import from_lowest, renaming, shifted
from tests import strategies as own


def names(rename) -> dict[str, str | None]:
    return {old.name: new.name if new else None for old, new in renaming(rename).items()}


def test_a_shift_moves_every_name_and_drops_what_leaves():
    down = names(lambda label: shifted(label, 1))
    assert down["L1"] == "L2"
    assert down["T12"] == "L1"
    assert down["L5"] == "S1"
    assert down["D4"] == "D5"
    assert (down["S1"], down["D5"]) == ("S2", "S1/S2")
    assert down["S2"] is down["S1/S2"] is None
    up = names(lambda label: shifted(label, -1))
    assert up["S1"] == "L5"
    assert (up["L1"], up["D1"]) == ("T12", "T12/L1")
    assert up["T12"] is up["T12/L1"] is None


def test_the_lowest_vertebra_keeps_the_sacrum_where_it_is():
    six = names(from_lowest("L6"))
    assert six["S1"] == "S1"
    assert (six["D4"], six["L5"], six["D5"]) == ("L5/L6", "L6", "L6/S1")
    assert six["L4"] == "L5"
    assert (six["T12"], six["T12/L1"]) == ("L1", "D1")
    four = names(from_lowest("L4"))
    assert four["L5"] == "L4"
    assert (four["L1"], four["D1"]) == ("T12", "T12/L1")
    assert names(from_lowest("L5")) == {s.name: s.name for s in SPINE}


@given(own.label_maps((6, 7)), st.integers(-5, 5))
def test_shifting_there_and_back_loses_only_what_left(label, levels):
    back = shifted(shifted(label, levels), -levels)
    assert np.isin(back, [0, *np.unique(label)]).all()
    assert np.array_equal(back[back > 0], label[back > 0])
    assert not shifted(np.full(3, by_name("L3").value, np.uint8), 6).any()


@given(own.label_maps((6, 7)), st.sampled_from([-1, 1]))
def test_one_level_there_and_back_loses_nothing(label, levels):
    assert np.array_equal(shifted(shifted(label, levels), -levels), label)
