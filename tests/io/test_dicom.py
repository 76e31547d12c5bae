from __future__ import annotations

import logging

import numpy as np
import pydicom
import pytest
from pydicom.uid import UID, JPEGLSLossless, RLELossless

from spinemsca.errors import (
    CaseError,
    FileFormatError,
    MissingDependencyError,
    SpineError,
    UnsafeFileError,
    UnsuitableError,
)
from spinemsca.io import dicom, dicom_header, dicom_series, limits
from spinemsca.io.orientation import Orientation
from spinemsca.io.read import read_scan, read_volume
from tests.io.volumes import (
    HOUSE,
    SAGITTAL,
    SECRET,
    STEPS,
    TURNS,
    affine_of,
    dicom_slice,
    save_dicom,
    write_series,
)

AFFINE = affine_of(SAGITTAL)
SERIES_TURNS = [t for t in TURNS if t.order[0] == 2]


def one(tmp_path, pixels=HOUSE[0], affine=AFFINE, **changes):
    return save_dicom(tmp_path / "a.dcm", dicom_slice(pixels, affine, **changes))


@pytest.fixture(autouse=True)
def _nothing_is_told(caplog, capsys):
    caplog.set_level(logging.DEBUG)
    yield
    told = caplog.text + "".join(capsys.readouterr())
    assert SECRET not in told
    assert "4711" not in told


@pytest.mark.parametrize("turn", SERIES_TURNS, ids=str)
def test_a_slice_is_turned_and_goes_back_onto_its_pixels(tmp_path, turn):
    house = HOUSE[:1]
    pixels = turn.undo(house)[..., 0].T
    found = read_volume(one(tmp_path, pixels, affine_of(turn, house.shape)))
    assert np.array_equal(found.pixels, house)
    assert np.array_equal(found.restore(found.pixels), pixels)
    assert found.spacing == pytest.approx(STEPS[1:])
    assert found.is_picture
    assert (found.name, found.notes) == ("a", ())


@pytest.mark.parametrize("turn", SERIES_TURNS, ids=str)
def test_a_series_in_any_order_of_files_is_one_volume(tmp_path, turn):
    array, affine = turn.undo(HOUSE), affine_of(turn, tilt=0.1)
    found = read_volume(write_series(tmp_path / "s", array, affine))
    assert np.array_equal(found.pixels, HOUSE)
    assert found.spacing == pytest.approx(STEPS[1:])
    assert found.name == "s"
    restored = found.restore(found.pixels)
    assert restored.shape == array.shape
    # Slices may be stacked either way, but every voxel keeps its place in the world.
    for voxel in np.ndindex(array.shape):
        there = np.linalg.solve(affine, found.grid.affine @ (*voxel, 1))
        assert restored[voxel] == array[tuple(np.rint(there[:3]).astype(int))]


def test_rescaling_and_inverted_grey(tmp_path):
    found = read_volume(one(tmp_path, RescaleSlope=2, RescaleIntercept=-7))
    np.testing.assert_allclose(found.pixels[0], HOUSE[0] * 2.0 - 7)
    found = read_volume(one(tmp_path, PhotometricInterpretation="MONOCHROME1"))
    assert np.array_equal(found.pixels[0], HOUSE[0].max() - HOUSE[0])


def test_no_spacing_is_not_invented(tmp_path):
    for changes in ({"PixelSpacing": None}, {"PixelSpacing": [0, 0]}):
        found = read_volume(one(tmp_path, **changes))
        assert found.spacing is None
        assert found.notes == (dicom.NO_SPACING,)
        assert np.array_equal(found.pixels[0], HOUSE[0])
    series = write_series(tmp_path / "s", SAGITTAL.undo(HOUSE), AFFINE, PixelSpacing=None)
    assert read_volume(series).notes == (dicom.NO_SPACING,)


def test_no_orientation_is_said(tmp_path):
    for changes in ({"ImageOrientationPatient": None}, {"ImageOrientationPatient": [1, 0, 0]}):
        found = read_volume(one(tmp_path, **changes))
        assert np.array_equal(found.pixels[0], HOUSE[0])
        assert "taken as it lies" in found.notes[0]
        assert found.spacing == pytest.approx(STEPS[1:])


@pytest.mark.parametrize(
    ("cosines", "plane"), [([1, 0, 0, 0, 1, 0], "axial"), ([1, 0, 0, 0, 0, -1], "coronal")]
)
def test_other_planes_are_refused_before_the_pixels_are_read(tmp_path, monkeypatch, cosines, plane):
    monkeypatch.setattr(dicom, "unpacked", None)
    with pytest.raises(UnsuitableError, match=f"is {plane}"):
        read_volume(one(tmp_path, ImageOrientationPatient=cosines))


@pytest.mark.parametrize("cosines", [[0, 0, 0, 0, 0, 0], [1, 0, 0, 1, 0, 0], [2, 0, 0, 0, 1, 0]])
def test_impossible_orientations(tmp_path, cosines):
    with pytest.raises(FileFormatError, match="impossible"):
        read_volume(one(tmp_path, ImageOrientationPatient=cosines))


@pytest.mark.parametrize(
    ("changes", "error", "fault"),
    [
        ({"Modality": "CT"}, UnsuitableError, "a CT image"),
        ({"Modality": "DOE"}, UnsuitableError, "no MR image"),
        ({"NumberOfFrames": 2}, CaseError, "2 frames"),
        ({"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB"}, CaseError, "coloured"),
        ({"Rows": 65535, "Columns": 65535}, UnsafeFileError, "MiB"),
        ({"Rows": 0}, FileFormatError, "no image"),
        ({"Rows": None}, FileFormatError, "no image"),
        ({"Rows": 9000, "Columns": 7000}, FileFormatError, "no readable DICOM"),
        ({"PixelData": b"12"}, FileFormatError, "no readable DICOM"),
        ({"BitsAllocated": 12}, FileFormatError, "no readable DICOM"),
        ({"BitsAllocated": None}, FileFormatError, "no readable DICOM"),
    ],
)
def test_hostile_headers(tmp_path, changes, error, fault):
    with pytest.raises(error, match=fault) as raised:
        read_volume(one(tmp_path, **changes))
    assert SECRET not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


def test_packed_pixels(tmp_path):
    slice_ = dicom_slice(HOUSE[0], AFFINE)
    slice_.compress(RLELossless)
    assert np.array_equal(read_volume(save_dicom(tmp_path / "a.dcm", slice_)).pixels[0], HOUSE[0])


def test_packing_that_needs_another_package(tmp_path, monkeypatch):
    slice_ = dicom_slice(HOUSE[0], AFFINE)
    slice_.file_meta.TransferSyntaxUID = JPEGLSLossless
    slice_.PixelData = pydicom.encaps.encapsulate([b"\xff\xd8 nothing that can be unpacked"])
    slice_["PixelData"].VR = "OB"
    path = save_dicom(tmp_path / "a.dcm", slice_)
    with pytest.raises(SpineError):
        read_volume(path)

    def decoder(_):
        return type("Decoder", (), {"is_available": False})

    monkeypatch.setattr("pydicom.pixels.decoders.base.get_decoder", decoder)
    with pytest.raises(MissingDependencyError, match=r"spine-msca\[dicom\]"):
        read_volume(path)


def test_a_file_deflated_as_a_whole_is_refused(tmp_path):
    slice_ = dicom_slice(HOUSE[0], AFFINE)
    slice_.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.1.99")
    with pytest.raises(UnsafeFileError, match="deflated"):
        read_volume(save_dicom(tmp_path / "a.dcm", slice_))


def test_every_truncation_is_refused(tmp_path):
    path = one(tmp_path)
    whole = path.read_bytes()
    for length in range(133, len(whole) - 1, 11):
        path.write_bytes(whole[:length])
        with pytest.raises(SpineError) as raised:
            read_volume(path)
        assert SECRET not in str(raised.value)


def test_size_is_capped_before_reading(tmp_path, monkeypatch):
    path = one(tmp_path)
    monkeypatch.setattr(dicom_header, "MAX_BYTES", 10)
    with pytest.raises(UnsafeFileError, match="more than"):
        read_volume(path)


def test_slices_that_make_no_volume(tmp_path):
    array = SAGITTAL.undo(HOUSE)
    folder = write_series(tmp_path / "s", array, AFFINE)
    extra = folder / "x.dcm"
    moved = AFFINE.copy()
    moved[:3, 3] += 20 * moved[:3, 2]
    cases = {
        "same place": {"affine": AFFINE},
        "several planes or sizes": {"affine": affine_of(Orientation((1, 2, 0)))},
        "no positions": {"affine": moved, "ImagePositionPatient": None},
        "no orientation": {"affine": moved, "ImageOrientationPatient": None},
    }
    for fault, options in cases.items():
        save_dicom(extra, dicom_slice(HOUSE[0], **options))
        with pytest.raises(CaseError, match=fault):
            read_volume(folder)
    save_dicom(extra, dicom_slice(HOUSE[0], moved))
    assert read_volume(folder).notes == ("The slices are not evenly spaced",)


def test_an_axial_series_is_refused(tmp_path):
    affine = np.diag([-0.5, -0.5, 4, 1.0])
    folder = write_series(tmp_path / "s", SAGITTAL.undo(HOUSE), affine)
    with pytest.raises(UnsuitableError, match="axial"):
        read_volume(folder)


def test_series_are_told_apart(tmp_path):
    folder = write_series(tmp_path / "s", SAGITTAL.undo(HOUSE), AFFINE)
    files = sorted(folder.iterdir())
    save_dicom(folder / "y.dcm", dicom_slice(HOUSE[0], AFFINE, series="9.9"))
    save_dicom(folder / "z.dcm", dicom_slice(HOUSE[0], AFFINE, series=None))
    (folder / "w.dcm").write_bytes(b"\0" * 128 + b"DICM")
    groups = dicom_series.find_series(sorted(folder.iterdir()))
    assert sorted(map(len, groups)) == [1, 1, 1, len(files)]
    with pytest.raises(FileFormatError, match="4 DICOM series"):
        read_volume(folder)


def test_a_folder_of_one_slice_and_too_many(tmp_path, monkeypatch):
    one(tmp_path)
    (tmp_path / "notes.txt").write_text("x")
    assert np.array_equal(read_scan(tmp_path).pixels, HOUSE[0])
    folder = write_series(tmp_path / "s", SAGITTAL.undo(HOUSE), AFFINE)
    monkeypatch.setattr(limits, "MAX_BYTES", 300)
    with pytest.raises(UnsafeFileError):
        read_volume(folder)
    monkeypatch.setattr(dicom_series, "_MOST_SLICES", 2)
    with pytest.raises(CaseError, match="3 slices"):
        read_volume(folder)
