"""No header value gets out, and headers are read in every encoding."""

from __future__ import annotations

import gzip
import io
import logging
import os
import struct
import subprocess
import sys
import threading
import traceback
import warnings

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from spinemsca.errors import CaseError, FileFormatError, SpineError, UnsafeFileError
from spinemsca.io import dicom_elements, dicom_header, dicom_series, dicom_start
from spinemsca.io.read import kind_of, read_volume
from spinemsca.io.silence import silence
from tests.io.volumes import HOUSE, SAGITTAL, STEPS, affine_of, dicom_slice, save_dicom

AFFINE = affine_of(SAGITTAL)
PLANTED = "PLANTED-ID"
# Every element that the reader looks at, by the representation that it should have.
READ = {
    "SOPClassUID": "UI",
    "Modality": "CS",
    "SpecificCharacterSet": "CS",
    "SeriesInstanceUID": "UI",
    "ImagePositionPatient": "DS",
    "ImageOrientationPatient": "DS",
    "SamplesPerPixel": "US",
    "PhotometricInterpretation": "CS",
    "NumberOfFrames": "IS",
    "Rows": "US",
    "Columns": "US",
    "PixelSpacing": "DS",
    "BitsAllocated": "US",
    "BitsStored": "US",
    "PixelRepresentation": "US",
    "PixelPaddingValue": "SS",
    "PixelPaddingRangeLimit": "SS",
    "RescaleIntercept": "DS",
    "RescaleSlope": "DS",
    "SharedFunctionalGroupsSequence": "SQ",
    "PerFrameFunctionalGroupsSequence": "SQ",
    "PixelData": "OW",
}
PUBLIC = [
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientAge",
    "PatientWeight",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "EchoTime",
    "InstanceNumber",
    "FrameOfReferenceUID",
    "AcquisitionMatrix",
]
EVERY_VR = sorted(vr.decode() for vr in dicom_start._VRS if vr != b"SQ")


@pytest.fixture(autouse=True)
def _nothing_is_told(caplog, capfd, recwarn):
    caplog.set_level(logging.DEBUG)
    warnings.simplefilter("always")
    yield
    told = caplog.text + "".join(capfd.readouterr()) + "".join(str(w.message) for w in recwarn)
    assert PLANTED not in told
    assert not [w for w in recwarn if "pydicom" in w.filename]


LONG = {"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"}


def raw(tag, vr, value=PLANTED):
    """An element's bytes as no writer would make them, explicit and little endian."""
    data = value.encode() if isinstance(value, str) else value
    data += b" " * (len(data) % 2)
    length = struct.pack("<HL", 0, len(data)) if vr in LONG else struct.pack("<H", len(data))
    return struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr.encode() + length + data


def sequence(tag, *elements):
    """A sequence of one item."""
    inside = b"".join(elements)
    item = struct.pack("<HHL", 0xFFFE, 0xE000, len(inside)) + inside
    return raw(tag, "SQ", item)


def planted_in_every_representation():
    """Private and public elements of every representation, in the open and two sequences deep."""
    private = [raw(0x00111000 + n, vr) for n, vr in enumerate(EVERY_VR)]
    public = {
        Tag(keyword): raw(Tag(keyword), pydicom.datadict.dictionary_VR(Tag(keyword)))
        for keyword in PUBLIC
    }
    inner = sequence(0x00081140, *dict(sorted(public.items())).values(), *private)
    elements = {0x00110010: raw(0x00110010, "LO"), 0x00081110: sequence(0x00081110, inner)}
    return public | elements | {0x00111000 + n: element for n, element in enumerate(private)}


def encoded(slice_):
    """A dataset's elements as bytes, by tag."""
    found = {}
    for element in slice_:
        one = Dataset()
        element.VR = element.VR.split(" or ")[-1]
        one.add(element)
        data = DicomBytesIO()
        data.is_little_endian, data.is_implicit_VR = True, False
        pydicom.filewriter.write_dataset(data, one)
        found[element.tag] = data.getvalue()
    return found


def written(tmp_path, changes=(), slice_=None, name="a.dcm", meta=()):
    """A sound slice full of planted values, some of its elements replaced by given bytes."""
    slice_ = dicom_slice(HOUSE[0], AFFINE) if slice_ is None else slice_
    head = encoded(slice_.file_meta) | dict(meta)
    body = encoded(slice_) | planted_in_every_representation() | dict(changes)
    parts = [part for _, part in sorted(head.items())] + [part for _, part in sorted(body.items())]
    (tmp_path / name).write_bytes(b"\0" * 128 + b"DICM" + b"".join(parts))
    return tmp_path / name


def judged(path):
    """What reading gives: its volume or its error, neither with the planted value in it."""
    try:
        volume = read_volume(path)
    except SpineError as error:
        chain = "".join(traceback.format_exception(error))
        assert PLANTED not in chain
        assert PLANTED not in repr((error, error.args, error.what, error.where, error.remedy))
        assert error.__cause__ is None
        assert error.__context__ is None
        return error
    assert PLANTED not in repr(volume)
    return volume


def test_a_sound_slice_full_of_planted_values(tmp_path):
    path = written(tmp_path)
    assert PLANTED.encode() in path.read_bytes()
    volume = judged(path)
    assert np.array_equal(volume.pixels[0], HOUSE[0])
    assert volume.spacing == pytest.approx(STEPS[1:])
    assert PLANTED not in repr(dicom_header.read_header(path))


@pytest.mark.parametrize("keyword", READ)
@pytest.mark.parametrize("vr", ["own", "UN", "LO", "ZZ", "SQ"])
def test_each_element_that_is_read_planted(tmp_path, keyword, vr):
    tag = Tag(keyword)
    element = raw(tag, READ[keyword] if vr == "own" else vr, f"1.2.{PLANTED}")
    judged(written(tmp_path, {tag: element}))


@pytest.mark.parametrize("keyword", ["PixelSpacing", "ImageOrientationPatient", "RescaleSlope"])
def test_numbers_that_are_none_count_as_missing(tmp_path, keyword):
    volume = judged(written(tmp_path, {Tag(keyword): raw(Tag(keyword), "DS")}))
    assert np.array_equal(volume.pixels[0], HOUSE[0])
    assert (volume.spacing is None) == (keyword == "PixelSpacing")
    assert volume.oriented == (keyword != "ImageOrientationPatient")


@pytest.mark.parametrize("tag", [0x00020002, 0x00020003, 0x00020010, 0x00020012, 0x00020016])
def test_file_meta_information_planted(tmp_path, tag):
    found = judged(written(tmp_path, meta={tag: raw(tag, "UI")}))
    if tag == 0x00020010:
        assert isinstance(found, FileFormatError)
    else:
        assert np.array_equal(found.pixels[0], HOUSE[0])


def test_functional_groups_planted(tmp_path):
    parts = {
        group: sequence(group, raw(dicom_elements.TAGS[keyword], "DS"))
        for keyword, group in dicom_elements._GROUPS.items()
    }
    groups = sequence(Tag("SharedFunctionalGroupsSequence"), *dict(sorted(parts.items())).values())
    volume = judged(written(tmp_path, {Tag("SharedFunctionalGroupsSequence"): groups}))
    assert volume.spacing is None


def test_every_truncation_of_a_planted_file(tmp_path):
    whole = written(tmp_path).read_bytes()
    for length in range(132, len(whole), 37):
        (tmp_path / "a.dcm").write_bytes(whole[:length])
        assert isinstance(judged(tmp_path / "a.dcm"), SpineError)


def test_series_are_told_apart_without_their_uid(tmp_path):
    for number, series in enumerate([PLANTED, PLANTED, f"{PLANTED}.2"]):
        moved = AFFINE.copy()
        moved[:3, 3] += number * moved[:3, 2]
        changes = {Tag("SeriesInstanceUID"): raw(Tag("SeriesInstanceUID"), "UI", series)}
        written(tmp_path, changes, dicom_slice(HOUSE[number], moved), f"{number}.dcm")
    groups = dicom_series.find_series(sorted(tmp_path.iterdir()))
    assert [len(group) for group in groups] == [2, 1]
    assert np.array_equal(dicom_series.read_series(groups[0], "s").pixels, HOUSE[:2])


def test_silence_holds_while_other_threads_come_and_go(tmp_path, recwarn):
    path = written(tmp_path)
    Image.fromarray(HOUSE[0].astype(np.uint8)).save(tmp_path / "a.png")
    threads = [
        threading.Thread(target=lambda p=p: [read_volume(p) for _ in range(20)])
        for p in (path, tmp_path / "a.png") * 3
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not [w for w in recwarn if PLANTED in str(w.message)]


def test_silence_leaves_everything_as_it_was():
    logger = logging.getLogger("pydicom")
    before, filters = logger.disabled, list(warnings.filters)
    with pytest.raises(ZeroDivisionError), silence():
        warnings.warn(PLANTED, stacklevel=1)
        logger.error(PLANTED)
        1 / 0  # noqa: B018
    assert (logger.disabled, list(warnings.filters)) == (before, filters)


SYNTAXES = {
    "implicit": ImplicitVRLittleEndian,
    "explicit": ExplicitVRLittleEndian,
    "big": ExplicitVRBigEndian,
}


def bare(slice_, syntax):
    """A dataset's bytes without preamble and file meta information."""
    if syntax == ExplicitVRBigEndian:
        slice_.PixelData = np.frombuffer(slice_.PixelData, "<i2").astype(">i2").tobytes()
    data = io.BytesIO()
    plain = Dataset(slice_)
    pydicom.dcmwrite(
        data,
        plain,
        implicit_vr=syntax == ImplicitVRLittleEndian,
        little_endian=syntax != ExplicitVRBigEndian,
    )
    return data.getvalue()


@pytest.mark.parametrize("encoding", SYNTAXES)
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("start", ["whole", "no preamble", "no meta"])
def test_every_encoding_with_and_without_its_beginning(tmp_path, encoding, packed, start):
    syntax = SYNTAXES[encoding]
    slice_ = dicom_slice(HOUSE[0], AFFINE, RescaleSlope=2, PixelPaddingValue=-3)
    data = bare(slice_, syntax)
    if start != "no meta":
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = syntax
        meta.MediaStorageSOPClassUID = slice_.SOPClassUID
        meta.MediaStorageSOPInstanceUID = slice_.SOPInstanceUID
        head = io.BytesIO()
        pydicom.filewriter.write_file_meta_info(head, meta)
        data = head.getvalue() + data
    data = b"\0" * 128 + b"DICM" + data if start == "whole" else data
    path = tmp_path / ("a.dcm.gz" if packed else "a")
    path.write_bytes(gzip.compress(data) if packed else data)
    assert kind_of(path) == "dicom"
    volume = read_volume(path)
    assert np.array_equal(volume.pixels[0], HOUSE[0] * 2)
    assert volume.spacing == pytest.approx(STEPS[1:])
    assert (volume.oriented, volume.name) == (True, "a")


def test_what_is_not_dicom_is_not_taken_for_it(tmp_path):
    random = np.random.default_rng(3)
    for _ in range(500):
        noise = random.integers(0, 256, 2000, dtype=np.uint8).tobytes()
        for head in (
            b"",
            b"\x08\x00",
            b"\x02\x00\x00\x00UL",
            b"\x00\x08\x00\x05CS",
            b"\x08\x00\x05\0",
        ):
            assert not dicom_start.is_dicom((head + noise)[: dicom_start.LOOK])
    for start in (
        b"",
        b"\x08",
        b"\0" * 2000,
        b"\x08\x00" * 500,
        b"\x02\x00\x00\x00UL\x04\x00" * 100,
        b"DICM" * 20,
        b"<!DOCTYPE html>" + b" " * 2000,
        struct.pack("<500H", *range(8, 508)),
        struct.pack(">500H", *range(8, 508)),
    ):
        assert not dicom_start.is_dicom(start)
    Image.fromarray(HOUSE[0].astype(np.uint8)).save(tmp_path / "a.dcm", format="PNG")
    assert kind_of(tmp_path / "a.dcm") == "picture"


def test_a_gzip_bomb_is_not_unpacked(tmp_path, monkeypatch):
    path = save_dicom(tmp_path / "a.dcm", dicom_slice(HOUSE[0], AFFINE))
    bomb = tmp_path / "b.dcm.gz"
    bomb.write_bytes(gzip.compress(path.read_bytes() + bytes(10**6)))
    assert np.array_equal(read_volume(bomb).pixels[0], HOUSE[0])
    monkeypatch.setattr(dicom_header, "MAX_BYTES", 10**5)
    with pytest.raises(UnsafeFileError, match="more than"):
        read_volume(bomb)


def test_a_damaged_gzip_is_refused(tmp_path):
    path = save_dicom(tmp_path / "a.dcm", dicom_slice(HOUSE[0], AFFINE))
    whole = gzip.compress(path.read_bytes())
    for length in range(2, len(whole) - 1, 29):
        (tmp_path / "a.dcm.gz").write_bytes(whole[:length])
        with pytest.raises(FileFormatError):
            read_volume(tmp_path / "a.dcm.gz")


def enhanced(tmp_path, shared, per_frame, defined=False, **changes):
    """A single-frame enhanced image whose functional groups hold what is given."""
    nothing = dict.fromkeys(["PixelSpacing", "ImageOrientationPatient", "ImagePositionPatient"])
    slice_ = dicom_slice(HOUSE[0], AFFINE, **nothing, NumberOfFrames=1, **changes)
    for name, groups in (("Shared", shared), ("PerFrame", per_frame)):
        if groups is not None:
            item = Dataset()
            for keyword, fields in groups.items():
                part = Dataset()
                for field, value in fields.items():
                    setattr(part, field, value)
                setattr(item, keyword, Sequence([part]))
            setattr(slice_, f"{name}FunctionalGroupsSequence", Sequence([item]))
            slice_[f"{name}FunctionalGroupsSequence"].is_undefined_length = not defined
    return save_dicom(tmp_path / "a.dcm", slice_)


MEASURES = {"PixelMeasuresSequence": {"PixelSpacing": [0.5, 0.75]}}
ORIENTATION = {"PlaneOrientationSequence": {"ImageOrientationPatient": [0, 1, 0, 0, 0, -1]}}
POSITION = {"PlanePositionSequence": {"ImagePositionPatient": [-30, -80, 120]}}
VALUES = {"PixelValueTransformationSequence": {"RescaleSlope": 2, "RescaleIntercept": -7}}


@pytest.mark.parametrize("defined", [False, True])
@pytest.mark.parametrize("where", ["shared", "per frame", "both"])
def test_a_single_frame_of_an_enhanced_image(tmp_path, defined, where):
    parts = (MEASURES | ORIENTATION, POSITION | VALUES)
    whole = parts[0] | parts[1]
    groups = {"shared": (whole, None), "per frame": ({}, whole), "both": parts}[where]
    path = enhanced(tmp_path, *groups, defined)
    header = dicom_header.read_header(path)
    assert header.position == (-30, -80, 120)
    volume = read_volume(path)
    assert volume.spacing == pytest.approx((0.5, 0.75))
    assert (volume.oriented, volume.notes) == (True, ())
    np.testing.assert_allclose(volume.pixels[0], HOUSE[0] * 2.0 - 7)


def test_shared_groups_come_before_those_of_the_frame_and_the_top(tmp_path):
    other = {"PixelMeasuresSequence": {"PixelSpacing": [9, 9]}}
    assert read_volume(enhanced(tmp_path, MEASURES, other)).spacing == pytest.approx((0.5, 0.75))
    path = enhanced(tmp_path, other, {}, RescaleSlope=3)
    assert read_volume(path).spacing == (9, 9)
    np.testing.assert_allclose(read_volume(path).pixels[0], HOUSE[0] * 3.0)
    assert read_volume(enhanced(tmp_path, {}, {})).spacing is None


def test_several_frames_are_refused(tmp_path):
    path = enhanced(tmp_path, MEASURES | ORIENTATION, POSITION)
    slice_ = pydicom.dcmread(path)
    slice_.NumberOfFrames = 3
    with pytest.raises(CaseError, match="holds 3 frames"):
        read_volume(save_dicom(path, slice_))


def test_nothing_that_predict_writes_or_prints_holds_a_header_value(tmp_path):
    """The whole command, in a process of its own: sound, damaged and malformed files."""
    for keyword in ("SeriesInstanceUID", "PixelSpacing", "Rows", "SpecificCharacterSet", "whole"):
        # Each in a folder of its own, or they would be one series.
        folder = tmp_path / "in" / keyword
        folder.mkdir(parents=True)
        vr = "UI" if "UID" in keyword else "DS"
        written(folder, {} if keyword == "whole" else {Tag(keyword): raw(Tag(keyword), vr)})
    whole = (folder / "a.dcm").read_bytes()
    (tmp_path / "in" / "cut.dcm").write_bytes(whole[: len(whole) * 2 // 3])
    command = [sys.executable, "-m", "spinemsca", "predict", str(tmp_path / "in")]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "out")],
        capture_output=True,
        check=False,
        env=os.environ | {"PYTHONWARNINGS": "always"},
    )
    left = [path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(left) > 9
    assert not [text for text in (done.stdout, done.stderr, *left) if PLANTED.encode() in text]
