"""The verb measure."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from PIL import Image

from spinemsca.cli import main
from spinemsca.io.orientation import SLICE_CODES
from spinemsca.measure.measurements import measure
from spinemsca.phantom.rendering import phantom
from spinemsca.predictions.ledger import LedgerRow, update_ledger
from spinemsca.release.release import write_release
from spinemsca.release.split import Split
from tests.io.volumes import SAGITTAL, TURNS
from tests.measure.spines import corners, draw
from tests.predictions.results import as_it_lies, save_picture, save_volume, steps_of


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


def numbers(path) -> dict[str, dict[str, str]]:
    """Rows by structure, without what is said in words."""
    words = ("case", "slice", "flags", "not_given")
    return {r["structure"]: {k: v for k, v in r.items() if k not in words} for r in rows_of(path)}


def measured(folder, *options) -> dict[str, dict[str, str]]:
    assert run(folder, "--out", folder / "m.csv", *options) == 0
    return numbers(folder / "m.csv")


@pytest.mark.parametrize("codes", SLICE_CODES)
def test_the_same_patient_gives_the_same_table_however_the_file_lies(tmp_path, codes):
    label = draw(corners(slip=6), (0.6, 0.5)).label
    turned = as_it_lies(label, codes)
    spacing = steps_of(codes, 0.6, 0.5)
    save_picture(tmp_path / "1", "a", label, spacing_mm=(0.6, 0.5))
    save_picture(tmp_path / "2", "a", turned, orientation=codes, spacing_mm=spacing)
    (tmp_path / "3").mkdir()
    Image.fromarray(turned).save(tmp_path / "3" / "a_label.png")
    upright = measured(tmp_path / "1")
    assert float(upright["L3"]["body_height_middle_mm"]) > 15
    assert measured(tmp_path / "2") == upright
    stated = ("--orientation", codes, "--spacing", *spacing)
    assert measured(tmp_path / "3", *stated) == upright
    if codes != "IP":
        assert measured(tmp_path / "3", "--spacing", *spacing) != upright


@pytest.mark.parametrize("turn", [SAGITTAL, TURNS[0], TURNS[29], TURNS[46]], ids=lambda t: t.codes)
def test_of_a_volume_the_records_slice_is_measured_however_it_lies(tmp_path, turn):
    label = draw(corners(slip=6), (0.5, 0.75)).label
    few = np.where(label > 4, 0, label).astype(np.uint8)
    save_volume(tmp_path / "v", turn, np.stack([few, label, few]), slice_shown=1)
    save_picture(tmp_path / "p", "v", label, spacing_mm=(0.5, 0.75), tilt_deg=0.0)
    of_volume, of_picture = measured(tmp_path / "v"), measured(tmp_path / "p")
    assert of_volume == of_picture
    (case,) = {r["flags"] for r in rows_of(tmp_path / "v" / "m.csv") if r["structure"] == "spine"}
    assert "slice 1 of 3 is measured: 3 slices show the canal" in case
    assert run(tmp_path / "v", "--all-slices", "--out", tmp_path / "all.csv") == 0
    rows = rows_of(tmp_path / "all.csv")
    spines = [n for n, r in enumerate(rows) if r["structure"] == "spine"]
    assert len(spines) == 3


def test_what_is_left_out_is_said_and_the_exit_status_shows_it(tmp_path, capsys):
    save_picture(tmp_path, "a", draw(corners()).label, spacing_mm=(0.6, 0.6))
    update_ledger(tmp_path, [LedgerRow("b", "unreadable", "is no picture. Save it again")])
    assert run(tmp_path, "--out", tmp_path / "m.csv") == 1
    assert "b: left out: unreadable by predict: is no picture. Save it again" in (
        capsys.readouterr().err
    )
    assert {r["case"] for r in rows_of(tmp_path / "m.csv")} == {"a"}


def test_a_record_that_is_none_measures_nothing(tmp_path, capsys):
    save_picture(tmp_path, "a", draw(corners()).label, spacing_mm=(0.6, 0.6))
    (tmp_path / "a.json").write_text('{"patient": "Doe^Jane"}')
    assert run(tmp_path, "--out", tmp_path / "m.csv") == 2
    told = capsys.readouterr().err
    assert "no record of a prediction" in told
    assert "--spacing" in told
    assert "Doe" not in told
    assert "Traceback" not in told


def test_a_release_has_the_spacing_of_its_table(tmp_path):
    case = phantom(5, 0)
    write_release(tmp_path / "r", [(Split.TEST, case)])
    (label,) = (tmp_path / "r").rglob("label.pt")
    for given in (tmp_path / "r", label.parents[1], label):
        assert run(given, "--out", tmp_path / "m.csv") == 0
        row = next(r for r in rows_of(tmp_path / "m.csv") if r["structure"] == "L3")
        assert row["case"] == case.name
        expected = measure(case.label, spacing=case.spacing).get("body_height_middle", "L3").value
        assert float(row["body_height_middle_mm"]) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    "options",
    [
        ("--orientation", "XY"),
        ("--orientation", "LIP"),
        ("--faces", "up"),
        ("--faces", "left", "--orientation", "IA"),
        ("--spacing", 0, 1),
        ("--spacing", "nan", 1),
        ("--labels", "nobody"),
        ("--image", "nowhere.png"),
    ],
)
def test_what_cannot_be_meant_is_told(label_png, options, capsys):
    assert run(label_png, *options) == 2
    told = capsys.readouterr()
    assert told.err.strip()
    assert "Traceback" not in told.err
