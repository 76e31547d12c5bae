from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spinemsca.anatomy import COLUMN, by_name
from spinemsca.errors import ReleaseError, UsageError
from spinemsca.release.release import Release
from spinemsca.release.split import Split
from spinemsca.segment.inference.model import Segmentation
from spinemsca.segment.networks.column import ColumnNet
from spinemsca.segment.runtime.weights import Weights, save_weights
from spinemsca.segment.training import pseudo as module
from spinemsca.segment.training.pseudo import Criteria, doubt_of, main, pseudo_label, read_rejected
from tests.segment.examples import TINY, ladder

SURE = dict.fromkeys(COLUMN, 0.95)
UNSURE_S1 = SURE | {by_name("S1"): 0.5}


class Oracle:
    """Answers the ladder, sure of it or not as the image's first pixel says."""

    weights = Weights(ColumnNet(TINY), 64, "7.1")

    def predict(self, image, spacing=None) -> Segmentation:
        answers = {
            0: (SURE, False, None),
            1: (UNSURE_S1, False, None),
            2: (SURE, True, None),
            3: (SURE, False, "It is a cat"),
            4: (dict.fromkeys(COLUMN, 0.8), False, None),
            5: ({s: 0.95 for s in COLUMN if s.name != "D2"}, False, None),
        }
        confidence, ambiguous, refused = answers[int(image[0, 0])]
        return Segmentation(ladder(), confidence, None, (), ambiguous, refused)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name, code in (("1_t2", 0), ("1_b", 1), ("2_t2", 2), ("3_t2", 3), ("4_t2", 4), ("5_t2", 5)):
        pixels = rng.integers(0, 255, (96, 64), np.uint8)
        pixels[0, 0] = code
        Image.fromarray(pixels).save(folder / f"{name}.png")
    for name in ("8_t2", "9_t2"):
        Image.fromarray(pixels * 0).save(folder / f"{name}.png")
    return folder


def test_only_what_the_model_is_sure_of_is_kept(images, tmp_path):
    criteria = Criteria(frozenset({"8"}), frozenset({"9_t2"}))
    paths = sorted(images.iterdir())
    seen = []
    made = pseudo_label(
        Oracle(),
        paths,
        tmp_path / "out",
        criteria,
        source="Test (CC0)",
        progress=lambda *now: seen.append(now),
    )
    assert seen == [(i, 8) for i in range(1, 9)]
    assert {e.name for e in made.release.entries} == {"1_t2", "1_b"}
    assert {e.split for e in made.release.entries} == {Split.TRAIN}
    reasons = {
        "2_t2": "numbered wrongly",
        "3_t2": "cat",
        "4_t2": "uncertain",
        "5_t2": "lacks D2",
        "8_t2": "held out",
        "9_t2": "rejected by a person",
    }
    assert made.left_out.keys() == reasons.keys()
    assert all(text in made.left_out[name] for name, text in reasons.items())


def test_a_structure_that_is_unsure_is_not_annotated(images, tmp_path):
    paths = [images / "1_b.png", images / "1_t2.png"]
    release = pseudo_label(Oracle(), paths, tmp_path / "out", Criteria(frozenset())).release
    unsure, sure = release.cases()
    assert sure.annotated == set(COLUMN)
    assert unsure.annotated == set(COLUMN) - {by_name("S1")}
    assert by_name("S1").value not in unsure.label
    assert set(np.unique(sure.label)) == {0, *(s.value for s in COLUMN)}
    assert sure.source == "pseudo-labels by model 7.1"
    assert sure.patient == unsure.patient == "1"


def test_the_aspect_is_kept(images, tmp_path):
    path = [images / "1_t2.png"]
    case = next(
        pseudo_label(Oracle(), path, tmp_path / "out", Criteria(frozenset())).release.cases()
    )
    assert case.shape == (512, 512)
    columns = np.flatnonzero(case.image.any(axis=0))
    assert columns[-1] - columns[0] + 1 == pytest.approx(512 * 64 / 96, abs=2)
    rows, columns = np.nonzero(case.label == by_name("L1").value)
    assert rows.mean() == pytest.approx((4 + 3.5) * 512 / 96 - 0.5, abs=1)
    assert columns.mean() == pytest.approx(256 + (30 - 32) * 512 / 96 - 0.5, abs=1)


def test_nothing_left_is_an_error_and_no_folder(images, tmp_path):
    with pytest.raises(ReleaseError, match="every image"):
        pseudo_label(Oracle(), [images / "3_t2.png"], tmp_path / "out", Criteria(frozenset()))
    assert not (tmp_path / "out").exists()


def test_a_name_without_a_patient_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"odd\.png"):
        pseudo_label(Oracle(), [tmp_path / "odd.png"], tmp_path / "out", Criteria(frozenset()))


def test_doubts_stand_in_order():
    sure = Segmentation(ladder(), SURE, None, (), ambiguous=False)
    assert doubt_of(sure, Criteria(frozenset())) is None
    assert "0.95" in (doubt_of(sure, Criteria(frozenset(), case=0.99)) or "")


def test_the_list_of_rejected_names(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("name,reason\n1_t2,L6\n2_t2,\n")
    assert read_rejected(path) == {"1_t2", "2_t2"}
    path.write_text("who\n1_t2\n")
    with pytest.raises(UsageError, match="has no column name"):
        read_rejected(path)


def test_the_projects_own_list_of_rejected_names_is_one():
    assert isinstance(read_rejected(Path("examples/spider-mid-rejected.csv")), frozenset)


def test_the_module_writes_a_release(images, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(module.Model, "load", lambda _: Oracle())
    patients = tmp_path / "patients.csv"
    patients.write_text("patient,split\n1,train\n2,val\n8,test\n")
    rejected = tmp_path / "rejected.csv"
    rejected.write_text("name,reason\n1_b,wrong\n")
    out = tmp_path / "out"
    given = [str(images), "--weights", "w", "--out", str(out), "--held-out", str(patients)]
    assert main([*given, "--rejected", str(rejected), "--source", "Test (CC0)"]) == 0
    told = capsys.readouterr()
    assert told.out == f"{out}: 1 train\n"
    assert "Left out 2_t2: is of a patient held out" in told.err
    assert "Left out 9_t2: image is constant" in told.err
    assert "Left out 1_b: was rejected by a person" in told.err
    release = Release.open(out)
    assert release.row(release.entries[0]).source == "pseudo-labels by model 7.1; Test (CC0)"


def test_a_real_network_may_leave_everything_out(images, tmp_path, capsys):
    save_weights(tmp_path / "w", Oracle.weights)
    patients = tmp_path / "p.csv"
    patients.write_text("patient,split\n1,train\n")
    given = [str(images), "--weights", str(tmp_path / "w"), "--held-out", str(patients)]
    assert main([*given, "--out", str(tmp_path / "out")]) == 2
    assert "every image was left out" in capsys.readouterr().err
