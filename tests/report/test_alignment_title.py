"""The caption of the second picture follows what is drawn in it."""

from __future__ import annotations

import numpy as np

from spinemsca.anatomy import by_name
from spinemsca.measure.measurements import measure
from spinemsca.report.about import About
from spinemsca.report.case_page import case_page
from tests.measure.spines import corners, draw


def test_the_caption_names_what_is_drawn() -> None:
    drawn = draw(corners(), (0.6, 0.6))
    whole = case_page(measure(drawn.label, spacing=drawn.spacing, name="a"), About())
    assert "sacral slope, posterior walls" in whole
    label = np.where(drawn.label == by_name("S1").value, 0, drawn.label).astype(np.uint8)
    without = case_page(measure(label, spacing=drawn.spacing, name="a"), About())
    assert "Alignment: lordosis, posterior walls" in without
