from __future__ import annotations

import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spinemsca.errors import UsageError
from spinemsca.io.orientation import HOUSE as HOUSE_SLICE
from spinemsca.io.orientation import SLICE_CODES, Orientation, orthonormal, other_world
from spinemsca.io.read import read_volume
from spinemsca.io.volume import on_grid, on_picture_grid
from tests.io.volumes import (
    HOUSE,
    SAGITTAL,
    STEPS,
    TURNS,
    affine_of,
    dicom_slice,
    mha_bytes,
    nrrd_bytes,
    save_dicom,
    write_series,
)

STEPS_OF_FILE = (STEPS[2], STEPS[1], STEPS[0])

assert len(set(TURNS)) == 48


@given(hnp.arrays(np.int16, hnp.array_shapes(min_dims=3, max_dims=3, max_side=6)))
def test_undo_is_the_inverse_of_apply(array):
    for turn in TURNS:
        assert np.array_equal(turn.undo(turn.apply(array)), array)
        assert np.array_equal(turn.apply(turn.undo(array)), array)


@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_every_orientation_is_told_from_its_affine(turn):
    assert Orientation.of(affine_of(turn)) == turn


@given(st.sampled_from(TURNS), st.floats(-0.6, 0.6))
def test_oblique_slices_are_turned_to_the_nearest_axes(turn, tilt):
    assert Orientation.of(affine_of(turn, tilt=tilt)) == turn


@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_axis_codes_are_nibabels(turn):
    assert turn.codes == "".join(nibabel.aff2axcodes(affine_of(turn)))
    assert Orientation.parse(turn.codes) == turn


@pytest.mark.parametrize("codes", SLICE_CODES)
def test_a_slice_is_brought_to_the_house_by_its_codes(codes):
    house = np.arange(12).reshape(3, 4)
    orientation = Orientation.parse(codes)
    assert orientation.slice_codes == codes
    lying = orientation.undo(house[None]).reshape(orientation.undo(house[None]).shape[:2])
    assert np.array_equal(on_picture_grid("", lying, orientation, None).pixels[0], house)
    # Head and front are at index 0 unless the axis runs towards them.
    places = {"I": house[0], "S": house[-1], "P": house[:, 0], "A": house[:, -1]}
    rows, columns = codes
    assert set(lying[0]) == set(places[rows])
    assert set(lying[:, 0]) == set(places[columns])


@given(st.sampled_from(SLICE_CODES), st.floats(0.1, 3), st.floats(0.1, 3))
def test_spacing_goes_with_its_axis(codes, rows, columns):
    lying = on_picture_grid("", np.zeros((4, 5)), Orientation.parse(codes), (rows, columns))
    down = rows if codes[0] in "IS" else columns
    assert lying.spacing == (down, rows + columns - down) or lying.spacing[0] == down
    assert lying.grid.spacing_of_file(lying.spacing) == (rows, columns)
    assert lying.grid.codes == codes


@pytest.mark.parametrize("codes", ["", "I", "II", "XY", "IPL ", "RAR", "ip", "IL"])
def test_what_is_no_orientation_is_refused(codes):
    with pytest.raises(UsageError, match="no orientation"):
        Orientation.parse(codes)


def test_what_is_seen_reversed_is_turned_back_as_a_whole():
    house = np.arange(12).reshape(3, 4)
    for codes, axes in (("IP", ()), ("SP", (0,)), ("IA", (1,)), ("SA", (0, 1))):
        lying = np.flip(house, axes)
        seen = on_picture_grid("", lying, HOUSE_SLICE, None).seen_reversed(axes)
        assert np.array_equal(seen.pixels[0], house)
        assert seen.grid.codes == codes
        assert np.array_equal(seen.restore(seen.pixels), lying)


@pytest.mark.parametrize("turn", TURNS[::5], ids=str)
def test_the_tilt_of_the_columns_is_told_whatever_the_axes(tmp_path, turn):
    affine = affine_of(turn)
    tilt = np.radians(12)
    rotation = np.eye(4)
    rotation[1:3, 1:3] = [[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]]
    found = on_grid(tmp_path, "", turn.undo(HOUSE), rotation @ affine)
    # Columns run back, along -y; the rotation takes that to -z, towards the feet.
    assert found.tilt == pytest.approx(12)
    assert on_grid(tmp_path, "", turn.undo(HOUSE), affine).tilt == pytest.approx(0)


def test_turning_takes_voxels_where_the_affine_says():
    for turn in TURNS:
        affine, array = affine_of(turn), turn.undo(HOUSE)
        assert np.array_equal(turn.apply(array), HOUSE)
        # Head, front and right: the first voxel of the turned array has the largest of each.
        corners = np.indices((2, 2, 2)).reshape(3, 8).T * (np.array(array.shape) - 1)
        world = corners @ affine[:3, :3].T + affine[:3, 3]
        extreme = corners[np.argmax(world.sum(1))]
        assert array[tuple(extreme)] == HOUSE[0, 0, 0]


@pytest.mark.parametrize("bent", [1e-6, 1e-4, 5e-3])
@pytest.mark.parametrize("shape", [(3, 2), (3, 3), (2, 2)])
def test_bent_directions_are_straightened(bent, shape):
    random = np.random.default_rng(5)
    exact, _ = np.linalg.qr(random.normal(size=(shape[0], shape[0])))
    exact = exact[:, : shape[1]]
    found = orthonormal(exact + random.uniform(-bent, bent, shape) / 2)
    np.testing.assert_allclose(found.T @ found, np.eye(shape[1]), atol=1e-12)
    np.testing.assert_allclose(found, exact, atol=bent)


@pytest.mark.parametrize(
    "directions",
    [
        np.diag([1, 1, 1.02]),
        np.zeros((3, 2)),
        np.array([[1, 0.02], [0, 1]]),
        np.full((3, 2), np.nan),
    ],
)
def test_directions_that_no_rounding_makes_are_not(directions):
    assert orthonormal(directions) is None


BENT = np.array([[1.004, 0.003, 0], [-0.004, 0.997, 0.002], [0.001, 0, 1.003]])


@pytest.mark.parametrize("form", ["dicom", "mha"])
def test_spacing_never_picks_up_what_bends_directions(tmp_path, form):
    affine, path = affine_of(SAGITTAL), tmp_path / f"a.{form}"
    lps = other_world(affine)[:3, :3] / STEPS_OF_FILE @ BENT
    if form == "dicom":
        cosines = [float(v) for v in lps[:, :2].T.ravel()]
        slice_ = dicom_slice(HOUSE[0], affine, ImageOrientationPatient=cosines)
        save_dicom(path, slice_)
    else:
        matrix = " ".join(repr(float(v)) for v in lps.T.ravel())
        path.write_bytes(mha_bytes(SAGITTAL.undo(HOUSE), affine, TransformMatrix=matrix))
    found = read_volume(path)
    assert found.spacing == pytest.approx(STEPS[1:], rel=1e-12)
    if form == "mha":
        steps = found.grid.affine[:3, :3]
        products = steps.T @ steps
        np.testing.assert_allclose(products, np.diag(np.diag(products)), atol=1e-12)
        assert found.grid.spacing_of_file(found.spacing) == pytest.approx(STEPS_OF_FILE)


def test_steps_of_nrrd_that_lean_are_set_upright_at_their_own_length(tmp_path):
    affine = affine_of(SAGITTAL)
    lean = affine.copy()
    lean[:3, :3] = affine[:3, :3] / STEPS_OF_FILE @ (BENT / np.linalg.norm(BENT, axis=0))
    lean[:3, :3] *= STEPS_OF_FILE
    (tmp_path / "a.nrrd").write_bytes(nrrd_bytes(SAGITTAL.undo(HOUSE), lean))
    found = read_volume(tmp_path / "a.nrrd")
    assert found.spacing == pytest.approx(STEPS[1:], rel=1e-12)
    steps = found.grid.affine[:3, :3]
    np.testing.assert_allclose(steps.T @ steps, np.diag(np.square(STEPS_OF_FILE)), atol=1e-12)


def test_a_series_of_bent_directions(tmp_path):
    affine = affine_of(SAGITTAL)
    lps = other_world(affine)[:3, :3] / STEPS_OF_FILE @ BENT
    cosines = [float(v) for v in lps[:, :2].T.ravel()]
    folder = write_series(
        tmp_path / "s", SAGITTAL.undo(HOUSE), affine, ImageOrientationPatient=cosines
    )
    assert read_volume(folder).spacing == pytest.approx(STEPS[1:], rel=1e-12)
