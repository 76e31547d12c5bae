from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spinemsca.anatomy import COLUMN, by_name
from spinemsca.errors import FileFormatError, ReleaseError, UsageError
from spinemsca.release.split import Split
from spinemsca.segment.inference.model import Segmentation
from spinemsca.segment.training.pseudo import Criteria, doubt_of, pseudo_label, read_rejected
from tests.segment.examples import ladder
from tests.segment.unlabelled import SURE, Oracle, write_images


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return write_images(tmp_path / "images")


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
    with pytest.raises(FileFormatError, match="no list of names"):
        read_rejected(path)


def test_the_projects_own_list_of_rejected_names_is_one():
    assert isinstance(read_rejected(Path("examples/spider-mid-rejected.csv")), frozenset)
