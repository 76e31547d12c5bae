"""Writing a result: whole or not at all, the record last, other vertebrae beside."""

from __future__ import annotations

from typing import Any

import nibabel
import numpy as np
import pytest
from PIL import Image

from spinemsca.errors import SpineError
from spinemsca.io import pt
from spinemsca.io.orientation import HOUSE as LYING
from spinemsca.io.volume import Grid
from spinemsca.predictions import write
from spinemsca.predictions.find import find_label_maps
from spinemsca.predictions.read import read_labelled
from spinemsca.predictions.record import read_record
from spinemsca.predictions.scans import claim_of
from spinemsca.predictions.write import (
    discard,
    finished,
    other_name,
    sweep,
    write_label_map,
    write_result,
)
from spinemsca.segment.labelling.relabel import Renaming, relabel_file
from tests.io.volumes import SAGITTAL, affine_of
from tests.predictions.results import record
from tests.segment.examples import ladder

LABEL = ladder(92, 50)
GRID = Grid(LABEL.shape, LYING)
LONG = LABEL.copy()
LONG[:4, :9], LONG[-3:, :5] = 15, 18


def save(out, labels=LABEL, name="a", **changes):
    said = record(shape=LABEL.shape, **changes)
    return write_result(out, name, said, GRID, labels[None], Image.fromarray(labels * 20))


def files(out) -> dict[str, bytes]:
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in out.rglob("*") if p.is_file()}


def test_a_result_is_its_files_and_the_record_names_them(tmp_path):
    said = save(tmp_path)
    assert sorted(files(tmp_path)) == ["a.json", "a_label.png", "a_overlay.png"]
    assert said.files == ("a_label.png", "a_overlay.png")
    assert read_record(tmp_path / "a.json") == said
    assert said.software.startswith("spine-msca ")
    assert np.array_equal(np.asarray(Image.open(tmp_path / "a_label.png")), LABEL)


def test_other_vertebrae_have_a_file_of_their_own_while_there_are_any(tmp_path):
    said = save(tmp_path, LONG)
    assert said.files == ("a_label.png", "a_other.png", "a_overlay.png")
    eleven = np.asarray(Image.open(tmp_path / "a_label.png"))
    other = np.asarray(Image.open(tmp_path / "a_other.png"))
    assert np.array_equal(eleven, np.where(LONG > 11, 0, LONG))
    assert np.array_equal(other, np.where(LONG > 11, LONG, 0))
    save(tmp_path)
    assert sorted(files(tmp_path)) == ["a.json", "a_label.png", "a_overlay.png"]


@pytest.mark.parametrize(
    ("label", "other"),
    [
        ("a_label.png", "a_other.png"),
        ("a_label.nii.gz", "a_other.nii.gz"),
        ("a.nii", "a_other.nii"),
        ("label.pt", "label_other.png"),
        ("a.b_label.png", "a.b_other.png"),
    ],
)
def test_names_of_the_files_of_other_vertebrae(tmp_path, label, other):
    assert other_name(tmp_path / label) == other


@pytest.mark.parametrize("name", ["a_label.png", "a_label.nii.gz", "a_label.nii", "label.pt"])
def test_a_label_map_is_read_as_it_was_written(tmp_path, name):
    path = tmp_path / "case" / name
    path.parent.mkdir()
    volume = Grid(SAGITTAL.undo(LONG[None]).shape, SAGITTAL, affine_of(SAGITTAL, (1, *LONG.shape)))
    grid = volume if ".nii" in name else GRID
    written = write_label_map(path, LONG[None], grid)
    assert written == [name, other_name(path)]
    if name == "label.pt":
        assert np.array_equal(pt.read_pt_label(path), np.where(LONG > 11, 0, LONG))
        return
    (file,) = find_label_maps([path]).found
    assert np.array_equal(read_labelled(file).slice.label, LONG)


def test_a_refusal_unread_has_a_record_alone_and_removes_what_was_there(tmp_path):
    save(tmp_path, LONG)
    nothing: dict[str, Any] = {"structures": (), "confidence": {}, "pixels": {}, "shape": ()}
    said = record(
        refused="It is axial", orientation=None, spacing_mm=None, slices=0, slices_segmented=0,
        slice_shown=None, **nothing,
    )  # fmt: skip
    assert write_result(tmp_path, "a", said).files == ()
    assert sorted(files(tmp_path)) == ["a.json"]


STOPS = ["write_label_picture", "write_record", "_with", "other_name"]


@pytest.mark.parametrize("stop", STOPS)
@pytest.mark.parametrize("again", [False, True])
def test_stopped_anywhere_no_record_stands_beside_another_label_map(
    tmp_path, monkeypatch, stop, again
):
    if again:
        save(tmp_path, LABEL[::-1].copy(), lowest="L5")

    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(write, stop, stopped)
    with pytest.raises(KeyboardInterrupt):
        save(tmp_path, LONG, lowest="L6")
    monkeypatch.undo()
    assert not (tmp_path / "a.json").exists()
    assert claim_of(tmp_path, "a").read_text() == record().source
    assert not [name for name in files(tmp_path) if name.endswith(".tmp")]
    save(tmp_path, LONG, lowest="L6")
    fresh = tmp_path / "fresh"
    save(fresh, LONG, lowest="L6")
    assert {n: c for n, c in files(tmp_path).items() if "/" not in n} == files(fresh)


def test_what_is_finished(tmp_path):
    said = save(tmp_path, LONG)
    key = {"source": said.source, "sha256": said.sha256, "lowest": "L5", "model": said.model}
    assert finished(tmp_path, "a", key) == said
    assert finished(tmp_path, "b", key) is None
    for change in ({"sha256": "1"}, {"lowest": "L6"}, {"source": "other"}):
        assert finished(tmp_path, "a", key | change) is None
    (tmp_path / "a_other.png").unlink()
    assert finished(tmp_path, "a", key) is None
    save(tmp_path, LONG, relabelled="L5 is L6")
    assert finished(tmp_path, "a", key) is None


def test_only_the_inputs_own_files_are_discarded(tmp_path):
    said = save(tmp_path, LONG)
    save(tmp_path, name="b")
    before = files(tmp_path)
    discard(tmp_path, "a", "another source")
    discard(tmp_path, "none", said.source)
    assert files(tmp_path) == before
    (tmp_path / "c.json").write_text("by hand")
    discard(tmp_path, "c", said.source)
    assert (tmp_path / "c.json").exists()
    discard(tmp_path, "a", said.source)
    assert sorted(files(tmp_path)) == ["b.json", "b_label.png", "b_overlay.png", "c.json"]


def test_only_what_a_killed_run_left_is_swept(tmp_path):
    halves = [
        ".a.json.ab12cd_x.tmp",
        ".a_label.nii.gz.abcdefgh.tmp",
        "s/.predictions.csv.12345678.tmp",
    ]
    stays = [".mine.tmp", ".a.json.x.tmp", "a.json.ab12cd_x.tmp", ".a.txt.ab12cd_x.tmp", "a.png"]
    for name in (*halves, *stays):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    sweep(tmp_path)
    assert sorted(files(tmp_path)) == sorted(stays)


# --- relabelling writes through the same door


SIX = Renaming("L6")


def relabel(path, out, how=SIX):
    (file,) = find_label_maps([path]).found
    return relabel_file(file, out, how)


def read(path):
    (file,) = find_label_maps([path]).found
    return read_labelled(file)


@pytest.mark.parametrize("codes", ["IP", "SA"])
def test_a_record_goes_along_and_the_file_lies_as_before(tmp_path, codes):
    plane = LABEL if codes == "IP" else LABEL[::-1, ::-1].copy()
    said = save(tmp_path / "in", plane, orientation=codes, ambiguous=True)
    relabel(tmp_path / "in", tmp_path / "out")
    new = read_record(tmp_path / "out" / "a.json")
    assert (new.orientation, new.spacing_mm, new.shape) == (codes, said.spacing_mm, said.shape)
    assert new.structures == (
        "L2", "D2", "L3", "D3", "L4", "D4", "L5", "L5/L6", "L6", "L6/S1", "S1",
    )  # fmt: skip
    assert new.files == ("a_label.png", "a_other.png")
    assert not new.ambiguous
    before, after = read(tmp_path / "in").slice.label, read(tmp_path / "out").slice.label
    assert np.array_equal(before, LABEL)
    assert np.array_equal(after == 15, LABEL == 5)
    assert np.array_equal(after > 0, LABEL > 0)
    assert any("relabelled" in note for note in read(tmp_path / "out").notes)


def test_there_and_back_is_where_it_was(tmp_path):
    save(tmp_path / "in")
    relabel(tmp_path / "in", tmp_path / "1", Renaming(shift=1))
    relabel(tmp_path / "1", tmp_path / "2", Renaming(shift=-1))
    assert np.array_equal(read(tmp_path / "2").slice.label, LABEL)
    assert sorted(files(tmp_path / "2")) == ["a.json", "a_label.png", "a_label.relabel.json"]


def test_relabelling_anew_leaves_no_other_vertebrae_of_before(tmp_path):
    few = np.where(np.isin(LABEL, (3, 6, 8)), LABEL, 0).astype(np.uint8)
    save(tmp_path / "in", few)
    save(tmp_path / "in2", LABEL)
    out = tmp_path / "out"
    relabel(tmp_path / "in2", out)
    assert (out / "a_other.png").exists()
    with pytest.raises(SpineError, match="written over"):
        relabel(tmp_path / "in", out)
    save(tmp_path / "in2", few)
    relabel(tmp_path / "in2", out)
    assert not (out / "a_other.png").exists()
    assert np.array_equal(read(out).slice.label > 0, few > 0)


def test_cases_of_folders_stay_apart(tmp_path):
    for name in ("one", "two"):
        pt.write_pt_label(tmp_path / "in" / name / "label.pt", LABEL)
    for file in find_label_maps([tmp_path / "in"]).found:
        relabel_file(file, tmp_path / "out", Renaming("L6"))
    found = find_label_maps([tmp_path / "out"])
    assert [file.name for file in found.found] == ["one", "two"]
    for file in found.found:
        assert np.array_equal(pt.read_pt_label(file.path) == 5, LABEL == 4)


def test_a_volume_keeps_its_grid(tmp_path):
    affine = affine_of(SAGITTAL, (1, *LABEL.shape))
    nibabel.save(nibabel.Nifti1Image(SAGITTAL.undo(LABEL[None]), affine), tmp_path / "v.nii.gz")
    relabel(tmp_path / "v.nii.gz", tmp_path / "out")
    for name in ("v.nii.gz", "v_other.nii.gz"):
        np.testing.assert_allclose(
            nibabel.Nifti1Image.from_filename(tmp_path / "out" / name).affine, affine, atol=1e-5
        )
    (file,) = find_label_maps([tmp_path / "out"]).found
    assert np.array_equal(read_labelled(file).slice.label > 0, LABEL > 0)
