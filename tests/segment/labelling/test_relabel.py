from __future__ import annotations

import json

import nibabel
import numpy as np
import pytest
from PIL import Image

from spinemsca.anatomy import by_any_name, by_name
from spinemsca.cli import main
from spinemsca.errors import UsageError
from spinemsca.io import pt
from spinemsca.predictions.find import LabelFile, find_label_maps
from spinemsca.segment.labelling.relabel import Renaming, relabel_file
from tests.io.volumes import HOUSE, SAGITTAL, TURNS, affine_of, mha_bytes, write_nifti
from tests.segment.examples import ladder

L1, L4, L5, S1 = (by_name(n).value for n in ("L1", "L4", "L5", "S1"))
D4, D5 = by_name("D4").value, by_name("D5").value
T12, L56, L6, L6S1, S2 = (by_any_name(n).value for n in ("T12", "L5/L6", "L6", "L6/S1", "S2"))
LABELS = (HOUSE % 12).astype(np.uint8)


def only(path) -> LabelFile:
    (file,) = find_label_maps([path]).found
    return file


def test_a_picture_stays_a_picture_and_keeps_what_leaves_the_eleven(tmp_path):
    Image.fromarray(ladder()).save(tmp_path / "a_label.png")
    said = relabel_file(only(tmp_path / "a_label.png"), tmp_path / "out", Renaming("L6"))
    label = np.asarray(Image.open(tmp_path / "out/a_label.png"))
    assert label.shape == ladder().shape
    assert np.array_equal(label == L5, ladder() == L4)
    assert np.array_equal(label == S1, ladder() == S1)
    assert not label[np.isin(ladder(), (L5, D4, D5))].any()
    other = np.asarray(Image.open(tmp_path / "out/a_other.png"))
    for new, old in ((L6, L5), (L56, D4), (L6S1, D5)):
        assert np.array_equal(other == new, ladder() == old)
    assert said["dropped"] == []
    assert {n: said["renamed"][n] for n in ("L4", "D4", "L5", "D5")} == {
        "L4": "L5", "D4": "L5/L6", "L5": "L6", "D5": "L6/S1",
    }  # fmt: skip
    assert said["kept"] == ["S1"]
    assert "is L6" in said["assumed"]
    assert json.loads((tmp_path / "out/a_label.relabel.json").read_text()) == said


@pytest.mark.parametrize("shift", [-1, 1])
def test_a_pt_file_stays_one(tmp_path, shift):
    pt.write_pt_label(tmp_path / "case/label.pt", ladder())
    said = relabel_file(only(tmp_path / "case/label.pt"), tmp_path / "out", Renaming(shift=shift))
    label = pt.read_pt_label(tmp_path / "out/case/label.pt")
    assert np.array_equal(label == L4 + shift, ladder() == L4)
    other = np.asarray(Image.open(tmp_path / "out/case/label_other.png"))
    new, old = (S2, S1) if shift > 0 else (T12, L1)
    assert np.array_equal(other == new, ladder() == old)
    assert said["dropped"] == []
    assert ("down" if shift > 0 else "up") in said["assumed"]


@pytest.mark.parametrize("turn", [SAGITTAL, TURNS[11]])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_nifti_keeps_its_grid(tmp_path, turn, suffix):
    path = write_nifti(tmp_path / f"a{suffix}", turn, LABELS)
    relabel_file(only(path), tmp_path / "out", Renaming(shift=1))
    before = nibabel.Nifti1Image.from_filename(path)
    after = nibabel.Nifti1Image.from_filename(tmp_path / f"out/a{suffix}")
    assert after.shape == before.shape
    np.testing.assert_allclose(after.affine, before.affine, atol=1e-4)
    old, new = np.asarray(before.dataobj), np.asarray(after.dataobj)
    assert np.array_equal(new == L5, old == L4)


def test_other_volumes_become_nifti(tmp_path):
    affine = affine_of(SAGITTAL)
    (tmp_path / "a.mha").write_bytes(mha_bytes(SAGITTAL.undo(LABELS), affine))
    said = relabel_file(only(tmp_path / "a.mha"), tmp_path, Renaming("L4"))
    assert said["output"] == "a.nii.gz"
    np.testing.assert_allclose(
        nibabel.Nifti1Image.from_filename(tmp_path / "a.nii.gz").affine, affine, atol=1e-4
    )


def test_the_input_is_never_written_over(tmp_path):
    Image.fromarray(ladder()).save(tmp_path / "a.png")
    before = (tmp_path / "a.png").read_bytes()
    with pytest.raises(UsageError, match="written over"):
        relabel_file(only(tmp_path / "a.png"), tmp_path, Renaming("L6"))
    assert (tmp_path / "a.png").read_bytes() == before


def run(*arguments) -> int:
    with pytest.raises(SystemExit) as end:
        main(["relabel", *map(str, arguments)])
    return int(end.value.code or 0)


def test_the_verb(tmp_path, capsys):
    Image.fromarray(ladder()).save(tmp_path / "a.png")
    (tmp_path / "bad.png").write_text("x")
    out = ("--out", tmp_path / "out")
    assert run(tmp_path / "a.png", *out, "--lowest", "L6", "--json") == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)[0]["output"] == "a.png"
    assert "the lowest lumbar vertebra is L6" in printed.err
    assert "dropped" not in printed.err
    assert run(tmp_path / "a.png", tmp_path / "bad.png", *out, "--shift", "-1") == 1
    assert "bad.png" in capsys.readouterr().err
    assert run(tmp_path / "bad.png", *out, "--shift", "1") == 2
    assert run(tmp_path / "a.png", *out) == 2
    assert run(tmp_path / "a.png", *out, "--shift", "1", "--lowest", "L4") == 2
    assert run(tmp_path / "a.png", *out, "--shift", "2") == 2
