from __future__ import annotations

import hashlib

import numpy as np
import pytest
from PIL import Image
from spinemsca.segment.inputs import Input, find_inputs

from spinemsca.errors import FileFormatError, UsageError
from spinemsca.io import pt
from tests.io.volumes import (
    HOUSE,
    SAGITTAL,
    affine_of,
    dicom_slice,
    save_dicom,
    write_nifti,
    write_series,
)

AFFINE = affine_of(SAGITTAL)


def names(*given) -> list[str]:
    return [item.name for item in find_inputs(given)]


def picture(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((4, 5), np.uint8)).save(path)
    return path


def test_same_stems_get_names_of_their_own(tmp_path):
    paths = [tmp_path / "x" / "a.png", tmp_path / "y" / "a.png", tmp_path / "y" / "a.jpg"]
    paths += [tmp_path / "y" / "a.jpg"] * 3
    picture(paths[0])
    assert names(*paths) == ["a", "y_a", "a_jpg", "a_2", "a_3", "a_4"]


def test_nothing_to_predict_is_said(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    for given in ([tmp_path], [tmp_path / "none.png"], []):
        with pytest.raises(UsageError, match="no image"):
            find_inputs(given)


def test_folders_are_searched_to_their_depths(tmp_path):
    picture(tmp_path / "b.png")
    picture(tmp_path / "a" / "c.jpeg")
    picture(tmp_path / ".cache" / "d.png")
    write_nifti(tmp_path / "a" / "v.nii.gz")
    (tmp_path / "readme.md").write_text("x")
    (tmp_path / "broken.nrrd").write_text("x")
    assert sorted(names(tmp_path)) == ["b", "broken", "c", "v"]


def test_what_was_written_by_prediction_is_left_out(tmp_path):
    picture(tmp_path / "a.png")
    picture(tmp_path / "a_label.png")
    picture(tmp_path / "x_label.png")
    write_nifti(tmp_path / "v.nii.gz")
    write_nifti(tmp_path / "v_label.nii.gz")
    for name in ("a.json", "v.json", "predictions.csv"):
        (tmp_path / name).write_text("{}")
    assert names(tmp_path) == ["a", "v", "x_label"]


def test_cases_of_a_release_go_by_their_folders_names(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        pt.write_image(tmp_path / name / "img.pt", np.zeros((4, 5), np.float32))
        pt.write_label(tmp_path / name / "label.pt", np.zeros((4, 5), np.uint8))
    assert names(tmp_path) == ["one", "two"]


def test_slices_of_one_series_are_one_input(tmp_path):
    array = SAGITTAL.undo(HOUSE)
    write_series(tmp_path / "study", array, AFFINE, series="1")
    for path in sorted((tmp_path / "study").iterdir()):
        path.rename(path.with_suffix(""))
    write_series(tmp_path / "study", array, AFFINE, series="2")
    save_dicom(tmp_path / "study" / "x.dcm", dicom_slice(HOUSE[0], AFFINE, series="3"))
    found = find_inputs([tmp_path])
    sizes = [(item.name, len(item.paths)) for item in found]
    assert sizes == [("study", 3), ("study_2", 3), ("x", 1)]
    assert found[0].path == tmp_path / "study"
    assert np.array_equal(found[0].read().pixels, HOUSE)
    assert np.array_equal(found[2].read().pixels[0], HOUSE[0])


def test_digest_is_that_of_the_bytes(tmp_path):
    one, other = tmp_path / "a", tmp_path / "b"
    one.write_bytes(b"1")
    other.write_bytes(b"2")
    assert Input("a", (one,)).digest() == hashlib.sha256(b"1").hexdigest()
    both = {Input("a", paths).digest() for paths in ((one,), (other,), (one, other), (other, one))}
    assert len(both) == 4
    with pytest.raises(FileFormatError, match="cannot be opened"):
        Input("a", (tmp_path / "none",)).digest()
