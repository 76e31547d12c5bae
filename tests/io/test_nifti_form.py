from __future__ import annotations

from typing import Any

import nibabel
import numpy as np
import pytest

from spinemsca.errors import FileFormatError, UnsuitableError
from spinemsca.io import nifti_form
from spinemsca.io.nifti import write_nifti
from spinemsca.io.orientation import Orientation
from spinemsca.io.read import read_label_volume, read_volume
from tests.io.volumes import HOUSE, SAGITTAL, STEPS, affine_of

FORM_FIELDS = [*nifti_form._FIELDS, "xyzt_units"]
AFFINE = affine_of(SAGITTAL, tilt=0.1)
MIRRORED = affine_of(Orientation((2, 1, 0), (False, False, True)))
AXIAL = affine_of(SAGITTAL, steps=STEPS) @ np.eye(4)[[1, 0, 2, 3]]
AXIAL[:3, :3] = np.diag([0.75, 0.5, 4.0])


def image(sform=AFFINE, qform=None, codes=(1, 1), units="mm", array=None):
    array = SAGITTAL.undo(HOUSE % 12).astype(np.int16) if array is None else array
    made = nibabel.Nifti1Image(array, sform)
    made.set_sform(sform, codes[0])
    made.set_qform(sform if qform is None else qform, codes[1])
    made.header.set_xyzt_units(units, "sec")
    return made


def saved(tmp_path, made, name="a.nii.gz"):
    nibabel.save(made, tmp_path / name)
    return tmp_path / name


def in_metres(affine, factor):
    scaled = affine.copy()
    scaled[:3] *= factor
    return scaled


@pytest.mark.parametrize(
    ("units", "per_mm"), [("meter", 1e-3), ("micron", 1e3), ("mm", 1.0), ("unknown", 1.0)]
)
def test_lengths_are_read_in_mm_whatever_their_unit(tmp_path, units, per_mm):
    path = saved(tmp_path, image(in_metres(AFFINE, per_mm), units=units))
    found = read_volume(path)
    assert found.spacing == pytest.approx(STEPS[1:], rel=1e-5)
    np.testing.assert_allclose(found.grid.affine, AFFINE, atol=1e-3)
    assert np.array_equal(found.pixels, HOUSE % 12)
    assert not found.notes


@pytest.mark.parametrize("units", ["meter", "micron", "mm", "unknown"])
@pytest.mark.parametrize("codes", [(1, 1), (4, 1), (2, 0), (0, 3)])
@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
def test_units_and_both_forms_go_back_as_they_came(tmp_path, units, codes, kind):
    made = image(AFFINE, MIRRORED if 0 not in codes else None, codes, units)
    path = saved(tmp_path, kind.from_image(made))
    volume = read_volume(path)
    write_nifti(tmp_path / "b.nii.gz", volume.restore(volume.pixels).astype("u1"), volume.grid)
    headers: list[Any] = [nibabel.load(p).header for p in (path, tmp_path / "b.nii.gz")]
    came, went = headers
    for field in FORM_FIELDS:
        np.testing.assert_allclose(went[field], came[field], rtol=1e-6, err_msg=field)
    np.testing.assert_allclose(went["pixdim"][:4], came["pixdim"][:4], rtol=1e-6)
    assert nibabel.Nifti1Image.from_filename(tmp_path / "b.nii.gz").get_data_dtype() == np.uint8
    assert np.array_equal(read_label_volume(tmp_path / "b.nii.gz").pixels, volume.pixels)


def test_a_flat_slice_without_forms_goes_back_without(tmp_path):
    flat = (HOUSE[0] % 12).astype(np.int16)
    path = saved(tmp_path, image(np.diag([0.5, 0.7, 1, 1]), codes=(0, 0), array=flat))
    volume = read_volume(path)
    write_nifti(tmp_path / "b.nii", volume.restore(volume.pixels).astype("u1"), volume.grid)
    again = read_label_volume(tmp_path / "b.nii")
    assert np.array_equal(again.pixels, volume.pixels)
    assert again.spacing == pytest.approx(volume.spacing)
    assert nibabel.Nifti1Image.from_filename(tmp_path / "b.nii").header["sform_code"] == 0


@pytest.mark.parametrize("shape", [(40000, 2), (2, 40000, 1)])
def test_sides_too_long_for_the_first_version(tmp_path, shape):
    label = np.ones(shape, np.uint8)
    volume = read_volume(saved(tmp_path, nibabel.Nifti2Image(label, np.diag([0.5, 0.5, 1, 1]))))
    write_nifti(tmp_path / "b.nii.gz", label, volume.grid)
    assert read_label_volume(tmp_path / "b.nii.gz").grid.shape == shape


def test_forms_that_disagree_are_named_and_the_sform_is_used(tmp_path):
    plain = affine_of(SAGITTAL)
    found = read_volume(saved(tmp_path, image(plain, MIRRORED)))
    # Corners change places with those four columns of 0.75 mm away.
    assert found.notes == ("qform and sform disagree by up to 3 mm; the sform was used",)
    np.testing.assert_allclose(found.grid.affine, plain, atol=1e-4)


def test_forms_that_disagree_about_axes_leave_open_how_slices_lie(tmp_path):
    for other in (MIRRORED, AXIAL):
        found = read_volume(saved(tmp_path, image(AFFINE, other)))
        assert (found.oriented, found.tilt) == (False, None)
    moved = AFFINE.copy()
    moved[:3, 3] += 30
    found = read_volume(saved(tmp_path, image(AFFINE, moved)))
    assert found.oriented
    assert found.tilt == pytest.approx(0, abs=1e-3)


def test_forms_that_agree_but_for_rounding_are_not_named(tmp_path):
    moved = AFFINE.copy()
    moved[:3, 3] += 0.4
    assert not read_volume(saved(tmp_path, image(AFFINE, moved))).notes
    moved[:3, 3] += 0.4
    assert "disagree by up to 1 mm" in read_volume(saved(tmp_path, image(AFFINE, moved))).notes[0]


def test_a_form_without_a_code_says_nothing(tmp_path):
    for codes, affine in (((1, 0), AFFINE), ((0, 1), MIRRORED)):
        found = read_volume(saved(tmp_path, image(AFFINE, MIRRORED, codes)))
        assert not found.notes
        np.testing.assert_allclose(found.grid.affine, affine, atol=1e-4)


def test_the_form_that_alone_gives_sagittal_slices_is_used_and_said(tmp_path):
    found = read_volume(saved(tmp_path, image(AXIAL, AFFINE)))
    assert np.array_equal(found.pixels, HOUSE % 12)
    (note,) = found.notes
    assert note.startswith("qform and sform disagree by up to ")
    assert note.endswith("; the qform was used, for by the sform it is axial")
    found = read_volume(saved(tmp_path, image(AFFINE, AXIAL)))
    assert found.notes[0].endswith("the sform was used")


def test_a_refusal_names_the_conflict(tmp_path):
    coronal = AXIAL.copy()
    coronal[:3, :3] = AXIAL[[0, 2, 1], :3]
    with pytest.raises(UnsuitableError, match=r"is axial; qform and sform disagree by .*sform was"):
        read_volume(saved(tmp_path, image(AXIAL, coronal)))


def test_an_impossible_form_beside_a_good_one(tmp_path):
    path = saved(tmp_path, image(AFFINE), "a.nii")
    whole = path.read_bytes()
    header = nibabel.Nifti1Header(whole[:348], check=False)
    good = header.copy()
    header["quatern_b"] = 9
    path.write_bytes(header.binaryblock + whole[348:])
    found = read_volume(path)
    assert "one of them is impossible; the sform was used" in found.notes[0]
    assert found.oriented
    for row in ([np.nan] * 4, [0, 0, 0, 0]):
        header = good.copy()
        header["srow_x"] = row
        path.write_bytes(header.binaryblock + whole[348:])
        assert "the qform was used, for by the sform it states" in read_volume(path).notes[0]
    header["quatern_b"] = 9
    path.write_bytes(header.binaryblock + whole[348:])
    with pytest.raises(FileFormatError, match="qform and sform disagree"):
        read_volume(path)
