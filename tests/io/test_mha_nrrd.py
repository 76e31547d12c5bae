from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemsca.errors import (
    CaseError,
    FileFormatError,
    SpineError,
    UnsafeFileError,
    UnsuitableError,
)
from spinemsca.io.read import read_label_map, read_volume
from tests.io.volumes import (
    HOUSE,
    SAGITTAL,
    STEPS,
    TURNS,
    affine_of,
    mha_bytes,
    nrrd_bytes,
)

ARRAY, AFFINE = SAGITTAL.undo(HOUSE), affine_of(SAGITTAL)
FORMATS = pytest.mark.parametrize(
    ("write", "suffix"), [(mha_bytes, ".mha"), (nrrd_bytes, ".nrrd")], ids=["mha", "nrrd"]
)


@FORMATS
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_every_orientation_comes_back_onto_its_own_grid(tmp_path, write, suffix, packed, turn):
    path, array = tmp_path / f"a{suffix}", turn.undo(HOUSE)
    path.write_bytes(write(array, affine_of(turn), packed=packed))
    found = read_volume(path)
    assert np.array_equal(found.pixels, HOUSE)
    assert np.array_equal(found.restore(found.pixels), array)
    assert found.spacing == pytest.approx(STEPS[1:])
    np.testing.assert_allclose(found.grid.affine, affine_of(turn), atol=1e-9)


@FORMATS
def test_files_of_itk(tmp_path, write, suffix):
    itk = pytest.importorskip("SimpleITK")
    (tmp_path / f"a{suffix}").write_bytes(write(ARRAY, affine_of(SAGITTAL, tilt=0.2)))
    image = itk.ReadImage(str(tmp_path / f"a{suffix}"))
    assert np.array_equal(itk.GetArrayFromImage(image).T, ARRAY)
    for packed in (False, True):
        itk.WriteImage(image, str(tmp_path / f"b{suffix}"), packed)
        found = read_volume(tmp_path / f"b{suffix}")
        assert np.array_equal(found.pixels, HOUSE)
        np.testing.assert_allclose(found.grid.affine, affine_of(SAGITTAL, tilt=0.2), atol=1e-6)
    itk.WriteImage(image, str(tmp_path / "c.nii.gz"))
    nifti = read_volume(tmp_path / "c.nii.gz")
    assert np.array_equal(nifti.pixels, HOUSE)
    np.testing.assert_allclose(nifti.grid.affine, found.grid.affine, atol=1e-5)


@FORMATS
def test_a_flat_file_is_taken_as_it_lies(tmp_path, write, suffix):
    path = tmp_path / f"a{suffix}"
    for array in (HOUSE[0].T, HOUSE[0].T[..., None]):
        path.write_bytes(write(array, np.diag([0.75, 0.5, 1, 1])))
        if suffix == ".nrrd" and array.ndim == 2:
            fields = {"space": None, "space_directions": None, "space_origin": None}
            path.write_bytes(nrrd_bytes(array, np.eye(4), **fields, spacings="0.75 0.5"))
        found = read_volume(path)
        assert np.array_equal(found.pixels[0], HOUSE[0])
        assert found.spacing == pytest.approx((0.5, 0.75))
        assert found.restore(found.pixels).shape == array.shape
        assert "taken as it lies" in found.notes[0]


def test_a_flat_slice_in_space(tmp_path):
    flat = SAGITTAL.undo(HOUSE[:1])[..., 0]
    (tmp_path / "a.nrrd").write_bytes(nrrd_bytes(flat, AFFINE))
    found = read_volume(tmp_path / "a.nrrd")
    assert np.array_equal(found.pixels, HOUSE[:1])
    assert found.restore(found.pixels).shape == flat.shape


@FORMATS
def test_labels(tmp_path, write, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(write((ARRAY % 12).astype(np.uint8), AFFINE))
    assert np.array_equal(read_label_map(path), HOUSE[1] % 12)


@FORMATS
def test_other_planes_and_impossible_ones(tmp_path, write, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(write(ARRAY, affine_of(SAGITTAL, steps=(0.5, 4, 0.5))))
    with pytest.raises(UnsuitableError, match="axial"):
        read_volume(path)
    flat = AFFINE.copy()
    flat[:3, 1] = flat[:3, 0]
    path.write_bytes(write(ARRAY, flat))
    with pytest.raises(FileFormatError, match="impossible"):
        read_volume(path)


@FORMATS
def test_what_is_not_finite(tmp_path, write, suffix):
    path, array = tmp_path / f"a{suffix}", ARRAY.astype(np.float32)
    array[0, 0, 0] = np.nan
    path.write_bytes(write(array, AFFINE, packed=True))
    with pytest.raises(CaseError, match="NaN"):
        read_volume(path)


@FORMATS
@pytest.mark.parametrize("packed", [False, True])
def test_every_truncation_is_refused(tmp_path, write, suffix, packed):
    path, whole = tmp_path / f"a{suffix}", write(ARRAY, AFFINE, packed=packed)
    for length in range(0, len(whole) - 12, 7):
        path.write_bytes(whole[:length])
        with pytest.raises(FileFormatError):
            read_volume(path)


@FORMATS
@given(st.data())
def test_damage_gives_a_spine_error_or_a_volume(tmp_path_factory, write, suffix, data):
    path = tmp_path_factory.mktemp("v") / f"a{suffix}"
    content = bytearray(write(ARRAY, AFFINE, packed=data.draw(st.booleans())))
    for at in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=6)):
        content[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    try:
        assert read_volume(path).pixels.size > 0
    except SpineError as error:
        assert error.where == str(path)


@pytest.mark.parametrize(
    ("fields", "error", "fault"),
    [
        ({"DimSize": "30000 30000 30000"}, UnsafeFileError, "MiB"),
        ({"DimSize": "5 7 -3"}, FileFormatError, "shape"),
        ({"DimSize": "5 7 x"}, FileFormatError, "no readable MHA"),
        ({"DimSize": None}, FileFormatError, "no readable MHA"),
        ({"DimSize": "5 7 3 1", "NDims": "4"}, CaseError, "shape"),
        ({"NDims": "2"}, CaseError, "shape"),
        ({"ElementType": "MET_STRING"}, FileFormatError, "no readable MHA"),
        ({"ElementType": "MET_UCHAR_ARRAY"}, CaseError, "channels"),
        ({"ElementNumberOfChannels": "3"}, CaseError, "channels"),
        ({"BinaryData": "False"}, FileFormatError, "no readable MHA"),
        ({"HeaderSize": "-1"}, FileFormatError, "no readable MHA"),
        ({"TransformMatrix": "1 0 0"}, FileFormatError, "no readable MHA"),
        ({"TransformMatrix": "0 0 0 0 0 0 0 0 0"}, FileFormatError, "impossible"),
        ({"ElementSpacing": "nan 1 1"}, FileFormatError, "impossible"),
        ({"Offset": "inf 1 1"}, FileFormatError, "impossible"),
        ({"CompressedData": "True"}, FileFormatError, "damaged"),
        ({"ElementDataFile": "../../etc/passwd"}, FileFormatError, "another file"),
        ({"Comment": "x" * 20000}, FileFormatError, "header"),
    ],
)
def test_hostile_mha(tmp_path, fields, error, fault):
    path = tmp_path / "a.mha"
    path.write_bytes(mha_bytes(ARRAY, AFFINE, **fields))
    with pytest.raises(error, match=fault):
        read_volume(path)


@pytest.mark.parametrize(
    ("fields", "error", "fault"),
    [
        ({"sizes": "30000 30000 30000"}, UnsafeFileError, "MiB"),
        ({"sizes": "5 7 0"}, FileFormatError, "shape"),
        ({"sizes": "5 7"}, CaseError, "shape"),
        ({"sizes": "5 7 3 1", "dimension": "4"}, CaseError, "shape"),
        ({"sizes": None}, FileFormatError, "no readable NRRD"),
        ({"type": "block"}, FileFormatError, "no readable NRRD"),
        ({"encoding": "bzip2"}, FileFormatError, "packed"),
        ({"encoding": "gzip"}, FileFormatError, "damaged"),
        ({"data_file": "../other.raw"}, FileFormatError, "elsewhere"),
        ({"byte_skip": "-1"}, FileFormatError, "elsewhere"),
        ({"space_directions": "none (1,0,0) (0,1,0)"}, FileFormatError, "no readable NRRD"),
        ({"space_directions": "(1,0,0) (0,1,0)"}, FileFormatError, "no readable NRRD"),
        ({"space_directions": "(1,0) (0,1) (1,1)"}, FileFormatError, "no readable NRRD"),
        ({"space": None}, FileFormatError, "no orientation"),
        ({"space": "scanner-xyz"}, FileFormatError, "no orientation"),
    ],
)
def test_hostile_nrrd(tmp_path, fields, error, fault):
    path = tmp_path / "a.nrrd"
    path.write_bytes(nrrd_bytes(ARRAY, AFFINE, **fields))
    with pytest.raises(error, match=fault):
        read_volume(path)


@pytest.mark.parametrize(
    ("space", "signs"), [("RAS", (-1, -1, 1)), ("left-anterior-superior", (1, -1, 1))]
)
def test_nrrd_in_other_spaces(tmp_path, space, signs):
    # What is written as LPS here is said to lie in the other space.
    content = nrrd_bytes(ARRAY, np.diag([*signs, 1]) @ AFFINE, space=space)
    (tmp_path / "a.nrrd").write_bytes(content)
    assert np.array_equal(read_volume(tmp_path / "a.nrrd").pixels, HOUSE)


def test_big_endian(tmp_path):
    swapped = ARRAY.astype(">i2")
    content = mha_bytes(swapped, AFFINE, BinaryDataByteOrderMSB="True")
    (tmp_path / "a.mha").write_bytes(content)
    (tmp_path / "a.nrrd").write_bytes(nrrd_bytes(swapped, AFFINE, endian="big"))
    for name in ("a.mha", "a.nrrd"):
        found = read_volume(tmp_path / name)
        assert np.array_equal(found.pixels, HOUSE)
        assert found.pixels.dtype.isnative
