"""Every row of the table of edge cases in docs/scoring.md, in its order."""

from __future__ import annotations

import math
import re
import tempfile
from pathlib import Path

import numpy as np
import pytest

from spinemsca.anatomy import STRUCTURES, by_name
from spinemsca.errors import CaseError
from spinemsca.io.image_file import write_label_picture
from spinemsca.predictions.pairing import Pair
from spinemsca.score.case_score import score_case
from spinemsca.score.evaluate import evaluate, evaluate_pairs
from spinemsca.score.summary import summarise
from tests.score.masks import bars, renamed
from tests.score.volumes import AFFINE, stack, write_volume

VOXEL = (1.0, 1.0, 1.0)
DIAGONAL = math.hypot(140, 60)
OVERLAP = ("dice", "iou", "nsd", "nsd2")
DISTANCES = ("hd95", "hd", "assd", "centroid_error")


def empty_prediction() -> None:
    score = score_case(renamed(bars(), L3=""), bars())
    row = score.values["L3"]
    assert score.levels["L3"] == "missed"
    assert [row[m] for m in (*OVERLAP, "recall")] == [0] * 5
    assert [row[m] for m in DISTANCES] == pytest.approx([DIAGONAL] * 4)
    assert row["area_error"] == -300
    assert row["area_error_percent"] == -100


def empty_truth() -> None:
    truth = renamed(bars(), L3="")
    score = score_case(bars(), truth)
    row = score.values["L3"]
    assert score.levels["L3"] == "invented"
    assert [row[m] for m in (*OVERLAP, "precision")] == [0] * 5
    assert math.isnan(row["recall"])
    assert [row[m] for m in DISTANCES] == pytest.approx([DIAGONAL] * 4)
    over = score_case(renamed(bars(), L2="L3"), truth)
    assert over.levels["L3"] == "shifted"


def both_empty() -> None:
    without = renamed(bars(), L3="")
    score = score_case(without, without)
    assert score.levels["L3"] == "absent"
    assert all(math.isnan(v) for v in score.values["L3"].values())
    found = evaluate(without, without)
    assert found["overall"]["dice"] == found["overall"]["dice"] | {"mean": 1.0, "worst": 1.0}
    assert found["structures"]["L3"]["dice"]["mean"] is None


def one_pixel() -> None:
    one, other = np.zeros((2, 20, 20), np.uint8)
    one[5, 5] = other[5, 8] = by_name("D2").value
    row = score_case(one, other).values["D2"]
    assert row["hd95"] == row["centroid_error"] == 3
    assert row["dice"] == row["area_error"] == 0


def at_the_border() -> None:
    label = np.zeros((20, 20), np.uint8)
    label[:5, :8] = by_name("L1").value
    row = score_case(label, label).values["L1"]
    assert row["dice"] == row["nsd"] == 1
    moved = np.pad(label, ((1, 0), (0, 0)))[:-1]
    assert score_case(moved, label).values["L1"]["hd"] == 1


def not_annotated() -> None:
    known = [s.name for s in STRUCTURES if s.name != "S1"]
    found = evaluate(bars(), renamed(bars(), S1=""), annotated=known)
    assert found["structures"]["S1"]["dice"]["mean"] is None
    assert found["not_annotated"]["S1"] == 1
    assert found["not_annotated"]["L1"] == 0
    assert found["levels_right"] == 1
    assert evaluate(bars(), renamed(bars(), S1=""))["levels_right"] == 0


def out_of_range() -> None:
    fractions = "holds fractions"
    faults = {12: "spans 12 to 12", -1: "spans -1", 0.5: fractions, np.inf: fractions}
    for wrong, message in faults.items():
        with pytest.raises(CaseError, match=f"prediction {message}"):
            evaluate(np.full((5, 5), wrong), np.zeros((5, 5), np.uint8))
    with pytest.raises(CaseError, match="truth spans 255 to 255"):
        evaluate(np.zeros((5, 5), np.uint8), np.full((5, 5), 255, np.uint8))


def shapes_differ() -> None:
    with pytest.raises(CaseError, match=r"\(5, 5\)"):
        evaluate(np.zeros((5, 5), np.uint8), np.zeros((5, 6), np.uint8))
    with pytest.raises(CaseError, match=r"\(12, 5, 5\)"):
        evaluate(np.zeros((12, 5, 5)), np.zeros((5, 5), np.uint8))
    with pytest.raises(CaseError, match=r"\(3, 5, 5\)"):
        evaluate(np.zeros((3, 5, 5), np.uint8), np.zeros((5, 5, 5), np.uint8))
    with pytest.raises(CaseError, match="one label map"):
        evaluate(np.zeros((1, 3, 5, 5)), np.zeros((5, 5), np.uint8))


def not_finite() -> None:
    for wrong in (np.nan, np.inf):
        with pytest.raises(CaseError, match="NaN, or numbers"):
            evaluate(np.full((5, 5), wrong), np.zeros((5, 5), np.uint8))


def all_background_truth() -> None:
    empty = np.zeros_like(bars())
    found = evaluate(bars(), empty)
    assert found["overall"]["dice"]["mean"] == 0
    assert found["levels"]["outcomes"] == dict.fromkeys(found["levels"]["outcomes"], 0) | {
        "invented": 11
    }
    assert found["levels_right"] == 0
    # The command line, which sees what the truths of a run hold, says the same.
    assert from_files(bars(), empty) == found


def nothing_scored() -> None:
    empty = np.zeros_like(bars())
    for found in (
        evaluate(empty, empty),
        evaluate(bars(), bars(), annotated=[]),
        evaluate(renamed(empty), renamed(bars(), L1=""), annotated=["L1"]),
        from_files(empty, empty),
    ):
        assert found["levels_right"] is None
        assert found["overall"]["dice"]["mean"] is None


def volume_and_slices() -> None:
    mixed = [score_case(bars(5), bars()), score_case(bars(3)[None], bars()[None], spacing=VOXEL)]
    found = summarise(mixed)
    assert (found["unit"], found["px_left_out"]) == ("mm", 1)
    assert found["overall"]["hd"] == found["overall"]["hd"] | {"n": 1, "mean": 3.0}
    assert found["overall"]["dice"]["n"] == 2


def other_grids() -> None:
    with tempfile.TemporaryDirectory() as folder:
        moved = AFFINE.copy()
        moved[0, 3] += 1
        truth = write_volume(Path(folder) / "t.nii", stack(0, 0))
        given = write_volume(Path(folder) / "p.nii", stack(0, 0), moved)
        with pytest.raises(CaseError, match="1 mm"):
            evaluate_pairs([Pair("a", given, truth)])


def from_files(prediction: np.ndarray, truth: np.ndarray) -> dict:
    """What the command line says of two pictures."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("p.png", "t.png")]
        for file, label in zip(files, (prediction, truth), strict=True):
            write_label_picture(file, label)
        return evaluate_pairs([Pair("a", *files)])


ROWS = [
    empty_prediction,
    empty_truth,
    both_empty,
    one_pixel,
    at_the_border,
    not_annotated,
    all_background_truth,
    nothing_scored,
    volume_and_slices,
    out_of_range,
    shapes_differ,
    other_grids,
    not_finite,
]


@pytest.mark.parametrize("row", ROWS)
def test_an_edge_case_is_treated_as_written(row) -> None:
    row()


def test_every_row_of_the_table_has_its_proof() -> None:
    text = (Path(__file__).parents[2] / "docs/scoring.md").read_text(encoding="utf-8")
    table = re.search(r"<!-- policy -->\n(.*)<!-- /policy -->", text, re.DOTALL)
    assert table is not None
    assert len(table.group(1).strip().splitlines()) - 2 == len(ROWS)
