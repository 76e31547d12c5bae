"""`report`: from releases, predictions and label maps to pages."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from spinemsca.cli import main
from tests.measure.spines import corners, draw
from tests.predictions.results import save_picture


def status(*arguments: object) -> int:
    with pytest.raises(SystemExit) as exit_:
        main([str(a) for a in arguments])
    return int(exit_.value.code or 0)


@pytest.fixture
def predictions(tmp_path):
    drawn = draw(corners(), (0.6, 0.6))
    save_picture(tmp_path / "in", "one", drawn.label, warnings=("look twice",))
    (tmp_path / "images").mkdir()
    grey = np.random.default_rng(0).integers(0, 255, drawn.label.shape, np.uint8)
    Image.fromarray(grey).save(tmp_path / "images" / "one.png")
    return tmp_path


def test_a_page_a_case_and_one_of_all(predictions, capsys) -> None:
    out = predictions / "out"
    given = [predictions / "in", "--images", predictions / "images", "--out", out]
    assert status("report", *given, "--spacing", 0.6, 0.6, "--json") == 0
    json.loads(capsys.readouterr().out)
    pages = list((out / "cases").glob("*.html"))
    assert len(pages) == 1
    text = pages[0].read_text(encoding="utf-8")
    for part in ("7.5", "look twice", "data:image/png", "not a medical device"):
        assert part.lower() in text.lower()
    assert pages[0].name in (out / "index.html").read_text(encoding="utf-8")


def test_nothing_to_report_on(tmp_path, capsys) -> None:
    (tmp_path / "empty").mkdir()
    assert status("report", tmp_path / "empty", "--out", tmp_path / "out") == 2
    assert "Traceback" not in capsys.readouterr().err
