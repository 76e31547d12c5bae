from __future__ import annotations

import gzip

import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemsca.errors import (
    CaseError,
    FileFormatError,
    SpineError,
    UnsafeFileError,
    UnsuitableError,
)
from spinemsca.io import limits, nifti
from spinemsca.io.orientation import Orientation
from spinemsca.io.read import read_label_map, read_label_volume, read_scan, read_volume
from spinemsca.io.volume import Grid
from tests.io.volumes import HOUSE, SAGITTAL, STEPS, TURNS, affine_of, write_nifti


def spoilt(path, **fields):
    """Changes fields of an unpacked NIfTI-1 header."""
    data = path.read_bytes()
    header = nibabel.Nifti1Header(data[:348], check=False)
    for name, value in fields.items():
        header[name] = value
    path.write_bytes(header.binaryblock + data[348:])
    return path


@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_every_orientation_comes_back_onto_its_own_grid(tmp_path, turn):
    path = write_nifti(tmp_path / "a.nii.gz", turn)
    found = read_volume(path)
    assert np.array_equal(found.pixels, HOUSE)
    assert found.spacing == pytest.approx(STEPS[1:])
    assert not found.notes
    stored = nibabel.Nifti1Image.from_filename(path)
    assert np.array_equal(found.restore(found.pixels), np.asarray(stored.dataobj))
    np.testing.assert_allclose(found.grid.affine, stored.affine, atol=1e-5)
    assert found.name == "a"


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.dat"])
def test_both_versions_packed_or_not_whatever_their_name(tmp_path, kind, name):
    suffix = ".nii.gz" if name.endswith("gz") else ".nii"
    path = write_nifti(tmp_path / f"x{suffix}", kind=kind).rename(tmp_path / name)
    assert np.array_equal(read_volume(path).pixels, HOUSE)


@pytest.mark.parametrize("dtype", ["u1", "i2", ">i2", "u2", "i4", "f4", "f8", "i8"])
def test_every_type_of_number(tmp_path, dtype):
    array = SAGITTAL.undo(HOUSE % 200).astype(dtype)
    image = nibabel.Nifti1Image(array, affine_of(SAGITTAL), dtype=array.dtype)
    if dtype == ">i2":
        image = nibabel.Nifti1Image(image.dataobj, image.affine, image.header.as_byteswapped())
    nibabel.save(image, tmp_path / "a.nii")
    assert np.array_equal(read_volume(tmp_path / "a.nii").pixels, HOUSE % 200)


def test_slope_and_offset_are_applied(tmp_path):
    path = spoilt(write_nifti(tmp_path / "a.nii"), scl_slope=2, scl_inter=-5)
    np.testing.assert_allclose(read_volume(path).pixels, HOUSE * 2.0 - 5)


def test_read_scan_takes_the_middle_slice_or_the_one_asked_for(tmp_path):
    path = write_nifti(tmp_path / "a.nii.gz")
    scan = read_scan(path)
    assert scan.name == "a"
    assert scan.spacing == pytest.approx(STEPS[1:])
    assert np.array_equal(scan.pixels, HOUSE[1])
    assert np.array_equal(read_scan(path, 2).pixels, HOUSE[2])
    with pytest.raises(CaseError, match="3 slices"):
        read_scan(path, 3)


def test_labels_are_whole_numbers_up_to_eleven(tmp_path):
    path = write_nifti(tmp_path / "a.nii.gz", pixels=(HOUSE % 12).astype(np.uint8))
    assert np.array_equal(read_label_volume(path).pixels, HOUSE % 12)
    assert np.array_equal(read_label_map(path, 0), HOUSE[0] % 12)
    assert read_label_map(path).dtype == np.uint8
    write_nifti(path, pixels=HOUSE)
    with pytest.raises(CaseError, match="whole numbers"):
        read_label_map(path)


def test_written_labels_are_read_back_and_same_bytes(tmp_path):
    label, affine = SAGITTAL.undo(HOUSE % 12).astype(np.uint8), affine_of(SAGITTAL, tilt=0.1)
    for name in ("a.nii.gz", "b.nii.gz", "c.nii"):
        nifti.write_nifti(tmp_path / name, label, Grid(label.shape, SAGITTAL, affine))
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()
    stored = nibabel.Nifti1Image.from_filename(tmp_path / "c.nii")
    assert stored.get_data_dtype() == np.uint8
    assert np.array_equal(np.asarray(stored.dataobj), label)
    np.testing.assert_allclose(stored.affine, affine, atol=1e-4)
    assert np.array_equal(read_label_volume(tmp_path / "a.nii.gz").pixels, HOUSE % 12)


@pytest.mark.parametrize(("steps", "plane"), [((0.5, 4, 0.5), "axial"), ((0.5, 0.5, 4), "coronal")])
def test_other_planes_are_refused(tmp_path, steps, plane):
    affine = affine_of(SAGITTAL, steps=steps)
    path = write_nifti(tmp_path / "a.nii.gz", affine=affine)
    with pytest.raises(UnsuitableError, match=f"is {plane}"):
        read_volume(path)


def test_cubes_may_be_stacked_any_way(tmp_path):
    affine = affine_of(TURNS[5], steps=(0.9, 0.9, 1.0))
    path = write_nifti(tmp_path / "a.nii.gz", TURNS[5], affine=affine)
    assert np.array_equal(read_volume(path).pixels, HOUSE)


def test_a_single_slice_with_orientation_is_turned(tmp_path):
    one = HOUSE[:1]
    turn = Orientation((0, 2, 1), (True, True, False))
    path = write_nifti(tmp_path / "a.nii", turn, one)
    assert np.array_equal(read_volume(path).pixels, one)


def test_a_flat_file_without_orientation_is_taken_as_it_lies(tmp_path):
    path = tmp_path / "a.nii.gz"
    for array in (HOUSE[0], HOUSE[0][..., None]):
        nibabel.save(nibabel.Nifti1Image(array, np.diag([0.5, 0.7, 1, 1])), path)
        found = read_volume(path)
        assert np.array_equal(found.pixels[0], HOUSE[0])
        assert found.spacing == pytest.approx((0.5, 0.7))
        assert "taken as it lies" in found.notes[0]
        assert found.restore(found.pixels).shape == array.shape
    nibabel.save(nibabel.Nifti1Image(HOUSE[0], np.eye(4)), path)
    assert read_volume(path).spacing is None


def test_a_flat_file_of_itk_is_read_as_itk_meant_it(tmp_path):
    itk = pytest.importorskip("SimpleITK")
    image = itk.GetImageFromArray(HOUSE[0])
    image.SetSpacing((0.7, 0.5))
    itk.WriteImage(image, str(tmp_path / "a.nii.gz"))
    found = read_volume(tmp_path / "a.nii.gz")
    assert np.array_equal(found.pixels[0], HOUSE[0])
    assert found.spacing == pytest.approx((0.5, 0.7))


def test_a_volume_without_orientation_is_refused(tmp_path):
    path = spoilt(write_nifti(tmp_path / "a.nii"), qform_code=0, sform_code=0)
    with pytest.raises(FileFormatError, match="no orientation"):
        read_volume(path)


def test_spacing_in_units_that_there_are_not_is_not_taken_for_mm(tmp_path):
    path = spoilt(write_nifti(tmp_path / "a.nii"), xyzt_units=5)
    assert read_volume(path).spacing is None


@pytest.mark.parametrize(
    ("fields", "error", "fault"),
    [
        ({"dim": [4, 5, 7, 3, 2, 1, 1, 1]}, CaseError, "shape"),
        ({"dim": [1, 5, 7, 3, 1, 1, 1, 1]}, CaseError, "shape"),
        ({"dim": [3, 32000, 32000, 32000, 1, 1, 1, 1]}, UnsafeFileError, "MiB"),
        ({"dim": [3, -5, 7, 3, 1, 1, 1, 1]}, FileFormatError, "shape"),
        ({"dim": [3, 5, 7, 30, 1, 1, 1, 1]}, FileFormatError, "truncated"),
        ({"datatype": 128}, CaseError, "values"),
        ({"datatype": 32}, CaseError, "values"),
        ({"datatype": 999}, FileFormatError, "type of number"),
        ({"vox_offset": 1e9}, FileFormatError, "begin at"),
        ({"vox_offset": -1}, FileFormatError, "begin at"),
        ({"vox_offset": np.nan}, FileFormatError, "begin at"),
        ({"magic": b"nope"}, FileFormatError, "no readable NIfTI"),
        ({"sform_code": 1, "srow_x": [0, 0, 0, 0]}, FileFormatError, "impossible"),
        ({"sform_code": 1, "srow_x": [np.nan] * 4}, FileFormatError, "impossible"),
        ({"sform_code": 1, "srow_x": [np.inf] * 4}, FileFormatError, "impossible"),
        ({"sform_code": 0, "qform_code": 1, "quatern_b": 9}, FileFormatError, "impossible"),
    ],
)
def test_hostile_headers(tmp_path, fields, error, fault):
    path = spoilt(write_nifti(tmp_path / "a.nii"), **fields)
    with pytest.raises(error, match=fault):
        read_volume(path)


def test_trailing_sides_of_one_are_no_dimensions(tmp_path):
    path = spoilt(write_nifti(tmp_path / "a.nii"), dim=[5, 5, 7, 3, 1, 1, 1, 1])
    assert np.array_equal(read_volume(path).pixels, HOUSE)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite(tmp_path, value):
    pixels = HOUSE.astype(np.float32)
    pixels[1, 2, 3] = value
    with pytest.raises(CaseError, match="NaN or infinity"):
        read_volume(write_nifti(tmp_path / "a.nii", pixels=pixels))


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_every_truncation_is_refused(tmp_path, suffix):
    path = write_nifti(tmp_path / f"a{suffix}")
    whole = path.read_bytes()
    for length in range(0, len(whole) - 8, 23):
        path.write_bytes(whole[:length])
        with pytest.raises(FileFormatError):
            read_volume(path)


def test_a_packed_bomb_is_not_unpacked(tmp_path, monkeypatch):
    path = write_nifti(tmp_path / "a.nii")
    (tmp_path / "b.nii.gz").write_bytes(gzip.compress(path.read_bytes() + bytes(10**7)))
    assert np.array_equal(read_volume(tmp_path / "b.nii.gz").pixels, HOUSE)
    monkeypatch.setattr(limits, "MAX_BYTES", 100)
    with pytest.raises(UnsafeFileError):
        read_volume(path)


@given(st.data())
def test_damage_gives_a_spine_error_or_a_volume(tmp_path_factory, data):
    path = write_nifti(tmp_path_factory.mktemp("nii") / "a.nii")
    content = bytearray(path.read_bytes())
    for at in data.draw(st.lists(st.integers(0, 352), min_size=1, max_size=6)):
        content[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    try:
        assert read_volume(path).pixels.size > 0
    except SpineError as error:
        assert error.where == str(path)


@pytest.mark.parametrize(
    ("name", "expected"), [("a.nii.gz", "a"), ("a.b.NII.GZ", "a.b"), ("a.nii", "a"), ("a", "a")]
)
def test_stem(tmp_path, name, expected):
    assert nifti.stem(tmp_path / name) == expected
