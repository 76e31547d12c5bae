from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from PIL import Image

from spinemsca.cli import main
from spinemsca.segment.batch import TABLE_NAME, predict_files
from spinemsca.segment.inputs import find_inputs
from spinemsca.segment.network import ColumnNet
from spinemsca.segment.weights import Weights, save_weights
from tests.segment.examples import TINY
from tests.segment.test_levels import NAMES
from tests.segment.test_predict import IMAGE, _model, _square


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "scans"
    place.mkdir()
    Image.fromarray((IMAGE // 16).astype(np.uint8)).save(place / "b.png")
    Image.fromarray(np.full((30, 20), 9, np.uint8)).save(place / "blank.png")
    (place / "text.png").write_text("not a picture")
    (place / ".hidden").write_text("")
    return place


def _table(out) -> dict[str, dict[str, str]]:
    with (out / TABLE_NAME).open(newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def test_one_bad_file_does_not_stop_the_rest(folder, tmp_path):
    out = tmp_path / "out"
    seen = []
    predict_files(_model(_square(NAMES)), find_inputs([folder]), out, lambda *now: seen.append(now))
    rows = _table(out)
    assert {n: r["status"] for n, r in rows.items()} == {
        "b": "segmented",
        "blank": "refused",
        "text": "unreadable",
    }
    assert rows["blank"]["reason"] == "The image is blank"
    assert rows["b"]["structures"].split() == NAMES
    assert seen[-1] == (3, 3)
    assert not (out / "text_label.png").exists()


def test_files_are_those_promised(folder, tmp_path):
    out = tmp_path / "out"
    predict_files(_model(_square(NAMES)), find_inputs([folder / "b.png"]), out)
    label = np.asarray(Image.open(out / "b_label.png"))
    assert label.dtype == np.uint8
    np.testing.assert_array_equal(label, _square(NAMES))
    with Image.open(out / "b_overlay.png") as picture:
        assert picture.size == (256, 256)
    record = json.loads((out / "b.json").read_text())
    assert record["structures"] == NAMES
    assert record["numbering"].startswith("counted upward from the sacrum")
    assert record["spacing_mm"] is None
    assert record["refused"] is None
    assert record["pixels"]["L3"] == 560


def test_refused_slices_get_an_empty_label_map(folder, tmp_path):
    predict_files(_model(_square(NAMES)), find_inputs([folder]), tmp_path)
    label = np.asarray(Image.open(tmp_path / "blank_label.png"))
    assert label.shape == (30, 20)
    assert not label.any()


def test_the_verb_lists_what_it_could_not_segment(folder, tmp_path, capsys):
    save_weights(tmp_path / "w", Weights(ColumnNet(TINY), 64, "0"))
    out = tmp_path / "out"
    with pytest.raises(SystemExit) as stopped:
        main(
            ["predict", str(folder), "--out", str(out), "--weights", str(tmp_path / "w"), "--json"]
        )
    assert stopped.value.code == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["text"]["status"] == "unreadable"
    assert "blank.png: refused: The image is blank" in printed.err
    assert (out / TABLE_NAME).exists()
