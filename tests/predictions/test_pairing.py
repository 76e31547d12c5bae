"""Predictions and truths pair by name, folders included, and what is alone is said."""

from __future__ import annotations

import numpy as np
import pytest

from spinemsca.anatomy import STRUCTURES
from spinemsca.case import Case, Spacing
from spinemsca.errors import UsageError
from spinemsca.io import pt
from spinemsca.io.image_file import write_label_picture
from spinemsca.predictions.pairing import pair_labels, read_pairs
from spinemsca.release.release import write_release
from spinemsca.release.split import Split
from tests.io.volumes import HOUSE, SAGITTAL, write_nifti
from tests.predictions.results import save_picture
from tests.segment.examples import ladder

LABEL = ladder(40, 50)


def test_nested_folders_pair_with_each_other(tmp_path):
    for name in ("s1/T2", "s2/T2", "T2"):
        save_picture(tmp_path / "out", name, LABEL)
        write_label_picture(tmp_path / "truth" / f"{name}.png", LABEL)
    pairs = pair_labels(tmp_path / "out", tmp_path / "truth").pairs
    assert [(p.name, p.prediction, p.truth) for p in pairs] == [
        (name, tmp_path / "out" / f"{name}_label.png", tmp_path / "truth" / f"{name}.png")
        for name in ("T2", "s1/T2", "s2/T2")
    ]


def test_formats_do_not_matter_and_the_lonely_are_said(tmp_path):
    out, truth = tmp_path / "out", tmp_path / "truth"
    save_picture(out, "a", LABEL)
    write_nifti(out / "v_label.nii.gz", SAGITTAL, HOUSE)
    save_picture(out, "more", LABEL)
    pt.write_pt_label(truth / "a" / "label.pt", LABEL)
    write_nifti(truth / "v_label.nii.gz", SAGITTAL, HOUSE)
    pt.write_pt_label(truth / "missed" / "label.pt", LABEL)
    found = pair_labels(out, truth)
    assert [p.name for p in found.pairs] == ["a", "v"]
    assert found.only_predicted == ("more",)
    assert found.only_truth == ("missed",)


def test_other_vertebrae_are_no_case_of_their_own(tmp_path):
    long = LABEL.copy()
    long[:4] = 15
    save_picture(tmp_path / "out", "a", long)
    write_label_picture(tmp_path / "truth" / "a.png", LABEL)
    found = pair_labels(tmp_path / "out", tmp_path / "truth")
    assert ([p.name for p in found.pairs], found.only_predicted) == (["a"], ())


def test_a_release_says_what_was_annotated_and_how_large_pixels_are(tmp_path):
    known = frozenset(STRUCTURES[:6])
    label = np.where(ladder() > 6, 0, ladder()).astype(np.uint8)
    image = (label / 20 + 0.2).astype(np.float32)
    case = Case("one", image, label, patient="p7", annotated=known, spacing=Spacing(0.7, 0.4))
    write_release(tmp_path / "r", [(Split.TEST, case)])
    save_picture(tmp_path / "out", "one", label)
    (pair,) = pair_labels(tmp_path / "out", tmp_path / "r").pairs
    assert (pair.annotated, pair.patient, pair.spacing) == (known, "p7", (0.7, 0.4))


def test_what_cannot_be_paired_is_told(tmp_path):
    save_picture(tmp_path / "out", "a", LABEL)
    save_picture(tmp_path / "truth", "b", LABEL)
    with pytest.raises(UsageError, match="no prediction is called like"):
        pair_labels(tmp_path / "out", tmp_path / "truth")
    with pytest.raises(UsageError, match="no such folder"):
        pair_labels(tmp_path / "none", tmp_path / "truth")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no label map"):
        pair_labels(tmp_path / "out", tmp_path / "empty")


def test_pairs_may_be_listed(tmp_path):
    for name in ("p.png", "t.png"):
        write_label_picture(tmp_path / name, LABEL)
    table = tmp_path / "pairs.csv"
    table.write_text("prediction,truth,case,patient\np.png,t.png,one,p7\np.png,t.png,,\n")
    one, other = read_pairs(table).pairs
    assert (one.name, one.patient, one.prediction) == ("one", "p7", tmp_path / "p.png")
    assert (other.name, other.patient, other.truth) == ("t", "", tmp_path / "t.png")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("prediction\np.png\n", "no column"),
        ("prediction,truth\nno.png,p.png\n", "no such file"),
        ("prediction,truth\n,\n", "no such file"),
        ("prediction,truth\np.png\n", "no such file"),
        ("prediction,truth\n", "lists no pair"),
        ("prediction,truth\np.png,p.png\np.png,p.png\n", "a case twice"),
        (b"\xff\xfe\x00", "no readable CSV"),
        ("", "lists no pair"),
        ('prediction,truth\n"' + "x" * 200_000 + '",p.png\n', "no readable CSV"),
        ("prediction,truth\n" + "x" * 5000 + ",p.png\n", "no readable CSV"),
    ],
)
def test_a_list_that_is_none_is_one_error(tmp_path, content, said):
    write_label_picture(tmp_path / "p.png", LABEL)
    table = tmp_path / "pairs.csv"
    table.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UsageError, match=said):
        read_pairs(table)
