"""`report`: from releases, predictions and label maps to pages."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from spinemsca.cli import main
from spinemsca.predictions.ledger import LedgerRow, update_ledger
from tests.io.volumes import TURNS
from tests.measure.spines import corners, draw
from tests.predictions.results import save_picture, save_volume


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


def numbers(out, name: str) -> list[dict]:
    page = (out / "cases" / f"{name}.json").read_text(encoding="utf-8")
    return json.loads(page)["measurements"]["measures"]


def test_a_volume_a_mirror_image_and_a_picture_of_one_patient_give_one_page(tmp_path) -> None:
    label = draw(corners(slip=6), (0.5, 0.75)).label
    spacing = {"spacing_mm": (0.5, 0.75), "tilt_deg": 0.0}
    save_picture(tmp_path / "in", "right", label, **spacing)
    save_picture(tmp_path / "in", "s/mirrored", label[:, ::-1].copy(), orientation="IA", **spacing)
    solid = np.stack([np.where(label > 4, 0, label), label, 0 * label]).astype(np.uint8)
    save_volume(tmp_path / "in", TURNS[29], solid, slice_shown=1)
    out = tmp_path / "out"
    assert status("report", tmp_path / "in", "--out", out) == 0
    right = numbers(out, "right")
    assert sum(isinstance(m["value"], float) for m in right) > 60
    assert numbers(out, "s_mirrored") == right
    assert numbers(out, "v") == right


def test_relabelled_levels_are_reported_under_their_new_names(tmp_path) -> None:
    label = draw(corners(), (0.6, 0.6)).label
    save_picture(tmp_path / "in", "a", label, spacing_mm=(0.6, 0.6))
    relabelled, out = tmp_path / "new", tmp_path / "out"
    assert status("relabel", tmp_path / "in", "--lowest", "L6", "--out", relabelled) == 0
    for folder in ("in", "new"):
        assert status("report", tmp_path / folder, "--out", out / folder) == 0
    before, after = (
        {(m["measure"], m["structure"]): m["value"] for m in numbers(out / f, "a")}
        for f in ("in", "new")
    )
    for old, new in (("L2", "L3"), ("L3", "L4"), ("L4", "L5")):
        was = before["body_height_middle", old]
        assert after["body_height_middle", new] == pytest.approx(was, rel=0.02)
    assert after["body_height_middle", "L1"] is None
    page = (out / "new" / "cases" / "a.html").read_text(encoding="utf-8")
    assert "relabelled: the lowest lumbar vertebra is L6" in page


def test_what_fails_is_told_with_its_remedy_and_shown_by_the_exit_status(tmp_path, capsys) -> None:
    save_picture(tmp_path / "in", "a", draw(corners()).label, spacing_mm=(0.6, 0.6))
    (tmp_path / "in" / "b_label.png").write_bytes(b"no picture")
    save_picture(tmp_path / "in", "c", draw(corners()).label)
    (tmp_path / "in" / "c.json").write_text('{"patient": "Doe^Jane"}')
    update_ledger(tmp_path / "in", [LedgerRow("d", "refused", "It is axial. Give the sagittal")])
    assert status("report", tmp_path / "in", "--out", tmp_path / "out", "--json") == 1
    told = capsys.readouterr()
    said = json.loads(told.out)
    assert said["cases"] == 1
    assert set(said["failed"]) == {"b", "c", "d"}
    assert "axial. Give the sagittal" in said["failed"]["d"]
    assert "--spacing" in said["failed"]["c"]
    assert "Doe" not in told.out + told.err
