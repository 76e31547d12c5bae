"""Padding, unused bits, byte orders and packed pixels."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import uid
from pydicom.pixels.decoders.base import get_decoder

from spinemsca.errors import FileFormatError, MissingDependencyError
from spinemsca.io import dicom_header, dicom_pixels
from spinemsca.io.read import read_volume
from tests.io.volumes import HOUSE, SAGITTAL, affine_of, dicom_slice, save_dicom

AFFINE = affine_of(SAGITTAL)
PIXELS = HOUSE[0].astype(np.int32) + 5
FRAME = np.zeros(PIXELS.shape, bool)
FRAME[:2] = FRAME[:, 4:] = True


def read(tmp_path, stored, *, signed=True, **changes):
    changes = {"PixelRepresentation": int(signed)} | changes
    slice_ = dicom_slice(HOUSE[0], AFFINE, **changes)
    slice_.PixelData = np.asarray(stored).astype("<i4").astype("<u2").tobytes()
    return read_volume(save_dicom(tmp_path / "a.dcm", slice_)).pixels[0]


def padded(value):
    return np.where(FRAME, value, PIXELS)


def expected(values):
    """Padded pixels are as dark as the darkest of the others."""
    return np.where(FRAME, values[~FRAME].min(), values)


@pytest.mark.parametrize(
    ("value", "signed"), [(-32768, True), (-2000, True), (0, True), (0, False), (65535, False)]
)
@pytest.mark.parametrize("rescale", [{}, {"RescaleSlope": 2, "RescaleIntercept": -7}])
def test_padding_is_as_dark_as_the_darkest_pixel(tmp_path, value, signed, rescale):
    found = read(tmp_path, padded(value), signed=signed, PixelPaddingValue=value, **rescale)
    values = PIXELS * 2.0 - 7 if rescale else PIXELS
    np.testing.assert_allclose(found, expected(values))


def test_a_negative_slope_turns_what_is_dark(tmp_path):
    found = read(tmp_path, padded(-1), PixelPaddingValue=-1, RescaleSlope=-1)
    np.testing.assert_allclose(found, expected(-PIXELS))


@pytest.mark.parametrize("value", [-32768, 32767])
def test_inverted_grey_is_inverted_without_its_padding(tmp_path, value):
    found = read(
        tmp_path,
        padded(value),
        PixelPaddingValue=value,
        PhotometricInterpretation="MONOCHROME1",
    )
    assert np.array_equal(found, expected(PIXELS[~FRAME].max() - PIXELS))


@pytest.mark.parametrize(("value", "limit"), [(-2000, -1500), (-1500, -2000)])
def test_a_range_of_padding(tmp_path, value, limit):
    stored = padded(-1700)
    stored[0, :2] = -2000, -1500
    found = read(tmp_path, stored, PixelPaddingValue=value, PixelPaddingRangeLimit=limit)
    assert np.array_equal(found, expected(PIXELS))
    stored[0, 0] = -2001
    found = read(tmp_path, stored, PixelPaddingValue=value, PixelPaddingRangeLimit=limit)
    assert found[0, 0] == -2001


def test_padding_whose_sign_a_writer_got_wrong(tmp_path):
    slice_ = dicom_slice(HOUSE[0], AFFINE)
    slice_.PixelData = padded(-2000).astype("<i2").tobytes()
    slice_.add_new("PixelPaddingValue", "US", 65536 - 2000)
    found = read_volume(save_dicom(tmp_path / "a.dcm", slice_)).pixels[0]
    assert np.array_equal(found, expected(PIXELS))


def test_padding_beyond_the_bits_stored(tmp_path):
    """As some scanners pad: 16 bits where 12 are measured, whose lower bits look like a value."""
    stored = padded(0xF830)
    stored[5, 1] = 0x0830
    bits = {"BitsStored": 12, "HighBit": 11}
    found = read(tmp_path, stored, signed=False, **bits, PixelPaddingValue=0xF830)
    values = PIXELS.copy()
    values[5, 1] = 0x0830
    assert np.array_equal(found, expected(values))


def test_unused_bits_are_left_out(tmp_path):
    bits = {"BitsStored": 12, "HighBit": 11}
    assert np.array_equal(read(tmp_path, PIXELS | 0x7000, signed=False, **bits), PIXELS)
    negative = -PIXELS
    assert np.array_equal(read(tmp_path, negative & 0x0FFF, **bits), negative)


def test_padding_that_is_nowhere_or_everywhere_changes_nothing(tmp_path):
    assert np.array_equal(read(tmp_path, PIXELS, PixelPaddingValue=-9), PIXELS)
    everything = {"PixelPaddingValue": -32768, "PixelPaddingRangeLimit": 32767}
    assert np.array_equal(read(tmp_path, PIXELS, **everything), PIXELS)
    assert np.array_equal(read(tmp_path, PIXELS, PixelPaddingRangeLimit=9000), PIXELS)


def real(name):
    """A slice among pydicom's own test files, and what its pixels should be."""
    folder = Path(pydicom.__file__).parent / "data" / "test_files"
    return dicom_header.read_packed(folder / name), folder / name


TRUTH = "MR_small.dcm"


@pytest.mark.parametrize(
    "name",
    [
        "MR_small_RLE.dcm",
        "MR_small_implicit.dcm",
        "MR_small_bigendian.dcm",
        "MR_small_expb.dcm",
        "MR_small_padded.dcm",
        "MR_small_jp2klossless.dcm",
        "MR_small_jpeg_ls_lossless.dcm",
    ],
)
def test_the_same_slice_in_every_transfer_syntax(name):
    (header, data), path = real(name)
    decoder = uid.UID(header.syntax)
    if not get_decoder(decoder).is_available:
        with pytest.raises(MissingDependencyError, match=r"JPEG.*spine-msca\[dicom\]"):
            dicom_pixels.unpacked(header, data, path)
        pytest.skip("needs spine-msca[dicom]")
    found = dicom_pixels.unpacked(header, data, path)
    (truth_header, truth), _ = real(TRUTH)
    assert found.dtype.isnative
    assert np.array_equal(found, dicom_pixels.unpacked(truth_header, truth, path))


NAMES = {
    uid.JPEGBaseline8Bit: "JPEG",
    uid.JPEGLossless: "JPEG Lossless",
    uid.JPEGLosslessSV1: "JPEG Lossless",
    uid.JPEGLSLossless: "JPEG-LS",
    uid.JPEGLSNearLossless: "JPEG-LS",
    uid.JPEG2000Lossless: "JPEG 2000",
    uid.JPEG2000: "JPEG 2000",
    uid.HTJ2K: "High-Throughput JPEG 2000",
}


@pytest.mark.parametrize("syntax", NAMES, ids=lambda s: s.keyword)
def test_what_is_missing_is_named_with_what_installs_it(monkeypatch, syntax):
    (header, data), path = real(TRUTH)
    header = dataclasses.replace(header, syntax=str(syntax))

    def decoder(_):
        return type("Decoder", (), {"is_available": False, "available_plugins": ()})

    monkeypatch.setattr("pydicom.pixels.decoders.base.get_decoder", decoder)
    with pytest.raises(MissingDependencyError) as raised:
        dicom_pixels.unpacked(header, data, path)
    assert raised.value.what.startswith(f"its pixels are packed as {NAMES[syntax]}, which needs")
    assert raised.value.remedy == "Run: pip install spine-msca[dicom]"


def test_twelve_bits_of_jpeg_need_what_no_extra_brings():
    (header, data), path = real("JPGExtended.dcm")
    if "pylibjpeg" in get_decoder(uid.JPEGExtended12Bit).available_plugins:
        pytest.skip("pylibjpeg-libjpeg is installed")
    with pytest.raises(MissingDependencyError, match=r"12-bit JPEG.*pip install pylibjpeg"):
        dicom_pixels.unpacked(header, data, path)


@pytest.mark.parametrize(
    "syntax", ["", uid.MPEG2MPML, "1.2.840.113619.5.2", "1.2.840.10008.1.2.4.94"]
)
def test_packings_that_nothing_unpacks(syntax):
    (header, data), path = real(TRUTH)
    with pytest.raises(FileFormatError, match=r"not read here.*Save it unpacked"):
        dicom_pixels.unpacked(dataclasses.replace(header, syntax=str(syntax)), data, path)


def test_packed_pixels_that_are_damaged():
    (header, data), path = real("MR_small_RLE.dcm")
    for spoilt in (b"", data[:30], data[:400], data[:-200] + b"\0" * 8, b"\xff" * len(data)):
        with pytest.raises(FileFormatError, match="packed as RLE, are damaged"):
            dicom_pixels.unpacked(header, spoilt, path)
