from __future__ import annotations

import gzip

import nibabel
import numpy as np
import pytest
from PIL import Image

from spinemsca.errors import FileFormatError
from spinemsca.io.read import read_label_volume, read_volume
from tests.io.volumes import HOUSE, SAGITTAL, affine_of, dicom_slice, save_dicom, write_nifti


def fault(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    messages = set()
    for read in (read_volume, read_label_volume):
        with pytest.raises(FileFormatError) as raised:
            read(path)
        assert raised.value.where == str(path)
        assert raised.value.remedy
        messages.add(raised.value.what)
    (what,) = messages
    return what


def test_damaged_dicom_is_called_so(tmp_path):
    path = save_dicom(tmp_path / "a.dcm", dicom_slice(HOUSE[0], affine_of(SAGITTAL)))
    whole = path.read_bytes()
    assert "beginning is damaged" in fault(tmp_path, "a", b"\x11" * 9 + whole)
    assert "beginning is damaged" in fault(tmp_path, "a", b"\x11" * 30 + whole[128:])
    assert "called DICOM" in fault(tmp_path, "a.dcm", b"\x11" * 30 + whole[200:])
    assert "called DICOM" in fault(tmp_path, "a.IMA", b"\x11" * 300)
    assert fault(tmp_path, "a", whole[:150]) == "holds no image"
    assert fault(tmp_path, "a", whole[:-9]) == "is no readable DICOM file"
    assert "gzip" in fault(tmp_path, "a.dcm.gz", gzip.compress(whole)[:12])


def test_damaged_nifti_is_called_so(tmp_path):
    whole = write_nifti(tmp_path / "a.nii").read_bytes()
    spoilt = whole[:344] + b"xxxx" + whole[348:]
    assert "damaged NIfTI" in fault(tmp_path, "a", spoilt)
    assert "no readable NIfTI" in fault(tmp_path, "a.nii", spoilt)
    assert "no readable NIfTI" in fault(tmp_path, "a.nii.gz", gzip.compress(whole)[:40])


@pytest.mark.parametrize("kind", [nibabel.Nifti1Pair, nibabel.AnalyzeImage])
def test_a_header_whose_pixels_lie_beside_it(tmp_path, kind):
    image = kind(HOUSE, np.eye(4))
    nibabel.save(image, str(tmp_path / "a.img"))
    what = fault(tmp_path, "b.hdr", (tmp_path / "a.hdr").read_bytes())
    assert ("another file" in what) == (kind is nibabel.Nifti1Pair)
    assert "Analyze" in what or "another file" in what


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (bytes(5000), "zeros"),
        (b"<!DOCTYPE html><p>Log in", "web page"),
        (b'\xef\xbb\xbf  <?xml version="1.0"?>', "web page"),
        (b'{"name": 1}', "JSON"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00", "Git LFS"),
        (b"%PDF-1.7", "PDF"),
        (b"\x93NUMPY\x01\x00", "NumPy"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"GIF89a", "GIF"),
        (b"hello", "no readable PNG, JPEG or TIFF"),
        (b"\x89PNG\r\n\x1a\n damaged", "no readable PNG, JPEG or TIFF"),
        (b"\x1f\x8b\x08\x00", "gzip"),
    ],
)
@pytest.mark.parametrize("name", ["a.png", "a"])
def test_what_it_looks_like(tmp_path, name, content, said):
    assert said in fault(tmp_path, name, content)


@pytest.mark.parametrize("form", ["GIF", "BMP", "WEBP", "JPEG2000"])
def test_pictures_of_other_formats(tmp_path, form):
    Image.new("L", (20, 20), 7).save(tmp_path / "a", format=form)
    said = {"JPEG2000": "JPEG 2000", "WEBP": "WebP"}.get(form, form)
    assert said in fault(tmp_path, "b.png", (tmp_path / "a").read_bytes())
