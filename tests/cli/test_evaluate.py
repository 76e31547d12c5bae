"""`evaluate`: what it prints, and what it says of files that do not fit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from spinemsca.anatomy import STRUCTURES, by_name
from spinemsca.case import Case, Spacing
from spinemsca.cli import main
from spinemsca.io.raster import write_label_picture
from spinemsca.release.split import Split
from spinemsca.release.store import write_release


def status(*arguments: object) -> int:
    with pytest.raises(SystemExit) as exit_:
        main([str(a) for a in arguments])
    return int(exit_.value.code or 0)


def label(shift: int = 0) -> np.ndarray:
    out = np.zeros((140, 60), np.uint8)
    for structure in STRUCTURES:
        row = 4 + 12 * (structure.value - 1)
        out[row : row + 10, 10 + shift : 40 + shift] = structure.value
    return out


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        write_label_picture(tmp_path / "truth" / f"{name}.png", label())
    return tmp_path / "truth"


def predicted(tmp_path: Path, *maps: np.ndarray) -> Path:
    for name, each in zip("ab", maps, strict=False):
        write_label_picture(tmp_path / "predicted" / f"{name}_label.png", each)
    return tmp_path / "predicted"


def result(
    predictions: Path, truth: Path, capsys: pytest.CaptureFixture[str], *more: object
) -> dict:
    assert status("evaluate", predictions, truth, "--json", *more) == 0
    return json.loads(capsys.readouterr().out)


def test_a_shift_of_three_pixels(
    truth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = result(predicted(tmp_path, label(3), label(3)), truth, capsys)
    assert found["cases"] == 2
    assert found["levels_right"] == 1
    assert found["overall"]["dice"]["mean"] == pytest.approx(0.9)
    assert found["overall"]["hd95"]["mean"] == pytest.approx(3)
    assert found["structures"]["L3"]["dice"]["worst"] == pytest.approx(0.9)


def test_spacing_turns_pixels_into_millimetres(
    truth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = predicted(tmp_path, label(3), label(3))
    found = result(folder, truth, capsys, "--spacing", 1, 0.5)
    assert found["overall"]["hd95"]["mean"] == pytest.approx(1.5)


def test_a_release_knows_what_is_not_annotated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    without = label()
    without[without == by_name("S1").value] = 0
    known = frozenset(s for s in STRUCTURES if s.name != "S1")
    image = np.random.default_rng(0).random(without.shape, dtype=np.float32)
    case = Case("a", image, without, annotated=known)
    release = write_release(tmp_path / "release", [(Split.TEST, case)])
    found = result(predicted(tmp_path, label()), release.root, capsys)
    assert found["overall"]["dice"]["mean"] == 1
    assert found["structures"].get("S1", {}).get("dice", {}).get("mean") is None


def test_the_table_is_printed_and_what_has_no_partner_is_said(
    truth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status("evaluate", predicted(tmp_path, label()), truth) == 0
    captured = capsys.readouterr()
    assert "L5" in captured.out
    assert "b" in captured.err


def test_maps_that_do_not_fit_are_one_line(
    truth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = predicted(tmp_path, label()[:50], label())
    assert status("evaluate", folder, truth) == 2
    error = capsys.readouterr().err
    assert "Traceback" not in error
    assert "(50, 60)" in error


def test_nothing_to_pair_is_refused(
    truth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_label_picture(tmp_path / "other" / "z.png", label())
    assert status("evaluate", tmp_path / "other", truth) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_the_published_way_on_request(truth, tmp_path, capsys) -> None:
    folder = predicted(tmp_path, label(3), np.zeros_like(label()))
    found = result(folder, truth, capsys, "--protocol", "published")
    assert found["published"]["overall"]["hd95"]["mean"] == pytest.approx(1.5)
    assert found["published"]["published_minus_usual"]["hd95"] < -50
    assert status("evaluate", folder, truth, "--protocol", "published") == 0
    assert "as published" in capsys.readouterr().err


def test_a_table_of_pairs(truth, tmp_path, capsys) -> None:
    folder = predicted(tmp_path, label(3), label(3))
    table = tmp_path / "pairs.csv"
    table.write_text(f"prediction,truth\n{folder}/a_label.png,{truth}/a.png\n")
    assert status("evaluate", table, "--json") == 0
    assert json.loads(capsys.readouterr().out)["cases"] == 1


def test_the_table_names_groups_and_the_unit(truth, tmp_path, capsys) -> None:
    assert status("evaluate", predicted(tmp_path, label(3), label(3)), truth) == 0
    printed = capsys.readouterr().out
    for text in ("vertebrae", "discs", "HD95 px", "L1", "levels right 100.0%"):
        assert text in printed


def test_spacing_of_the_release(tmp_path, capsys) -> None:
    image = np.random.default_rng(0).random(label().shape, dtype=np.float32)
    case = Case("a", image, label(), spacing=Spacing(2.0, 0.5))
    write_release(tmp_path / "release", [(Split.TEST, case)])
    write_label_picture(tmp_path / "given" / "a.png", label(4))
    found = result(tmp_path / "given", tmp_path / "release", capsys, "--mm")
    assert found["unit"] == "mm"
    assert found["overall"]["hd95"]["mean"] == pytest.approx(2)


def test_a_folder_of_results_and_a_comparison(truth, tmp_path, capsys) -> None:
    folder = predicted(tmp_path, label(3), label(3))
    for name in "ab":
        write_label_picture(tmp_path / "other" / f"{name}.png", label(1))
    out = tmp_path / "out"
    assert status("evaluate", folder, truth, "--out", out, "--compare", tmp_path / "other") == 0
    assert (out / "worst.png").exists()
    found = json.loads((out / "comparison.json").read_text())
    assert found["overall"]["dice"]["median"] > 0


def test_the_schema_is_printed(capsys) -> None:
    assert status("evaluate", "--schema") == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Summary"


@pytest.mark.parametrize("arguments", [[], ["x", "--compare", "y"]])
def test_what_is_missing_is_said(arguments, capsys) -> None:
    assert status("evaluate", *arguments) == 2
    assert "Traceback" not in capsys.readouterr().err
