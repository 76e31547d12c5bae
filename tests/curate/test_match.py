"""Image and label map: the same slice of the same grid, or an error."""

from __future__ import annotations

from itertools import permutations, product
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image

from spinemsca.curate.match import match
from spinemsca.curate.read_case import read_case
from spinemsca.errors import CaseError
from spinemsca.io.read import read_label_volume, read_volume
from tests.io.volumes import dicom_slice, save_dicom

RNG = np.random.default_rng(3)
# Slices from right to left, rows down, columns back.
PIXELS = RNG.integers(1, 900, (5, 9, 7)).astype(np.int16)
LABELS = np.zeros(PIXELS.shape, np.uint8)
LABELS[3, 1:3, 2:5], LABELS[3, 5:7, 1:4], LABELS[2, 1:3, 2:5] = 1, 2, 1
STEPS = np.array([4.0, 0.5, 0.75])
# From (slice, row, column) to RAS: slices run to the left, rows to the feet, columns backwards.
HOUSE = np.array([[-1.0, 0, 0], [0, 0, -1], [0, -1, 0]]) * STEPS
ORIGIN = np.array([12.0, 90, 200])
TURNS = list(product(permutations(range(3)), product((1, -1), repeat=3)))


def write(path: Path, house: np.ndarray, turn, *, origin=ORIGIN, affine=None) -> Path:
    """A NIfTI file of an array in house order, with its axes permuted and flipped."""
    order, signs = turn
    turned = house.transpose(order)[tuple(slice(None, None, sign) for sign in signs)]
    matrix = np.eye(4)
    matrix[:3, 3] = origin
    for axis, (source, sign) in enumerate(zip(order, signs, strict=True)):
        matrix[:3, axis] = sign * HOUSE[:, source]
        if sign < 0:
            matrix[:3, 3] += HOUSE[:, source] * (house.shape[source] - 1)
    stored = np.ascontiguousarray(turned)
    nibabel.save(nibabel.Nifti1Image(stored, matrix if affine is None else affine), path)
    return path


@pytest.mark.parametrize("turn", TURNS[::5], ids=str)
def test_headers_bring_image_and_label_together_however_each_lies(tmp_path, turn) -> None:
    image = read_volume(write(tmp_path / "i.nii.gz", PIXELS, turn))
    for other in TURNS[::7]:
        label = read_label_volume(write(tmp_path / "l.nii.gz", LABELS, other))
        found = match(image, label, tmp_path)
        assert (found.index, found.count) == (3, 5)
        assert np.array_equal(found.pixels, PIXELS[3])
        assert np.array_equal(found.label, LABELS[3])
        assert found.spacing == pytest.approx((0.5, 0.75))


def test_among_slices_that_show_as_much_the_middle_one_is_taken(tmp_path) -> None:
    image = read_volume(write(tmp_path / "i.nii.gz", PIXELS, TURNS[0]))
    everywhere = read_label_volume(write(tmp_path / "l.nii.gz", LABELS[[3] * 5], TURNS[0]))
    assert match(image, everywhere, tmp_path).index == 2


@pytest.mark.parametrize("slices", [slice(0, 3), slice(2, 3)])
def test_another_number_of_slices_is_refused(tmp_path, slices) -> None:
    image = read_volume(write(tmp_path / "i.nii.gz", PIXELS, TURNS[0]))
    label = read_label_volume(write(tmp_path / "l.nii.gz", LABELS[slices], TURNS[0]))
    with pytest.raises(CaseError, match=r"image is \(5, 9, 7\), its label map .*same slices"):
        match(image, label, tmp_path)


@pytest.mark.parametrize("shift", [(4.0, 0, 0), (0, 0.75, 0), (0, 0, -0.5)])
def test_a_label_map_of_another_place_is_refused(tmp_path, shift) -> None:
    image = read_volume(write(tmp_path / "i.nii.gz", PIXELS, TURNS[0]))
    moved = write(tmp_path / "l.nii.gz", LABELS, TURNS[0], origin=ORIGIN + shift)
    with pytest.raises(CaseError, match=r"lie \S+ mm apart.*own grid and header"):
        match(image, read_label_volume(moved), tmp_path)


@pytest.mark.parametrize(
    ("order", "message"),
    [((2, 1, 0), "label map states no orientation, the other does"), ((0, 1, 2), "mm apart")],
)
def test_a_label_map_whose_header_was_lost_is_refused(tmp_path, order, message) -> None:
    turn = (order, (1, 1, 1))
    image = read_volume(write(tmp_path / "i.nii.gz", PIXELS[:1, :7], turn))
    lost = write(tmp_path / "l.nii.gz", LABELS[3:4, :7], turn, affine=np.eye(4))
    with pytest.raises(CaseError, match=message):
        match(image, read_label_volume(lost), tmp_path)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_label_picture_lies_as_the_rows_and_columns_of_its_dicom_slice(
    tmp_path, turned, mirrored
) -> None:
    """The same patient in four files: the slice, its label and its spacing come out the same."""
    file_pixels, file_label = PIXELS[0], LABELS[3]
    columns = HOUSE[:, [2, 1, 0]]
    if mirrored:
        file_pixels, file_label = file_pixels[:, ::-1], file_label[:, ::-1]
        columns = columns * (-1, 1, 1)
    if turned:
        file_pixels, file_label = file_pixels.T, file_label.T
        columns = columns[:, [1, 0, 2]]
    affine = np.eye(4)
    affine[:3, :3] = columns
    save_dicom(tmp_path / "a.dcm", dicom_slice(file_pixels, affine))
    Image.fromarray(np.ascontiguousarray(file_label)).save(tmp_path / "a.png")
    image, label = read_volume(tmp_path / "a.dcm"), read_label_volume(tmp_path / "a.png")
    found = match(image, label, tmp_path)
    assert np.array_equal(found.pixels, PIXELS[0])
    assert np.array_equal(found.label, LABELS[3])
    assert found.spacing == pytest.approx((0.5, 0.75))


def test_a_single_case_says_which_slice_it_is(tmp_path) -> None:
    image = write(tmp_path / "a.b.nii.gz", PIXELS, TURNS[0])
    label = write(tmp_path / "l.nii.gz", LABELS, TURNS[13])
    alone, labelled = read_case(image), read_case(image, label)
    assert (alone.name, alone.source) == ("a.b", "a.b.nii.gz; slice 3 of 5")
    assert labelled.source == "a.b.nii.gz; slice 4 of 5"
    assert np.array_equal(labelled.label, LABELS[3])
    assert labelled.image[0, 0] == pytest.approx(
        np.clip(np.interp(PIXELS[3, 0, 0], np.percentile(PIXELS[3], (0.1, 99.9)), (0, 1)), 0, 1)
    )
