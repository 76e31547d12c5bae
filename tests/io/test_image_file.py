from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from spinemsca.errors import CaseError, FileFormatError, UnsafeFileError
from spinemsca.io import image_file, pt
from spinemsca.io.read import read_label_map, read_scan
from tests import strategies as own

GREY = np.arange(256, dtype=np.uint8).reshape(16, 16)


@given(st.data())
def test_label_picture_comes_back_exactly(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("png") / "a_label.png"
    label = data.draw(own.label_maps(data.draw(own.shapes)))
    image_file.write_label_picture(path, label)
    assert np.array_equal(read_label_map(path), label)
    with Image.open(path) as picture:
        assert picture.mode == "L"


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_grey_of_8_and_16_bits(tmp_path, suffix, dtype):
    pixels = GREY.astype(dtype) * (np.iinfo(dtype).max // 255)
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(pixels).save(path)
    scan = read_scan(path)
    assert np.array_equal(scan.pixels, pixels)
    assert (scan.name, scan.spacing) == ("a", None)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P", "1"])
def test_grey_in_other_clothes(tmp_path, mode):
    pixels = np.where(GREY > 100, 255, 0).astype(np.uint8) if mode == "1" else GREY
    Image.fromarray(pixels).convert(mode).save(tmp_path / "a.png")
    assert np.array_equal(read_scan(tmp_path / "a.png").pixels, pixels)


def test_jpeg_that_is_nearly_grey(tmp_path):
    Image.fromarray(GREY).convert("RGB").save(tmp_path / "a.jpg", quality=95)
    error = read_scan(tmp_path / "a.jpg").pixels.astype(int) - GREY
    assert np.abs(error).max() < 8


def test_colour_is_refused(tmp_path):
    Image.new("RGB", (4, 4), (200, 10, 10)).save(tmp_path / "a.png")
    with pytest.raises(CaseError, match="coloured"):
        read_scan(tmp_path / "a.png")


def test_palette_indices_are_labels(tmp_path):
    label = np.arange(12, dtype=np.uint8).reshape(3, 4)
    picture = Image.fromarray(label).convert("P")
    picture.putdata(label.ravel().tolist())
    picture.putpalette([255 - k for k in range(36)])
    picture.save(tmp_path / "a.png")
    assert np.array_equal(read_label_map(tmp_path / "a.png"), label)


def test_label_pictures_that_are_none(tmp_path):
    Image.fromarray(GREY).save(tmp_path / "a.png")
    with pytest.raises(CaseError, match="spans 0 to 255"):
        read_label_map(tmp_path / "a.png")
    Image.fromarray(GREY).save(tmp_path / "a.jpg")
    with pytest.raises(FileFormatError, match="alters values"):
        read_label_map(tmp_path / "a.jpg")
    Image.fromarray(np.full((4, 4), 1.5, np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(CaseError, match="whole numbers"):
        read_label_map(tmp_path / "a.tif")


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize(
    ("dpi", "spacing"),
    [
        (25.4 / 0.6, 0.6),  # a scanner's
        (72, None),  # a screen's
        (300, None),  # a printer's
        (25.4 / 5, None),  # no pixel is 5 mm
        (25.4 / 0.2, None),  # a field of view of 64 mm
    ],
)
def test_spacing_only_where_it_can_be_a_scanners(tmp_path, suffix, dpi, spacing):
    path = tmp_path / f"a.{suffix}"
    Image.new("L", (320, 320), 3).save(path, dpi=(dpi, dpi))
    found = read_scan(path).spacing
    if spacing is None:
        assert found is None
    else:
        assert found == pytest.approx((spacing, spacing), rel=1e-3)


def test_picture_is_turned_as_exif_says(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(GREY[:4]).save(tmp_path / "a.png", exif=exif)
    assert read_scan(tmp_path / "a.png").pixels.shape == (16, 4)


def test_damaged_and_foreign_files(tmp_path):
    Image.fromarray(GREY).save(tmp_path / "a.png")
    whole = (tmp_path / "a.png").read_bytes()
    for content, fault in (
        (b"", "is empty"),
        (b"hello", "no readable PNG"),
        (whole[: len(whole) // 2], "no readable PNG"),
    ):
        (tmp_path / "a.png").write_bytes(content)
        with pytest.raises(FileFormatError, match=fault):
            read_scan(tmp_path / "a.png")
    with pytest.raises(FileFormatError, match="No such file"):
        read_scan(tmp_path / "none.png")
    with pytest.raises(FileFormatError, match="no such file"):
        image_file.read_picture(tmp_path / "none.png")


def test_too_many_pixels_and_pictures(tmp_path, monkeypatch):
    Image.fromarray(GREY).save(
        tmp_path / "a.tif", save_all=True, append_images=[Image.fromarray(GREY)]
    )
    with pytest.raises(FileFormatError, match="2 pictures"):
        read_scan(tmp_path / "a.tif")
    monkeypatch.setattr(image_file, "_MAX_PIXELS", 100)
    Image.fromarray(GREY).save(tmp_path / "a.png")
    with pytest.raises(UnsafeFileError, match="pixels"):
        read_scan(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(UnsafeFileError, match="pixels"):
        read_scan(tmp_path / "a.png")


def test_files_are_read_by_what_they_hold(tmp_path):
    pt.write_pt_image(tmp_path / "a.png", np.full((4, 5), 0.5, np.float32))
    pt.write_pt_label(tmp_path / "b.dat", np.full((4, 5), 3, np.uint8))
    assert read_scan(tmp_path / "a.png").pixels[0, 0] == 0.5
    assert read_label_map(tmp_path / "b.dat")[0, 0] == 3


def test_image_picture_has_8_bits(tmp_path):
    image_file.write_picture(tmp_path / "a.png", np.array([[0, 0.5, 1]], np.float32))
    assert read_scan(tmp_path / "a.png").pixels.tolist() == [[0, 128, 255]]
