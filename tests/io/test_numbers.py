from __future__ import annotations

import nibabel
import numpy as np
import pytest
import torch
from PIL import Image

from spinemsca.errors import CaseError, FileFormatError
from spinemsca.io.read import read_label_volume, read_numbers
from tests.io.volumes import (
    HOUSE,
    SAGITTAL,
    affine_of,
    dicom_slice,
    mha_bytes,
    nrrd_bytes,
    save_dicom,
    write_nifti,
)

# SPINEPS reaches 126, TotalSpineSeg 100, SPIDER 201 and more.
NUMBERS = (HOUSE % 219).astype(np.int16)
ARRAY, AFFINE = SAGITTAL.undo(NUMBERS), affine_of(SAGITTAL)


def same(path, expected):
    found = read_numbers(path)
    assert found.pixels.dtype.kind in "iu"
    assert np.array_equal(found.pixels, expected)
    return found


@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "i4", "i8", "f4", "f8"])
def test_nifti_of_every_type(tmp_path, dtype):
    path = write_nifti(tmp_path / "a.nii.gz", pixels=NUMBERS)
    image = nibabel.Nifti1Image(ARRAY.astype(dtype), AFFINE, dtype=np.dtype(dtype))
    nibabel.save(image, path)
    found = same(path, NUMBERS)
    assert found.grid.form is not None


@pytest.mark.parametrize("slope", [0.1, 1 / 3, 0.0039215689, 7.3])
def test_rounding_of_a_scale_factor_is_put_right(tmp_path, slope):
    stored = (ARRAY / slope).astype(np.float32)
    path = tmp_path / "a.nii"
    nibabel.save(nibabel.Nifti1Image(stored, AFFINE), path)
    data = bytearray(path.read_bytes())
    header = nibabel.Nifti1Header(bytes(data[:348]), check=False)
    header["scl_slope"] = slope
    path.write_bytes(header.binaryblock + bytes(data[348:]))
    same(path, NUMBERS)


@pytest.mark.parametrize(("write", "suffix"), [(mha_bytes, ".mha"), (nrrd_bytes, ".nrrd")])
@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_mha_and_nrrd(tmp_path, write, suffix, dtype):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(write(ARRAY.astype(dtype), AFFINE, packed=True))
    same(path, NUMBERS)


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("most", [250, 60000])
def test_pictures_of_8_and_16_bits(tmp_path, suffix, most):
    numbers = np.linspace(0, most, 35).astype(np.uint8 if most < 256 else np.uint16).reshape(7, 5)
    Image.fromarray(numbers).save(tmp_path / f"a.{suffix}")
    same(tmp_path / f"a.{suffix}", numbers[None])


def test_a_palettes_indices_are_the_numbers(tmp_path):
    numbers = np.arange(200, dtype=np.uint8).reshape(10, 20)
    picture = Image.new("P", (20, 10))
    picture.putdata(numbers.ravel().tolist())
    picture.putpalette([k for n in range(256) for k in (255 - n, n, 7)])
    picture.save(tmp_path / "a.png")
    same(tmp_path / "a.png", numbers[None])


def test_tiff_of_floats_dicom_and_pt(tmp_path):
    Image.fromarray(NUMBERS[0].astype(np.float32)).save(tmp_path / "a.tif")
    same(tmp_path / "a.tif", NUMBERS[:1])
    save_dicom(tmp_path / "a.dcm", dicom_slice(NUMBERS[0], AFFINE))
    same(tmp_path / "a.dcm", NUMBERS[:1])
    for tensor in (torch.from_numpy(NUMBERS[:1].astype(np.int32)), torch.tensor([[25.0, 7.0]])):
        torch.save(tensor, tmp_path / "a.pt")
        same(tmp_path / "a.pt", tensor.numpy().reshape(1, *tensor.shape[-2:]))


def test_values_above_eleven_may_be_another_tools(tmp_path):
    path = write_nifti(tmp_path / "a.nii.gz", pixels=NUMBERS)
    Image.fromarray(NUMBERS[0].astype(np.uint8)).save(tmp_path / "a.png")
    torch.save(torch.tensor([[25, 7]]), tmp_path / "a.pt")
    for each in (path, tmp_path / "a.png", tmp_path / "a.pt"):
        with pytest.raises(CaseError) as raised:
            read_label_volume(each)
        assert "--labels spineps|totalspineseg|spider" in raised.value.remedy
    write_nifti(path, pixels=-NUMBERS)
    with pytest.raises(CaseError, match="spans -2") as raised:
        read_label_volume(path)
    assert "--labels" not in str(raised.value)


@pytest.mark.parametrize("value", [24.5, 24.99, 3e9, 1e30])
def test_fractions_and_what_numbers_nothing(tmp_path, value):
    pixels = NUMBERS.astype(np.float64)
    pixels[0, 0, 0] = value
    path = write_nifti(tmp_path / "a.nii", pixels=pixels)
    with pytest.raises(CaseError, match="fractions"):
        read_numbers(path)


def test_what_is_not_finite_or_no_label_map(tmp_path):
    Image.fromarray(np.array([[1, np.nan]], np.float32)).save(tmp_path / "a.tif")
    torch.save(torch.tensor([[1, torch.inf]]), tmp_path / "a.pt")
    for name in ("a.tif", "a.pt"):
        with pytest.raises(CaseError, match="NaN or infinity"):
            read_numbers(tmp_path / name)
    Image.new("RGB", (4, 4), (200, 10, 10)).save(tmp_path / "a.png")
    with pytest.raises(CaseError, match="coloured"):
        read_numbers(tmp_path / "a.png")
    Image.new("L", (4, 4)).save(tmp_path / "a.jpg")
    with pytest.raises(FileFormatError, match="alters values"):
        read_numbers(tmp_path / "a.jpg")
