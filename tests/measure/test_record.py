from __future__ import annotations

import json

import numpy as np
import pytest
from spinemsca.measure.record import read_record, stated_faces, stated_spacing
from spinemsca.measure.sources import read

from spinemsca.case import Spacing
from spinemsca.io.raster import write_label_picture
from spinemsca.measure.measure import measure
from tests.measure.spines import corners, draw


@pytest.mark.parametrize(
    "text", ["", "[]", "no", "3", '{"spacing_mm": 3, "faces": 1}', '{"spacing_mm": [1, 0]}',
             '{"spacing_mm": ["x", 1], "faces": "up"}', '{"spacing_mm": [1, 2, 3]}',
             '{"spacing_mm": [NaN, 1]}', '{"spacing_mm": null, "faces": null}', "[" * 100_000],
)  # fmt: skip
def test_what_is_unexpected_is_left_out(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text)
    record = read_record(path)
    assert stated_spacing(record) is None
    assert stated_faces(record) is None


def test_a_record_that_is_not_there_or_too_large(tmp_path):
    path = tmp_path / "a.json"
    assert read_record(path) is None
    path.write_text('"' + "a" * (1 << 20) + '"')
    assert read_record(path) is None


def test_spacing_and_facing_come_from_the_record_beside_a_label_map(tmp_path):
    write_label_picture(tmp_path / "a_label.png", np.zeros((9, 9), np.uint8))
    assert read(tmp_path / "a_label.png").spacing is None
    said = {"spacing_mm": [0.6, 0.5], "faces": "right"}
    (tmp_path / "a.json").write_text(json.dumps(said))
    found = read(tmp_path / "a_label.png")
    assert found.spacing == Spacing(0.6, 0.5)
    assert found.faces == "right"


@pytest.mark.parametrize(("axes", "faces"), [((0,), "right"), ((1,), "right"), ((0, 1), "left")])
def test_a_label_map_that_lies_otherwise_gives_the_same_numbers(axes, faces):
    drawn = draw(corners(slip=6), (0.6, 0.6))
    upright = measure(drawn.label, spacing=drawn.spacing)
    other = measure(np.flip(drawn.label, axes), spacing=drawn.spacing, faces=faces)
    names = ("disc_height_dabbs", "slip", "segmental_angle", "body_height_anterior", "disc_wedge")
    compared = 0
    for result in upright.results:
        if result.definition.name in names and isinstance(result.value, float):
            twin = other.get(result.definition.name, result.structure).value
            assert twin == pytest.approx(result.value, rel=0.03, abs=0.4)
            compared += 1
    assert compared > 15
