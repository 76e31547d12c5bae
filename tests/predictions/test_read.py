"""Label maps in patient axes: the same patient, however the file lies."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest
from PIL import Image

from spinemsca.errors import CaseError, FileFormatError, SpineError, UsageError
from spinemsca.io import pt
from spinemsca.io.image_file import write_label_picture
from spinemsca.io.orientation import SLICE_CODES
from spinemsca.measure.scan import measure_scan
from spinemsca.predictions.find import LabelFile, find_label_maps
from spinemsca.predictions.read import LabelledScan, Reading, read_labelled
from tests.io.volumes import SAGITTAL, TURNS, affine_of, mha_bytes, nrrd_bytes, write_nifti
from tests.measure.spines import corners, draw
from tests.predictions.results import as_it_lies, save_picture, save_volume, steps_of
from tests.segment.examples import ladder

LABEL = ladder(92, 50)
GREY = np.random.default_rng(0).integers(0, 256, LABEL.shape, np.uint8)
DRAWN = draw(corners(slip=6), (0.6, 0.5)).label


def read(path, how: Reading | None = None) -> LabelledScan:
    (file,) = find_label_maps([path]).found
    return read_labelled(file, how)


def test_axis_codes_mean_what_they_say():
    plane = np.arange(6).reshape(2, 3)
    assert np.array_equal(as_it_lies(plane, "IP"), plane)
    assert np.array_equal(as_it_lies(plane, "IA"), plane[:, ::-1])
    assert np.array_equal(as_it_lies(plane, "SP"), plane[::-1])
    assert np.array_equal(as_it_lies(plane, "PI"), plane.T)


@pytest.mark.parametrize("codes", SLICE_CODES)
@pytest.mark.parametrize("steps", [(0.6, 0.5), (0.4, 1.3), None])
def test_a_picture_lies_as_its_record_says(tmp_path, codes, steps):
    spacing = None if steps is None else steps_of(codes, *steps)
    save_picture(
        tmp_path, "a", as_it_lies(LABEL, codes), orientation=codes, spacing_mm=spacing, tilt_deg=3.5
    )
    Image.fromarray(as_it_lies(GREY, codes)).save(tmp_path / "a.png")
    scan = read(tmp_path / "a_label.png", Reading(tmp_path / "a.png"))
    assert np.array_equal(scan.slice.label, LABEL)
    assert np.array_equal(scan.slice.image, GREY)
    assert scan.slice.spacing == steps
    assert scan.slice.tilt == 3.5
    assert scan.slice.index is None
    assert scan.is_picture


@pytest.mark.parametrize("codes", SLICE_CODES)
def test_the_same_patient_gives_the_same_numbers(tmp_path, codes):
    save_picture(tmp_path / "1", "a", DRAWN, spacing_mm=(0.6, 0.5))
    turned, spacing = as_it_lies(DRAWN, codes), steps_of(codes, 0.6, 0.5)
    save_picture(tmp_path / "2", "a", turned, orientation=codes, spacing_mm=spacing)
    write_label_picture(tmp_path / "3" / "a.png", turned)
    upright = measure_scan(read(tmp_path / "1")).results
    assert sum(isinstance(r.value, float) for r in upright) > 60
    assert measure_scan(read(tmp_path / "2")).results == upright
    stated = Reading(spacing=spacing, orientation=codes)
    assert measure_scan(read(tmp_path / "3", stated)).results == upright


def test_what_the_user_states_goes_before_the_record(tmp_path):
    save_picture(tmp_path, "a", as_it_lies(LABEL, "SA"), orientation="IP", spacing_mm=(0.6, 0.5))
    scan = read(tmp_path, Reading(orientation="SA", spacing=(2, 2)))
    assert np.array_equal(scan.slice.label, LABEL)
    assert scan.slice.spacing == (0.6, 0.5), "spacing is used where nothing states it"


def test_spacing_is_the_users_where_nothing_states_it(tmp_path):
    write_label_picture(tmp_path / "a.png", LABEL)
    assert read(tmp_path).slice.spacing is None
    assert read(tmp_path, Reading(spacing=(0.6, 0.5))).slice.spacing == (0.6, 0.5)
    save_picture(tmp_path / "r", "b", LABEL, spacing_mm=None)
    assert read(tmp_path / "r", Reading(spacing=(0.6, 0.5))).slice.spacing == (0.6, 0.5)


@pytest.mark.parametrize("orientation", ["XY", "", "IPL", "LIP", "ip", "II"])
def test_what_is_no_orientation_is_told(tmp_path, orientation):
    write_label_picture(tmp_path / "a.png", LABEL)
    with pytest.raises(UsageError, match="no orientation"):
        read(tmp_path, Reading(orientation=orientation))


def test_an_unknown_numbering_is_told(tmp_path):
    write_label_picture(tmp_path / "a.png", LABEL)
    with pytest.raises(UsageError, match="no numbering is called"):
        read(tmp_path, Reading(labels="nonsense"))


# --- volumes

SOLID = np.zeros((3, *LABEL.shape), np.uint8)
SOLID[0], SOLID[1], SOLID[2] = LABEL, np.where(LABEL > 4, 0, LABEL), np.where(LABEL > 9, 0, LABEL)
GREYS = np.random.default_rng(1).integers(0, 900, SOLID.shape).astype(np.int16)
SOME_TURNS = [SAGITTAL, *TURNS[1::5]]


@pytest.mark.parametrize("turn", SOME_TURNS, ids=lambda t: t.codes)
def test_a_volume_lies_as_its_header_says(tmp_path, turn):
    save_volume(tmp_path, turn, SOLID, slice_shown=2)
    write_nifti(tmp_path / "scans.nii.gz", TURNS[17], GREYS)
    scan = read(tmp_path / "v_label.nii.gz", Reading(tmp_path / "scans.nii.gz"))
    assert np.array_equal(scan.volume.pixels, SOLID)
    assert np.array_equal(scan.images, GREYS)
    assert scan.slice.index == scan.shown == 2
    assert np.array_equal(scan.slice.label, SOLID[2])
    assert np.array_equal(scan.slice.image, GREYS[2])  # type: ignore[index]
    assert scan.slice.spacing == pytest.approx((0.5, 0.75))
    assert scan.slice.tilt == pytest.approx(0, abs=1e-6)
    assert scan.reason.startswith("3 slices show the canal")
    assert not scan.is_picture
    assert [one.index for one in scan.slices()] == [0, 1, 2]


@pytest.mark.parametrize("turn", SOME_TURNS[:3], ids=lambda t: t.codes)
def test_loose_volumes_of_every_format(tmp_path, turn):
    array, affine = turn.undo(SOLID), affine_of(turn, SOLID.shape)
    write_nifti(tmp_path / "a.nii.gz", turn, SOLID)
    (tmp_path / "b.mha").write_bytes(mha_bytes(array, affine))
    (tmp_path / "c.nrrd").write_bytes(nrrd_bytes(array, affine))
    for name in ("a.nii.gz", "b.mha", "c.nrrd"):
        scan = read(tmp_path / name)
        assert np.array_equal(scan.volume.pixels, SOLID)
        assert scan.slice.spacing == pytest.approx((0.5, 0.75))
        assert scan.shown == 0, "it shows most structures"
        assert "no record" in scan.reason


def test_of_a_loose_volume_the_middle_of_those_that_show_most(tmp_path):
    labels = np.stack([SOLID[1], LABEL, LABEL, LABEL, SOLID[1], SOLID[1]])
    write_nifti(tmp_path / "a.nii.gz", SAGITTAL, labels)
    assert read(tmp_path).shown == 2


def test_empty_slices_are_none_to_measure(tmp_path):
    labels = np.stack([np.zeros_like(LABEL), LABEL, np.zeros_like(LABEL)])
    write_nifti(tmp_path / "a.nii.gz", SAGITTAL, labels)
    assert [one.index for one in read(tmp_path).slices()] == [1]


def test_spacing_of_a_header_that_states_none_is_the_users(tmp_path):
    affine = affine_of(SAGITTAL, SOLID.shape)
    image = nibabel.Nifti1Image(SAGITTAL.undo(SOLID), affine)
    nibabel.save(image, tmp_path / "a.nii.gz")
    assert read(tmp_path, Reading(spacing=(9, 9))).slice.spacing == pytest.approx((0.5, 0.75))


# --- what belongs together


def test_a_record_of_another_shape_is_refused(tmp_path):
    save_picture(tmp_path, "a", LABEL)
    write_label_picture(tmp_path / "a_label.png", LABEL[:-1])
    with pytest.raises(FileFormatError, match="shape") as caught:
        read(tmp_path)
    assert caught.value.where == str(tmp_path / "a.json")
    save_picture(tmp_path / "t", "a", LABEL)
    write_label_picture(tmp_path / "t" / "a_label.png", LABEL.T.copy())
    with pytest.raises(FileFormatError, match="shape"):
        read(tmp_path / "t")


@pytest.mark.parametrize("shape", [(2, 92, 50), (3, 91, 50), (4, 92, 50), (3, 50, 92)])
def test_a_record_of_another_volume_is_refused(tmp_path, shape):
    save_volume(tmp_path, SAGITTAL, SOLID)
    write_nifti(tmp_path / "v_label.nii.gz", SAGITTAL, np.ones(shape, np.uint8))
    with pytest.raises(FileFormatError, match="shape"):
        read(tmp_path)


def test_a_volume_that_was_reoriented_keeps_its_record(tmp_path):
    save_volume(tmp_path, SAGITTAL, SOLID, slice_shown=1)
    write_nifti(tmp_path / "v_label.nii.gz", TURNS[29], SOLID)
    scan = read(tmp_path)
    assert scan.shown == 1
    assert np.array_equal(scan.volume.pixels, SOLID)


def test_a_record_that_is_none_is_one_error(tmp_path):
    save_picture(tmp_path, "a", LABEL)
    (tmp_path / "a.json").write_text('{"patient": "Doe^Jane"}')
    with pytest.raises(FileFormatError, match="no record") as caught:
        read(tmp_path)
    assert "Doe" not in str(caught.value)


def test_notes_say_what_bears_on_every_number(tmp_path):
    save_picture(tmp_path / "1", "a", LABEL)
    assert read(tmp_path / "1").notes == ()
    save_picture(tmp_path / "2", "a", LABEL, ambiguous=True, relabelled="L5 is L6")
    assert read(tmp_path / "2").notes == ("levels may be numbered wrongly", "relabelled: L5 is L6")
    save_picture(tmp_path / "3", "a", LABEL, ambiguous=True, refused="The image is blank")
    assert read(tmp_path / "3").notes == ("refused by the model: The image is blank",)


def test_another_image_is_noted(tmp_path):
    import hashlib

    image = tmp_path / "scans" / "a.png"
    image.parent.mkdir()
    Image.fromarray(GREY).save(image)
    right = hashlib.sha256(image.read_bytes()).hexdigest()
    save_picture(tmp_path / "out", "a", LABEL, sha256=right)
    assert read(tmp_path / "out", Reading(image.parent)).notes == ()
    Image.fromarray(GREY[::-1]).save(image)
    scan = read(tmp_path / "out", Reading(image.parent))
    assert scan.notes == ("the image is not the file that was predicted",)


def test_an_image_of_another_shape_is_refused(tmp_path):
    save_picture(tmp_path, "a", LABEL)
    Image.fromarray(GREY[:-1]).save(tmp_path / "a.png")
    with pytest.raises(CaseError, match="same pixel grid"):
        read(tmp_path / "a_label.png", Reading(tmp_path / "a.png"))
    save_volume(tmp_path / "v", SAGITTAL, SOLID)
    with pytest.raises(CaseError, match="same pixel grid"):
        read(tmp_path / "v", Reading(tmp_path / "a.png"))


def with_others(label: np.ndarray) -> np.ndarray:
    long = label.copy()
    long[..., :4, :9], long[..., -3:, :5] = 15, 18
    return long


@pytest.mark.parametrize("codes", SLICE_CODES)
def test_other_vertebrae_are_merged_where_they_lie(tmp_path, codes):
    long = with_others(LABEL)
    save_picture(tmp_path, "a", as_it_lies(long, codes), orientation=codes)
    assert np.asarray(Image.open(tmp_path / "a_label.png")).max() <= 11
    assert np.array_equal(read(tmp_path).slice.label, long)


@pytest.mark.parametrize("turn", SOME_TURNS[:4], ids=lambda t: t.codes)
def test_other_vertebrae_of_a_volume(tmp_path, turn):
    long = with_others(SOLID)
    save_volume(tmp_path, turn, long)
    assert (
        np.asarray(nibabel.Nifti1Image.from_filename(tmp_path / "v_label.nii.gz").dataobj).max()
        <= 11
    )
    assert np.array_equal(read(tmp_path).volume.pixels, long)


@pytest.mark.parametrize(
    "other", [np.full((91, 50), 15, np.uint8), np.full((92, 50), 3, np.uint8),
              np.full((92, 50), 19, np.uint8), np.full((50, 92), 15, np.uint8)],
)  # fmt: skip
def test_what_is_no_map_of_other_vertebrae_is_refused(tmp_path, other):
    save_picture(tmp_path, "a", LABEL)
    Image.fromarray(other).save(tmp_path / "a_other.png")
    with pytest.raises(CaseError, match="other vertebrae"):
        read(tmp_path / "a_label.png")
    (tmp_path / "a_other.png").write_text("no picture")
    with pytest.raises(SpineError):
        read(tmp_path / "a_label.png")


def test_a_pt_file_of_a_release_needs_no_record(tmp_path):
    pt.write_pt_label(tmp_path / "case" / "label.pt", LABEL)
    pt.write_pt_image(tmp_path / "case" / "img.pt", (GREY / 255).astype(np.float32))
    scan = read(tmp_path)
    assert np.array_equal(scan.slice.label, LABEL)
    assert scan.slice.image == pytest.approx(GREY / 255)
    assert isinstance(scan.file, LabelFile)


def test_foreign_numbers_of_any_range(tmp_path):
    foreign = np.zeros(LABEL.shape, np.uint16)
    foreign[LABEL == 1], foreign[LABEL == 11] = 20, 124
    Image.fromarray(foreign).save(tmp_path / "a.png")
    found = read(tmp_path, Reading(labels="spineps")).slice.label
    assert np.array_equal(found == 1, LABEL == 1)
    assert np.array_equal(found == 11, LABEL == 11)
    assert set(np.unique(found)) == {0, 1, 11}
