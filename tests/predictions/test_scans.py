from __future__ import annotations

import hashlib
import re

import numpy as np
import pytest
from PIL import Image

from spinemsca.errors import FileFormatError, UsageError
from spinemsca.io import pt
from spinemsca.predictions.scans import ScanInput, find_scans
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
    return [item.name for item in find_scans(given)]


def picture(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((4, 5), np.uint8)).save(path)
    return path


def test_same_stems_get_names_of_their_own(tmp_path):
    paths = [tmp_path / "x" / "a.png", tmp_path / "y" / "a.png", tmp_path / "y" / "a.jpg"]
    paths += [tmp_path / "z" / "y" / "a.jpg"]
    picture(paths[0])
    found = names(*paths)
    assert found[:3] == ["a", "y_a", "a_jpg"]
    assert re.fullmatch("a-[0-9a-f]{6}", found[3])


def test_what_is_given_twice_counts_once(tmp_path):
    path = picture(tmp_path / "y" / "a.png")
    found = find_scans([path, tmp_path / "y", path, tmp_path / "y" / ".." / "y" / "a.png"])
    assert [(item.name, item.path) for item in found] == [("a", path)]


def test_nothing_to_predict_is_said(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    for given in ([tmp_path], [tmp_path / "none.png"], []):
        with pytest.raises(UsageError, match="no image"):
            find_scans(given)


def test_folders_are_searched_to_their_depths(tmp_path):
    picture(tmp_path / "b.png")
    picture(tmp_path / "a" / "c.jpeg")
    picture(tmp_path / ".cache" / "d.png")
    write_nifti(tmp_path / "a" / "v.nii.gz")
    (tmp_path / "readme.md").write_text("x")
    (tmp_path / "broken.nrrd").write_text("x")
    assert sorted(names(tmp_path)) == ["a/c", "a/v", "b", "broken"]


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
    found = find_scans([tmp_path])
    sizes = [(item.name, len(item.paths)) for item in found]
    assert [size for _, size in sizes] == [3, 3, 1]
    assert [name for name, _ in sizes[::2]] == ["study", "study/x"]
    assert sizes[1][0] not in ("study", "study/x")
    assert [item.name for item in find_scans([tmp_path])] == [name for name, _ in sizes]
    assert found[0].path == tmp_path / "study"
    assert np.array_equal(found[0].read().pixels, HOUSE)
    assert np.array_equal(found[2].read().pixels[0], HOUSE[0])


def test_digest_is_that_of_the_bytes(tmp_path):
    one, other = tmp_path / "a", tmp_path / "b"
    one.write_bytes(b"1")
    other.write_bytes(b"2")
    assert ScanInput("a", (one,)).digest() == hashlib.sha256(b"1").hexdigest()
    both = {
        ScanInput("a", paths).digest() for paths in ((one,), (other,), (one, other), (other, one))
    }
    assert len(both) == 4
    with pytest.raises(FileFormatError, match="cannot be opened"):
        ScanInput("a", (tmp_path / "none",)).digest()
