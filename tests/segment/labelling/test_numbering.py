from __future__ import annotations

import pytest

from spinemsca.segment.labelling.numbering import (
    APPEARANCE,
    CUT_SACRUM,
    LOWEST_IN_VIEW,
    SACRUM,
    numbering,
)


def test_counting_from_the_sacrum_names_the_lowest_vertebra():
    expected = "counted upward from the sacrum, taking the lowest lumbar vertebra for "
    assert numbering(SACRUM) == expected + "L5"
    assert numbering(SACRUM, "L6") == expected + "L6"


@pytest.mark.parametrize("lowest", ["L4", "L5", "L6"])
def test_without_a_sacrum_nothing_is_said_to_be_counted_from_it(lowest):
    for source in (APPEARANCE, CUT_SACRUM, LOWEST_IN_VIEW):
        said = numbering(source, lowest)
        assert "counted upward from the sacrum" not in said
        assert said.startswith("no ")
    assert "appearance" in numbering(APPEARANCE, lowest)
    assert lowest in numbering(LOWEST_IN_VIEW, lowest)
