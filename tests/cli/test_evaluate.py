"""`evaluate`: what it prints, and what it says of files that do not fit."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from spinemsca.anatomy import STRUCTURES, by_name
from spinemsca.case import Case, Spacing
from spinemsca.cli import main
from spinemsca.io.image_file import write_label_picture
from spinemsca.release.release import write_release
from spinemsca.release.split import Split
from tests.score.volumes import AFFINE, stack, write_volume


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


@pytest.fixture
def deep(tmp_path: Path) -> tuple[Path, Path]:
    """Folders of predictions and truths that hold one volume each."""
    found = stack(3, 3, 0)
    found[2] = 0
    given, wanted = tmp_path / "given", tmp_path / "wanted"
    write_volume(given / "v_label.nii.gz", found)
    write_volume(wanted / "v.nii.gz", stack(0, 0, 0))
    return given, wanted


def test_a_volume_counts_whole_and_in_mm(deep, capsys) -> None:
    found = result(*deep, capsys)
    assert found["unit"] == "mm"
    assert found["structures"]["L3"]["dice"]["mean"] == pytest.approx(2 * 2 * 270 / (600 + 900))
    assert found["overall"]["hd"]["mean"] == pytest.approx(np.hypot(4, 3 * 0.8))
    assert found["overall"]["volume"]["mean"] == pytest.approx(600 * 4 * 0.5 * 0.8)


def test_each_slice_on_request(deep, tmp_path, capsys) -> None:
    assert status("evaluate", *deep, "--slices", "--out", tmp_path / "out") == 0
    with (tmp_path / "out/slices.csv").open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["structure"] == "L3"]
    assert [float(r["dice"]) for r in rows] == pytest.approx([0.9, 0.9, 0])
    with (tmp_path / "out/scores.csv").open(encoding="utf-8") as file:
        assert {r["unit"] for r in csv.DictReader(file)} == {"mm"}
    assert status("evaluate", *deep, "--slices") == 2
    assert "--out" in capsys.readouterr().err


def test_slices_in_pixels_beside_volumes_are_said(deep, capsys) -> None:
    write_label_picture(deep[0] / "a.png", label(3))
    write_label_picture(deep[1] / "a.png", label())
    assert status("evaluate", *deep) == 0
    captured = capsys.readouterr()
    assert "HD95 mm" in captured.out
    assert "1 of 2 cases have no spacing" in captured.err


@pytest.mark.parametrize(
    ("found", "affine", "said"),
    [
        (stack(0, 0), AFFINE, "(2, 140, 60)"),
        (stack(0, 0, 0), AFFINE + np.eye(4, k=3), "1 mm"),
    ],
)
def test_volumes_that_do_not_fit_are_one_line(deep, capsys, found, affine, said) -> None:
    write_volume(deep[0] / "v_label.nii.gz", found, affine)
    assert status("evaluate", *deep) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "v_label.nii.gz" in error
    assert "Traceback" not in error


def test_a_truth_of_background_is_no_right_level(tmp_path, capsys) -> None:
    empty = np.zeros_like(label())
    write_label_picture(tmp_path / "truth/a.png", empty)
    found = result(predicted(tmp_path, label()), tmp_path / "truth", capsys)
    assert found["overall"]["dice"]["mean"] == 0
    assert found["levels_right"] == 0
    nothing = predicted(tmp_path, empty)
    assert result(nothing, tmp_path / "truth", capsys)["levels_right"] is None
    assert status("evaluate", nothing, tmp_path / "truth", "--protocol", "published") == 0
    assert "no level to be right" in capsys.readouterr().out


def test_without_matplotlib_all_tables_are_written(truth, tmp_path, capsys, monkeypatch) -> None:
    for name in ("matplotlib", "matplotlib.pyplot"):
        monkeypatch.setitem(sys.modules, name, None)
    folder, out = predicted(tmp_path, label(3), label(3)), tmp_path / "out"
    assert status("evaluate", folder, truth, "--out", out, "--compare", folder) == 0
    names = {p.name for p in out.iterdir()}
    assert {"scores.csv", "summary.tex", "comparison.json", "worst.png"} <= names
    assert not {"boxes.png", "areas.png"} & names
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("Plots")]
    assert said == [
        "Plots are left out: matplotlib is not installed. Run: pip install spine-msca[plot]"
    ]


@pytest.mark.parametrize("spacing", [("nan", 1), (0, 1), (-1, 1), ("inf", 1)])
def test_a_spacing_that_is_none_is_one_line(truth, tmp_path, capsys, spacing) -> None:
    folder = predicted(tmp_path, label(3))
    assert status("evaluate", folder, truth, "--spacing", *spacing) == 2
    assert "spacing" in capsys.readouterr().err
