from __future__ import annotations

import pytest

from spinemsca import anatomy


def test_values_and_names_are_the_published_ones():
    published = ["L1", "L2", "L3", "L4", "L5", "S1", "D1", "D2", "D3", "D4", "D5"]
    assert [(s.value, s.name) for s in anatomy.STRUCTURES] == list(enumerate(published, start=1))
    assert anatomy.NUMBER_OF_CLASSES == 12


def test_column_runs_from_top_to_bottom():
    assert " ".join(map(str, anatomy.COLUMN)) == "L1 D1 L2 D2 L3 D3 L4 D4 L5 D5 S1"
    for upper, lower in zip(anatomy.COLUMN, anatomy.COLUMN[1:], strict=False):
        assert anatomy.below(upper) is lower
        assert anatomy.above(lower) is upper
    assert anatomy.above(anatomy.by_name("L1")) is None
    assert anatomy.below(anatomy.by_name("s1")) is None


def test_lookups():
    for structure in anatomy.STRUCTURES:
        assert anatomy.by_value(structure.value) is structure
        assert anatomy.by_name(structure.name.lower()) is structure
    for value in (0, 19, -1, 255):
        with pytest.raises(KeyError):
            anatomy.by_value(value)
    with pytest.raises(KeyError):
        anatomy.by_name("T12")


def test_other_vertebrae_have_values_names_and_neighbours_of_their_own():
    assert [s.value for s in anatomy.OTHERS] == list(range(12, 19))
    assert " ".join(map(str, anatomy.SPINE)) == (
        "T12 T12/L1 L1 D1 L2 D2 L3 D3 L4 D4 L5 D5 L5/L6 L6 L6/S1 S1 S1/S2 S2"
    )
    for structure in anatomy.OTHERS:
        assert anatomy.by_value(structure.value) is structure
        assert anatomy.by_any_name(structure.name.lower()) is structure
        if structure.is_disc:
            around = anatomy.above(structure), anatomy.below(structure)
            assert "/".join(map(str, around)) == structure.name == anatomy.level_of(structure)
    assert anatomy.by_any_name("d5") is anatomy.by_name("D5")
    assert anatomy.level_of(anatomy.by_name("D5")) == "L5/S1"


def test_discs_are_lighter_than_vertebrae_in_grey_print():
    def grey(structure):
        return sum(w * c for w, c in zip((0.299, 0.587, 0.114), structure.colour, strict=True))

    darkest_disc = min(map(grey, anatomy.DISCS))
    assert darkest_disc - max(map(grey, anatomy.VERTEBRAE)) > 80
    assert all(s.is_disc for s in anatomy.DISCS)
    assert len({s.colour for s in anatomy.STRUCTURES}) == 11
    assert len({s.snomed for s in anatomy.STRUCTURES}) == 11
