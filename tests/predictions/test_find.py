"""Label maps are found wherever they lie, and what is left out is said."""

from __future__ import annotations

import subprocess
import sys

import nibabel
import numpy as np
import pytest
import torch

from spinemsca.case import Case, Spacing
from spinemsca.errors import ReleaseError, SpineError, UsageError
from spinemsca.io import pt
from spinemsca.io.image_file import write_label_picture
from spinemsca.predictions.find import LabelFile, find_label_maps
from spinemsca.predictions.ledger import LedgerRow, update_ledger
from spinemsca.predictions.read import read_labelled
from spinemsca.release.release import write_release
from spinemsca.release.split import Split
from tests.io.volumes import HOUSE, SAGITTAL, affine_of, mha_bytes, nrrd_bytes, write_nifti
from tests.predictions.results import save_picture
from tests.segment.examples import ladder

LABEL = ladder(40, 50)
VOLUME = (HOUSE % 12).astype(np.uint8)


def names(*given) -> list[str]:
    return [file.name for file in find_label_maps(given).found]


def only(path) -> LabelFile:
    (file,) = find_label_maps([path]).found
    return file


def test_a_folder_that_predict_wrote(tmp_path):
    save_picture(tmp_path, "a", LABEL)
    save_picture(tmp_path, "s1/T2", LABEL)
    save_picture(tmp_path, "s2/T2", LABEL)
    found = find_label_maps([tmp_path])
    assert [file.name for file in found.found] == ["a", "s1/T2", "s2/T2"]
    assert found.left_out == {}
    assert [file.record for file in found.found] == [
        tmp_path / f"{file.name}.json" for file in found.found
    ]


def test_other_vertebrae_go_with_their_label_map(tmp_path):
    long = LABEL.copy()
    long[:4] = 15
    save_picture(tmp_path, "a", long)
    file = only(tmp_path)
    assert file.other == tmp_path / "a_other.png"
    assert set(file.files) == {tmp_path / f"a{e}" for e in ("_label.png", ".json", "_other.png")}
    assert only(tmp_path / "a_label.png") == file


def test_mixed_formats_of_one_folder(tmp_path):
    affine = affine_of(SAGITTAL)
    write_label_picture(tmp_path / "png_label.png", LABEL)
    from PIL import Image

    Image.fromarray(LABEL).save(tmp_path / "tiff_label.tiff")
    pt.write_pt_label(tmp_path / "case" / "label.pt", LABEL)
    write_nifti(tmp_path / "nifti_label.nii.gz", SAGITTAL, VOLUME)
    (tmp_path / "mha_label.mha").write_bytes(mha_bytes(SAGITTAL.undo(VOLUME), affine))
    (tmp_path / "nrrd_label.nrrd").write_bytes(nrrd_bytes(SAGITTAL.undo(VOLUME), affine))
    found = find_label_maps([tmp_path])
    assert found.left_out == {}
    pixels = {file.name: read_labelled(file).volume.pixels for file in found.found}
    assert sorted(pixels) == ["case", "mha", "nifti", "nrrd", "png", "tiff"]
    for flat in ("png", "tiff", "case"):
        assert np.array_equal(pixels[flat], LABEL[None])
    for solid in ("nifti", "mha", "nrrd"):
        assert np.array_equal(pixels[solid], VOLUME)


@pytest.fixture
def release(tmp_path):
    """Two cases of 0.7 by 0.4 mm, one without."""
    image = (ladder() / 20 + 0.2).astype(np.float32)
    cases = [
        Case(n, image, ladder(), patient=n, spacing=s)
        for n, s in (("one", Spacing(0.7, 0.4)), ("two", Spacing(0.7, 0.4)), ("three", None))
    ]
    splits = (Split.TRAIN, Split.TEST, Split.TEST)
    write_release(tmp_path / "r", list(zip(splits, cases, strict=True)))
    return tmp_path / "r"


def test_a_release_states_the_spacing_of_its_cases(release):
    files = find_label_maps([release]).found
    assert sorted(file.name for file in files) == ["one", "three", "two"]
    scans = {file.name: read_labelled(file) for file in files}
    assert scans["one"].slice.spacing == scans["two"].slice.spacing == (0.7, 0.4)
    assert scans["three"].slice.spacing is None
    for scan in scans.values():
        assert np.array_equal(scan.slice.label, ladder())
        assert scan.slice.image.max() == pytest.approx(0.75)


def test_a_part_of_a_release_has_its_spacing_too(release):
    (label,) = release.rglob("two/label.pt")
    assert only(label).row is not None
    assert read_labelled(only(label)).slice.spacing == (0.7, 0.4)
    for folder in (label.parent, label.parents[1]):
        found = {f.name: read_labelled(f).slice.spacing for f in find_label_maps([folder]).found}
        assert found["two"] == (0.7, 0.4)
        assert "one" not in found


def test_a_broken_table_of_a_release_is_told(release):
    (release / "cases.csv").write_text("no,table\nx,y\n")
    with pytest.raises(ReleaseError):
        find_label_maps([release])


def test_cases_without_a_table_go_by_their_folders(tmp_path):
    for name in ("one", "two"):
        pt.write_pt_image(tmp_path / name / "img.pt", np.full((40, 50), 0.5, np.float32))
        pt.write_pt_label(tmp_path / name / "label.pt", LABEL)
    assert names(tmp_path) == ["one", "two"]
    assert names(tmp_path / "one") == ["one"]
    scan = read_labelled(only(tmp_path / "two" / "label.pt"))
    assert scan.file.name == "two"
    assert (scan.slice.image == 0.5).all()


def test_a_label_map_in_the_folder_one_is_in_has_a_name(tmp_path, monkeypatch):
    from pathlib import Path

    pt.write_pt_label(tmp_path / "case" / "label.pt", LABEL)
    monkeypatch.chdir(tmp_path / "case")
    assert names(Path("label.pt")) == names(Path()) == ["case"]


def test_one_file_with_image_and_label(tmp_path):
    pair = {"img": torch.full((40, 50), 0.5), "label": torch.from_numpy(LABEL.copy())[None]}
    torch.save(pair, tmp_path / "aug1.pt")
    file = only(tmp_path)
    assert file.name == "aug1"
    assert np.array_equal(read_labelled(file).slice.label, LABEL)


def test_all_are_taken_where_none_is_called_label(tmp_path):
    write_label_picture(tmp_path / "b.png", LABEL)
    write_label_picture(tmp_path / "s" / "c.png", LABEL)
    assert names(tmp_path) == ["b", "s/c"]


def test_what_is_left_out_is_said(tmp_path):
    save_picture(tmp_path, "a", LABEL)
    write_label_picture(tmp_path / "a.png", LABEL)
    write_label_picture(tmp_path / "other.png", LABEL)
    (tmp_path / ".hidden_label.png").write_text("")
    (tmp_path / "notes.txt").write_text("")
    update_ledger(
        tmp_path,
        [
            LedgerRow("a", "segmented"),
            LedgerRow("b", "unreadable", "is no picture. Save it again"),
            LedgerRow("c", "refused", "It is axial. Give the sagittal series instead"),
            LedgerRow("gone", "segmented"),
        ],
    )
    found = find_label_maps([tmp_path])
    assert [file.name for file in found.found] == ["a"]
    assert set(found.left_out) == {"other.png", "b", "c", "gone"}
    assert "not there any more" in found.left_out["gone"]
    assert found.left_out["b"] == "unreadable by predict: is no picture. Save it again"
    assert "axial. Give" in found.left_out["c"]


def test_rows_of_a_folder_below_are_looked_at_too(tmp_path):
    save_picture(tmp_path / "run", "a", LABEL)
    update_ledger(tmp_path / "run", [LedgerRow("a", "segmented"), LedgerRow("s/b", "unreadable")])
    found = find_label_maps([tmp_path])
    assert [file.name for file in found.found] == ["run/a"]
    assert list(found.left_out) == ["run/s/b"]


def test_what_is_given_twice_counts_once(tmp_path):
    save_picture(tmp_path, "a", LABEL)
    label = tmp_path / "a_label.png"
    assert names(label, tmp_path, label, tmp_path / ".." / tmp_path.name) == ["a"]


def test_one_name_twice_in_a_folder_is_refused(tmp_path):
    write_label_picture(tmp_path / "a_label.png", LABEL)
    write_nifti(tmp_path / "a_label.nii.gz", SAGITTAL, VOLUME)
    with pytest.raises(UsageError, match="both called 'a'"):
        find_label_maps([tmp_path])


def test_nothing_found_is_told_with_its_reason(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        find_label_maps([tmp_path / "no"])
    with pytest.raises(UsageError, match="no label map"):
        find_label_maps([tmp_path])
    update_ledger(tmp_path, [LedgerRow("b", "unreadable", "is no picture")])
    with pytest.raises(UsageError, match="b: unreadable by predict: is no picture"):
        find_label_maps([tmp_path])


@pytest.mark.parametrize(
    "content", [b"", b"no", b"\x89PNG\r\n\x1a\n", b"\x1f\x8b\x08", b"PK\x03\x04"]
)
@pytest.mark.parametrize("suffix", [".png", ".tiff", ".pt", ".nii", ".nii.gz", ".mha", ".nrrd"])
def test_what_is_none_is_one_error(tmp_path, suffix, content):
    path = tmp_path / f"a_label{suffix}"
    path.write_bytes(content)
    with pytest.raises(SpineError) as caught:
        read_labelled(only(path))
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("values", [[0, 12], [0, 255], [-1, 3], [0, 2.5], [0, np.nan]])
def test_values_beyond_the_eleven_are_refused(tmp_path, values):
    array = np.zeros((5, 7, 3), np.float32)
    array[2, 2, 2], array[1, 1, 1] = values
    nibabel.save(nibabel.Nifti1Image(array, affine_of(SAGITTAL)), tmp_path / "a_label.nii.gz")
    with pytest.raises(SpineError):
        read_labelled(only(tmp_path / "a_label.nii.gz"))


def test_a_picture_alone_loads_nothing_of_releases():
    code = (
        "import sys, spinemsca.predictions as p; p.find_label_maps; p.find_scans;"
        "rooms = ('spinemsca.release', 'spinemsca.phantom.');"
        "print([m for m in sys.modules if m.startswith(rooms)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
