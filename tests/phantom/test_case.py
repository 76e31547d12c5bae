"""Whole synthetic cases: what every one of them must hold."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import distance_transform_edt, label

from spinemsca.anatomy import COLUMN, VERTEBRAE, above
from spinemsca.case import Case
from spinemsca.errors import UsageError
from spinemsca.phantom import phantom, render, replay
from spinemsca.phantom.record import from_record, to_record
from spinemsca.phantom.rendering import _without_crumbs
from spinemsca.phantom.sample import draw_parameters

SIZE = 224
some_cases = settings(max_examples=12, deadline=None)


def same(a: Case, b: Case) -> bool:
    return a.image.tobytes() == b.image.tobytes() and a.label.tobytes() == b.label.tobytes()


@given(seed=st.integers(0, 2**31), index=st.integers(0, 500))
@some_cases
def test_all_structures_whole_ordered_and_inside(seed: int, index: int) -> None:
    label_map = phantom(seed, index, size=SIZE).label
    heights = []
    for structure in COLUMN:
        mask = label_map == structure.value
        assert label(mask)[1] == 1, structure
        rows, columns = np.nonzero(mask)
        assert rows.min() > 0 and rows.max() < SIZE - 1
        assert columns.min() > 0 and columns.max() < SIZE - 1
        heights.append(rows.mean())
    assert np.all(np.diff(heights) > 0)


@given(seed=st.integers(0, 2**31))
@some_cases
def test_neighbours_lie_within_two_millimetres_and_never_overlap(seed: int) -> None:
    case = phantom(seed, size=SIZE)
    for structure in COLUMN[1:]:
        upper = above(structure)
        assert upper is not None
        far = distance_transform_edt(case.label != upper.value, sampling=case.spacing)
        assert far[case.label == structure.value].min() < 2.5


@given(seed=st.integers(0, 2**31), contrast=st.sampled_from(("t1", "t2", "random")))
@some_cases
def test_image_uses_its_range(seed: int, contrast: str) -> None:
    image = phantom(seed, size=SIZE, contrast=contrast).image
    assert image.min() < 0.05
    assert image.max() == 1
    assert np.mean(image == 1) < 0.02
    assert len(np.unique(image)) > 5000


def test_same_seed_same_bytes_and_others_differ() -> None:
    a, b = phantom(5, 3, size=SIZE), phantom(5, 3, size=SIZE)
    assert same(a, b)
    assert a.provenance == b.provenance
    others = [phantom(5, 4, size=SIZE), phantom(6, 3, size=SIZE)]
    for other in others:
        assert np.abs(a.image - other.image).mean() > 0.02
        assert np.mean(a.label != other.label) > 0.01


def test_provenance_survives_json_and_replays_the_case() -> None:
    case = phantom(8, 2, size=SIZE)
    record = json.loads(json.dumps(dict(case.provenance), allow_nan=False))
    again = replay(record, name=case.name)
    assert same(case, again)
    assert (again.sex, again.spacing) == (case.sex, case.spacing)


def test_parameters_survive_their_record() -> None:
    parameters = draw_parameters(1, 2)
    assert from_record(json.loads(json.dumps(to_record(parameters)))) == parameters


@pytest.mark.parametrize("record", [{}, {"sex": "M"}, {"sex": "X", "contrast": "t2"}])
def test_a_foreign_record_is_refused(record: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="no phantom"):
        from_record(record)


@pytest.mark.parametrize("record", [{}, {"parameters": {}}])
def test_replaying_something_else_is_refused(record: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        replay(record, name="x")


@pytest.mark.parametrize(
    ("seed", "index", "contrast"), [(-1, 0, "t2"), (0, -1, "t2"), (0, 0, "pd")]
)
def test_bad_arguments_are_named(seed: int, index: int, contrast: str) -> None:
    with pytest.raises(UsageError):
        phantom(seed, index, contrast=contrast)


def test_spacing_is_that_of_the_grid() -> None:
    parameters = draw_parameters(3)
    case = render(parameters, size=SIZE, name="a")
    rows_mm, columns_mm = parameters.scanner.field_of_view
    assert case.spacing == pytest.approx((rows_mm / SIZE, columns_mm / SIZE))


@given(seed=st.integers(0, 2**31))
@some_cases
def test_landmarks_lie_on_the_labels_border(seed: int) -> None:
    case = phantom(seed, size=SIZE)
    for structure in VERTEBRAE:
        corners = case.provenance["truth"]["landmarks"][structure.name]
        mask = case.label == structure.value
        outside, inside = distance_transform_edt(~mask), distance_transform_edt(mask)
        for row, column in corners.values():
            place = round(row), round(column)
            assert outside[place] <= 1.5
            assert inside[place] <= 2.5
        assert corners["superior_anterior"][1] < corners["superior_posterior"][1]
        assert corners["superior_anterior"][0] < corners["inferior_anterior"][0]


def test_true_angles_are_those_between_corner_lines() -> None:
    case = phantom(11, size=512)
    truth = case.provenance["truth"]

    def tilt(name: str) -> float:
        corners = truth["landmarks"][name]
        (r0, c0), (r1, c1) = (corners[f"superior_{s}"] for s in ("anterior", "posterior"))
        up, along = (r0 - r1) * case.spacing.row, (c1 - c0) * case.spacing.column
        return float(np.degrees(np.arctan2(up, along)))

    assert tilt("S1") - tilt("L1") == pytest.approx(truth["lordosis_deg"], abs=4)


def test_healthy_discs_are_brighter_than_worn_ones() -> None:
    bright: dict[bool, list[float]] = {True: [], False: []}
    for i in range(10):
        case = phantom(77, i, size=256)
        for structure in COLUMN[1::2]:
            grade = case.provenance["truth"]["discs"][structure.name]["pfirrmann"]
            body = case.image[case.label == above(structure).value].mean()
            disc = np.percentile(case.image[case.label == structure.value], 75)
            bright[grade <= 2].append(disc / body)
    assert np.mean(bright[True]) > 1.4 * np.mean(bright[False])


def test_pointed_corners_leave_no_crumbs() -> None:
    label_map = np.zeros((12, 12), np.uint8)
    label_map[2:6, 2:6] = 1
    label_map[8, 8] = 1
    label_map[8:10, 2:5] = 7
    clean = _without_crumbs(label_map)
    assert clean[8, 8] == 0
    assert np.array_equal(clean[:8], label_map[:8])
    assert np.count_nonzero(clean == 7) == 6
