"""Runs over many files: the same whatever the workers, over patients, in order."""

from __future__ import annotations

import numpy as np
import pytest

import spinemsca as sm
from spinemsca.errors import CaseError, SpineError, UsageError
from spinemsca.io.image_file import write_label_picture
from spinemsca.predictions.pairing import Pair, pair_labels, read_pairs
from spinemsca.score import files as module
from spinemsca.score.evaluate import Protocol, evaluate_pairs, score_pairs
from tests.score.masks import bars, one_down, renamed


@pytest.fixture
def pairs(tmp_path) -> list[Pair]:
    made = []
    for i in range(6):
        truth, prediction = tmp_path / f"{i}.png", tmp_path / f"{i}_label.png"
        write_label_picture(truth, bars())
        write_label_picture(prediction, bars(i))
        made.append(Pair(f"case-{i}", prediction, truth, patient=f"patient-{i // 2}"))
    return made


def test_the_function_is_offered_by_the_package() -> None:
    assert sm.evaluate(bars(), bars())["overall"]["dice"]["mean"] == 1


def test_processes_give_what_one_gives(pairs, monkeypatch) -> None:
    monkeypatch.setattr(module, "_WORTH_A_POOL", 0)
    monkeypatch.setattr(module, "_CHUNK", 1)
    told: list[tuple[int, int]] = []
    many = evaluate_pairs(pairs, workers=2, progress=lambda *n: told.append(n))
    assert many == evaluate_pairs(pairs, workers=1)
    assert told[-1] == (6, 6)
    assert [s.name for s in score_pairs(pairs, workers=2)] == [p.name for p in pairs]


def test_a_bad_file_is_named_from_another_process(pairs, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(module, "_WORTH_A_POOL", 0)
    write_label_picture(pairs[3].prediction, np.zeros((4, 4), np.uint8))
    with pytest.raises(CaseError, match="shape") as caught:
        evaluate_pairs(pairs, workers=2)
    assert "3_label.png" in str(caught.value)


def test_intervals_are_over_patients(pairs) -> None:
    found = evaluate_pairs(pairs)
    assert found["interval_over"] == "patients"
    assert found["patients"] == 3
    alone = evaluate_pairs([Pair(p.name, p.prediction, p.truth) for p in pairs])
    assert alone["interval_over"] == "cases"
    width = [np.ptp(f["overall"]["dice"]["ci95"]) for f in (found, alone)]
    assert width[0] > width[1]


def test_the_published_way_stands_beside_the_usual(pairs) -> None:
    write_label_picture(pairs[0].prediction, renamed(bars(), L3=""))
    found = evaluate_pairs(pairs[:1], Protocol(published=True))
    published, usual = found["published"]["overall"], found["overall"]
    assert published["hd95"]["mean"] == 0
    assert usual["hd95"]["mean"] > 10
    gap = found["published"]["published_minus_usual"]
    assert gap["hd95"] == pytest.approx(-usual["hd95"]["mean"])
    assert "published" not in evaluate_pairs(pairs[:1])


def test_the_published_way_leaves_out_what_is_not_annotated() -> None:
    label = bars()
    found = sm.evaluate(label, label, annotated=["L1", "S1"], published=True)["published"]
    assert found["overall"]["dice"]["mean"] == pytest.approx(1)
    assert found["overall"]["hd95"]["mean"] == 0
    assert found["published_minus_usual"] == pytest.approx({"dice": 0, "hd95": 0})
    assert found["published_minus_usual_structures"]["L5"] == {"dice": None, "hd95": None}


def test_one_channel_a_structure_is_refused() -> None:
    channels = np.eye(12, dtype=np.uint8)[bars()].transpose(2, 0, 1)
    with pytest.raises(CaseError, match="not one channel a structure"):
        sm.evaluate(channels, channels)


def test_a_spacing_is_two_numbers() -> None:
    with pytest.raises(UsageError, match="not two numbers"):
        sm.evaluate(bars(), bars(), spacing=(1.0, 1.0, 1.0))


def test_each_case_has_its_own_spacing(pairs) -> None:
    from dataclasses import replace

    spaced = [replace(p, spacing=(1.0, 0.5)) for p in pairs]
    found = evaluate_pairs(spaced, Protocol(own_spacing=True))
    assert found["overall"]["hd95"]["worst"] == pytest.approx(2.5)
    with pytest.raises(UsageError, match="no spacing"):
        evaluate_pairs(pairs, Protocol(own_spacing=True))


@pytest.mark.parametrize("spacing", [(0.0, 1.0), (-1.0, 1.0), (float("nan"), 1.0)])
def test_a_spacing_is_positive(spacing) -> None:
    with pytest.raises(UsageError, match="positive"):
        Protocol(spacing)


def test_unknown_structures_are_named() -> None:
    with pytest.raises(UsageError, match="L7"):
        sm.evaluate(bars(), bars(), annotated=["L7"])


def test_label_maps_of_any_whole_dtype() -> None:
    for dtype in (np.int64, np.float32):
        assert sm.evaluate(bars().astype(dtype), bars())["levels_right"] == 1


def test_names_are_taken_without_their_whole_suffix(tmp_path) -> None:
    for folder, name in (("truth", "a.nii.gz"), ("given", "a_label.png")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_bytes(b"x")
    found = pair_labels(tmp_path / "given", tmp_path / "truth")
    assert [p.name for p in found.pairs] == ["a"]


def test_a_table_pairs_files(tmp_path) -> None:
    write_label_picture(tmp_path / "x.png", bars())
    write_label_picture(tmp_path / "y.png", one_down(bars()))
    table = tmp_path / "pairs.csv"
    table.write_text("prediction,truth,patient\ny.png,x.png,p1\n")
    found = read_pairs(table)
    assert [(p.name, p.patient) for p in found.pairs] == [("x", "p1")]
    assert evaluate_pairs(found.pairs)["levels_right"] == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("prediction\nx.png\n", "no column"),
        ("prediction,truth\nx.png,gone.png\n", "no such file"),
        ("prediction,truth\n", "lists no pair"),
        ("prediction,truth\nx.png,x.png\nx.png,x.png\n", "twice"),
    ],
)
def test_a_bad_table_is_refused(tmp_path, text, reason) -> None:
    write_label_picture(tmp_path / "x.png", bars())
    (tmp_path / "pairs.csv").write_text(text)
    with pytest.raises(SpineError, match=reason):
        read_pairs(tmp_path / "pairs.csv")


def test_a_table_that_is_none_is_refused(tmp_path) -> None:
    (tmp_path / "pairs.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="readable CSV"):
        read_pairs(tmp_path / "pairs.csv")


def test_nifti_label_maps_are_scored(tmp_path) -> None:
    import nibabel

    truth = tmp_path / "truth"
    truth.mkdir()
    write_label_picture(truth / "a.png", bars())
    (tmp_path / "given").mkdir()
    # One sagittal slice, voxel axes left, down and back, as a header can state.
    voxels = bars(3)[None].astype(np.int16)
    affine = np.array([[-4.0, 0, 0, 0], [0, 0, -1, 0], [0, -1, 0, 0], [0, 0, 0, 1]])
    nibabel.save(nibabel.Nifti1Image(voxels, affine), tmp_path / "given/a_label.nii.gz")
    found = evaluate_pairs(pair_labels(tmp_path / "given", truth).pairs)
    assert found["overall"]["hd95"]["mean"] == pytest.approx(3)
    assert found["levels_right"] == 1
