"""The verb measure."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from PIL import Image

from spinemsca.cli import main
from tests.measure.spines import corners, draw


@pytest.fixture
def label_png(tmp_path):
    path = tmp_path / "a_label.png"
    Image.fromarray(draw(corners()).label).save(path)
    return path


def run(*arguments) -> int:
    with pytest.raises(SystemExit) as end:
        main(["measure", *map(str, arguments)])
    return int(end.value.code or 0)


def rows_of(path):
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def test_writes_a_table_in_mm(label_png, tmp_path, capsys):
    out = tmp_path / "m.csv"
    assert run(label_png, "--spacing", 0.6, 0.6, "--out", out) == 0
    rows = rows_of(out)
    assert rows[0]["case"] == "a"
    assert float(rows[0]["body_height_middle_mm"]) == pytest.approx(28, abs=3)
    assert "research use only" in capsys.readouterr().err


def test_prints_a_table_or_json(label_png, capsys):
    assert run(label_png) == 0
    text = capsys.readouterr().out
    assert "disc_height_dabbs" in text
    assert "assumes square pixels" in text
    assert run(label_png, "--spacing", 0.6, 0.6, "--json") == 0
    (case,) = json.loads(capsys.readouterr().out)
    assert case["unit"] == "mm"


def test_a_bad_input_is_told_and_the_rest_go_on(label_png, tmp_path, capsys):
    bad = tmp_path / "bad_label.png"
    bad.write_bytes(b"no")
    assert run(tmp_path, "--out", tmp_path / "m.csv") == 1
    assert "bad_label.png" in capsys.readouterr().err
    assert len(rows_of(tmp_path / "m.csv")) == 12
    assert run(bad) == 2


def test_lists_its_measures(capsys):
    assert run("--list") == 0
    assert "slip_share" in capsys.readouterr().out
    assert run("--list", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)) > 40
    assert run("--list", "--markdown") == 0
    assert capsys.readouterr().out.startswith("# Measures")


def test_writes_a_codebook(tmp_path):
    assert run("--codebook", tmp_path / "codes.csv") == 0
    rows = rows_of(tmp_path / "codes.csv")
    assert rows[0]["column"] == "case"
    assert any(r["formula"] for r in rows)


def test_compares_two_visits(label_png, tmp_path, capsys):
    later = tmp_path / "b_label.png"
    Image.fromarray(draw(corners(slip=9)).label).save(later)
    assert run(label_png, later, "--compare", "--spacing", 0.6, 0.6, "--json") == 0
    changes = json.loads(capsys.readouterr().out)
    slip = next(c for c in changes if (c["measure"], c["structure"]) == ("slip", "D4"))
    assert slip["detected"]
    assert run(label_png, later, "--compare") == 0
    assert "changed" in capsys.readouterr().out
    assert run(label_png, "--compare") == 2


def test_takes_an_image_and_other_tools_numbers(tmp_path, capsys):
    label = draw(corners()).label
    foreign = np.where((label >= 1) & (label <= 5), label + 40, 0).astype(np.uint8)
    Image.fromarray(foreign).save(tmp_path / "t.png")
    Image.fromarray(np.full(label.shape, 90, np.uint8)).save(tmp_path / "image.png")
    options = ("--labels", "totalspineseg", "--image", tmp_path / "image.png", "--json")
    assert run(tmp_path / "t.png", *options) == 0
    assert run(tmp_path / "t.png") == 2
    assert "--labels" in capsys.readouterr().err


def test_nothing_to_measure_is_refused(capsys):
    assert run() == 2
    assert "no label map" in capsys.readouterr().err
