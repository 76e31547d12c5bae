"""What `evaluate --out` writes: tables that read back, pictures that show what they say."""

from __future__ import annotations

import csv
import io
import json
import sys

import numpy as np
import pytest
from PIL import Image

from spinemsca.io.image_file import write_label_picture
from spinemsca.predictions.pairing import Pair
from spinemsca.score.case_score import score_case
from spinemsca.score.evaluate import evaluate_pairs, score_pairs
from spinemsca.score.figures import difference_picture, missing_plots, worst_first
from spinemsca.score.results import write_comparison, write_results
from spinemsca.score.schema import Summary, summary_schema
from spinemsca.score.summary import summarise
from spinemsca.score.tables import latex_table, markdown_table, scores_csv
from spinemsca.score.worst import worst_sheet
from tests.score.masks import bars, one_down, renamed
from tests.score.volumes import SPACING, stack, write_volume

ABOUT = {"without_truth": (), "without_prediction": ()}


@pytest.fixture(scope="module")
def pairs(tmp_path_factory) -> list[Pair]:
    folder = tmp_path_factory.mktemp("labels")
    made = []
    for name, label in {
        "good": bars(1),
        "shifted": one_down(bars()),
        "gap": renamed(bars(), L3=""),
    }.items():
        write_label_picture(folder / f"{name}_label.png", label)
        write_label_picture(folder / f"{name}.png", bars())
        made.append(Pair(name, folder / f"{name}_label.png", folder / f"{name}.png", patient=name))
    return made


@pytest.fixture(scope="module")
def scores(pairs):
    return list(score_pairs(pairs))


@pytest.fixture(scope="module")
def summary(scores):
    return summarise(scores) | ABOUT


def test_the_table_has_a_row_a_case_and_structure(scores) -> None:
    rows = list(csv.DictReader(io.StringIO(scores_csv(scores))))
    assert len(rows) == 33
    gap = next(r for r in rows if (r["case"], r["structure"]) == ("gap", "L3"))
    assert gap["outcome"] == "missed"
    assert gap["named_as"] == "none"
    assert gap["unit"] == "px"
    assert float(gap["dice"]) == 0
    assert gap["precision"] == ""
    good = next(r for r in rows if (r["case"], r["structure"]) == ("good", "L3"))
    assert float(good["dice"]) == pytest.approx(2 * 29 / 60, abs=1e-6)


def test_the_result_has_the_form_that_the_schema_says(summary, pairs) -> None:
    Summary.model_validate(json.loads(json.dumps(summary)))
    from spinemsca.score.evaluate import Protocol

    published = evaluate_pairs(pairs, Protocol(published=True)) | ABOUT
    Summary.model_validate(json.loads(json.dumps(published)))
    schema = summary_schema()
    assert set(schema["required"]) <= set(summary)
    assert set(summary) <= set(schema["properties"])


def test_tables_for_a_paper(summary) -> None:
    text = markdown_table(summary)
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in lines}) == 1
    dice = summary["overall"]["dice"]["mean"]
    assert f"| all | {dice:.3f} ±" in text
    latex = latex_table(summary)
    assert latex.count(r"\\") == 1 + 1 + 2 + 11
    assert r"33.3 \%" in latex
    assert r"\begin{tabular}{lrrrrr}" in latex


def test_structures_without_numbers_have_no_row(scores) -> None:
    without = [renamed(bars(), S1="")] * 2
    text = markdown_table(summarise([score_case(*without)]) | ABOUT)
    assert "| S1 |" not in text
    assert "| L5 |" in text


def test_the_worst_come_first(scores) -> None:
    assert [s.name for s in worst_first(scores, 2)] == ["shifted", "gap"]


def test_the_difference_shows_missed_added_and_renamed() -> None:
    truth, found = np.zeros((2, 4, 4), np.uint8)
    truth[0, 0], found[1, 1], truth[2, 2], found[2, 2] = 3, 3, 3, 4
    picture = np.asarray(difference_picture(np.zeros((4, 4), np.float32), truth, found))
    colours = {tuple(picture[i, i]) for i in range(3)}
    assert len(colours) == 3
    assert not picture[3, 3].any()


def test_a_folder_with_everything(tmp_path, scores, summary, pairs) -> None:
    images = tmp_path / "images"
    images.mkdir()
    Image.fromarray(np.full((140, 60), 99, np.uint8)).save(images / "gap.png")
    write_results(tmp_path / "out", scores, summary, pairs, images)
    names = {p.name for p in (tmp_path / "out").iterdir()}
    assert names == {
        "scores.csv",
        "summary.json",
        "summary.md",
        "summary.tex",
        "boxes.png",
        "worst.png",
    }
    assert json.loads((tmp_path / "out/summary.json").read_text())["cases"] == 3
    for picture in ("boxes.png", "worst.png"):
        with Image.open(tmp_path / "out" / picture) as opened:
            assert np.asarray(opened).std() > 10


def test_a_comparison_is_written(tmp_path, scores) -> None:
    result = write_comparison(tmp_path, scores, scores[::-1])
    assert json.loads((tmp_path / "comparison.json").read_text()) == json.loads(json.dumps(result))
    assert result["overall"]["dice"]["effect"] == 0
    with Image.open(tmp_path / "areas.png") as picture:
        assert picture.width > 300


def test_without_matplotlib_the_tables_are_all_there(
    tmp_path, scores, summary, pairs, monkeypatch
) -> None:
    for name in ("matplotlib", "matplotlib.pyplot"):
        monkeypatch.setitem(sys.modules, name, None)
    assert missing_plots().endswith("pip install spine-msca[plot]")
    write_results(tmp_path, scores, summary, pairs)
    write_comparison(tmp_path, scores, scores)
    names = {p.name for p in tmp_path.iterdir()}
    tables = {"scores.csv", "summary.json", "summary.md", "summary.tex", "comparison.json"}
    assert names == tables | {"worst.png"}


def test_with_matplotlib_nothing_is_missing() -> None:
    assert missing_plots() == ""


def test_a_volume_is_shown_by_its_worst_slice(tmp_path) -> None:
    """The slice that is wrong is shown with its image; the others of the volume are not."""
    truth, found = stack(0, 0, 0), stack(0, 0, 25)
    paths = [write_volume(tmp_path / f"{n}.nii.gz", v) for n, v in (("t", truth), ("p", found))]
    image = np.stack([np.full(truth.shape[1:], v, np.uint8) for v in (10, 20, 30)])
    image[:, 0] = 0
    write_volume(tmp_path / "images/v.nii.gz", image)
    pair = Pair("v", paths[1], paths[0])
    (score,) = score_pairs([pair])
    sheet = np.asarray(worst_sheet([score], [pair], tmp_path / "images"))
    orange = (sheet == (230, 159, 0)).all(axis=2).sum()
    assert orange > 1000
    blank = np.asarray(worst_sheet([score], [pair], None))
    assert (sheet != blank).any()


def test_sizes_of_volumes_are_compared(tmp_path) -> None:
    small = score_case(stack(0, 0), stack(0, 0), spacing=SPACING)
    write_comparison(tmp_path, [small], [small])
    assert {p.name for p in tmp_path.iterdir()} == {"comparison.json", "volumes.png"}


def test_nothing_to_draw_is_still_written(tmp_path) -> None:
    for name in ("p", "t"):
        write_label_picture(tmp_path / f"{name}.png", np.zeros((40, 40), np.uint8))
    pair = Pair("empty", tmp_path / "p.png", tmp_path / "t.png")
    scored = list(score_pairs([pair]))
    write_results(tmp_path / "out", scored, summarise(scored) | ABOUT, [pair])
    assert (tmp_path / "out" / "worst.png").exists()
