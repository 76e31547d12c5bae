from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageDraw
from scipy import ndimage

from spinemsca.io.frame import inside_frame

DATA = Path(__file__).parents[3] / "shared" / "data" / "spider" / "mid"
SHAPE = (160, 110)


def body(shape=SHAPE, air=0):
    """Tissue with black air at the left and right, as a sagittal slice has it, 8 bits."""
    columns = shape[1]
    random = np.random.default_rng(2)
    tissue = ndimage.gaussian_filter(random.normal(size=shape), 2)
    grey = 110 + 400 * tissue + random.normal(0, 6, shape)
    picture = np.clip(grey, 12, 255)
    picture[:, :air] = picture[:, columns - air :] = 0
    picture[picture > 0] += 0.4
    return picture.astype(np.uint8)


def framed(picture, top, bottom, left, right, value):
    padded = np.pad(picture, ((top, bottom), (left, right)), constant_values=value)
    rows, columns = picture.shape
    return padded, (slice(top, top + rows), slice(left, left + columns))


def whole(picture):
    return tuple(slice(0, n) for n in picture.shape)


@pytest.mark.parametrize("value", [255, 200, 128, 60])
@pytest.mark.parametrize(
    "widths", [(1, 1, 1, 1), (5, 9, 3, 4), (200, 200, 150, 150), (8, 0, 0, 0), (0, 0, 30, 9)]
)
def test_a_border_that_is_not_black_is_found_to_the_pixel(value, widths):
    top, bottom, left, right = widths
    picture, box = framed(body(), top, bottom, left, right, value)
    assert inside_frame(picture) == box


@pytest.mark.parametrize("dtype", [np.int16, np.uint16, np.float32, np.float64, np.int32])
@pytest.mark.parametrize("scale", [1, 1e-3, 40])
def test_of_any_type_and_range(dtype, scale):
    if np.dtype(dtype).kind != "f":
        scale = max(scale, 1)
    picture, box = framed((body() * scale).astype(dtype), 7, 5, 3, 9, dtype(255 * scale))
    assert inside_frame(picture) == box


@pytest.mark.parametrize("value", [-32768, -2000, 32767])
def test_a_border_far_beyond_the_images_range(value):
    picture, box = framed(body().astype(np.int16), 7, 5, 3, 9, value)
    assert inside_frame(picture) == box


@pytest.mark.parametrize("quality", [75, 90])
@pytest.mark.parametrize("value", [255, 128])
def test_a_border_that_jpeg_has_made_uneven(quality, value):
    picture, box = framed(body((320, 200)), 21, 33, 45, 18, value)
    data = io.BytesIO()
    Image.fromarray(picture).save(data, "JPEG", quality=quality)
    found = inside_frame(np.asarray(Image.open(data)))
    for there, expected in zip(found, box, strict=True):
        assert abs(there.start - expected.start) <= 8
        assert abs(there.stop - expected.stop) <= 8
    left = np.asarray(Image.open(data))[found]
    edges = [np.median(edge) for edge in (left[0], left[-1], left[:, 0], left[:, -1])]
    assert np.abs(np.array(edges) - value).min() > 8 or value == 128


def test_borders_within_borders():
    picture, box = framed(body(), 2, 2, 2, 2, 255)
    for value in (0, 255):
        picture, _ = framed(picture, 3, 4, 5, 6, value)
    found = inside_frame(picture)
    assert found == (slice(8, 8 + SHAPE[0]), slice(12, 12 + SHAPE[1]))
    assert np.array_equal(picture[found], body())
    assert box


def test_bars_of_different_greys():
    picture, _ = framed(body(), 10, 0, 0, 0, 255)
    picture, _ = framed(picture, 0, 0, 12, 6, 128)
    assert inside_frame(picture) == (slice(10, 10 + SHAPE[0]), slice(12, 12 + SHAPE[1]))


def test_a_caption_in_the_bar():
    picture, box = framed(body((160, 200)), 40, 6, 8, 8, 255)
    drawn = Image.fromarray(picture)
    ImageDraw.Draw(drawn).text((90, 12), "T2", fill=0)
    assert inside_frame(np.asarray(drawn)) == box


@pytest.mark.parametrize("air", [0, 10, 24])
def test_black_air_is_no_frame(air):
    assert inside_frame(body(air=air)) == whole(body())
    wide = body((110, 160), air=26)
    assert inside_frame(wide) == whole(wide)
    # As scanners fill up to a square, or cut unevenly.
    picture, _ = framed(body(air=air), 14, 16, 0, 0, 0)
    assert inside_frame(picture) == whole(picture)
    picture, _ = framed(body(air=air), 3, 120, 0, 0, 0)
    assert inside_frame(picture) == whole(picture)


@pytest.mark.parametrize("share", [0.22, 0.4, 0.6])
@pytest.mark.parametrize("value", [0, 3])
def test_black_bars_wider_than_air_are_a_frame(share, value):
    width = [round(n * share / (1 - share) / 2) for n in SHAPE]
    picture, box = framed(body(), width[0], width[0], width[1], width[1], value)
    assert inside_frame(picture) == box
    picture, box = framed(body(), width[0], width[0], 0, 0, value)
    assert inside_frame(picture) == box


def test_black_that_makes_a_wide_picture_of_a_tall_one():
    picture, box = framed(body(), 0, 0, 90, 90, 0)
    assert inside_frame(picture) == box
    picture, _ = framed(body(), 0, 0, 40, 40, 0)
    assert inside_frame(picture) == whole(picture)


@pytest.mark.parametrize("value", [0, 7, 255])
@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (64, 64)])
def test_a_blank_picture_is_left_whole(value, shape):
    picture = np.full(shape, value, np.uint8)
    assert inside_frame(picture) == whole(picture)
    if shape == (64, 64):
        picture[30:34, 30:34] = 99
        assert inside_frame(picture) == whole(picture)


@given(hnp.arrays(np.int16, hnp.array_shapes(min_dims=2, max_dims=2, max_side=40)))
def test_any_picture_gets_a_box_within_it(picture):
    rows, columns = inside_frame(picture)
    assert 0 <= rows.start < rows.stop <= picture.shape[0]
    assert 0 <= columns.start < columns.stop <= picture.shape[1]


@given(st.integers(0, 60), st.integers(0, 60), st.sampled_from([255, 160, 90]))
def test_what_lies_inside_has_no_frame(top, left, value):
    picture, _ = framed(body(), top, 3, left, 0, value)
    inside = picture[inside_frame(picture)]
    assert inside_frame(inside) == whole(inside)


@pytest.mark.real
@pytest.mark.skipif(not DATA.exists(), reason="needs the real images in ../shared/data")
def test_real_slices_have_no_frame():
    for path in sorted(DATA.glob("*.png"))[::9]:
        picture = np.asarray(Image.open(path))
        assert inside_frame(picture) == whole(picture), path.name
