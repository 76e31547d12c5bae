from __future__ import annotations

from array import array
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spinemsca.case import Case, Sex, Spacing
from spinemsca.errors import CaseError, SpineError, UsageError
from tests import strategies as own

IMAGE = np.full((4, 5), 0.5, np.float32)
LABEL = np.ones((4, 5), np.uint8)


@given(own.cases())
def test_replacing_nothing_changes_nothing(case):
    again = case.replace()
    assert again.image is not None
    for key in ("name", "spacing", "sex", "annotated", "source", "patient", "shape"):
        assert getattr(again, key) == getattr(case, key)


def test_case_is_immutable_and_leaves_the_callers_array_alone():
    image = IMAGE.copy()
    case = Case("a", image, LABEL, spacing=(1, 2), sex="F")
    with pytest.raises(ValueError, match="read-only"):
        case.image[0, 0] = 1
    with pytest.raises(AttributeError):
        case.name = "b"  # type: ignore[misc]
    image[0, 0] = 0
    assert (case.spacing, case.sex, case.patient) == (Spacing(1, 2), Sex.FEMALE, "a")
    assert case.replace(patient="p").patient == "p"


def test_repr():
    assert repr(Case("a", IMAGE)) == "Case('a', 4×5, no label, no spacing)"
    text = repr(Case("a", IMAGE, LABEL, spacing=(0.5, 1)))
    assert text == "Case('a', 4×5, 11 structures, 0.5×1 mm)"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"image": IMAGE[None]}, "shape"),
        ({"image": IMAGE[:0]}, "shape"),
        ({"image": IMAGE.astype(np.float64)}, "float64"),
        ({"image": IMAGE * np.float32(np.nan)}, "NaN"),
        ({"image": IMAGE * 3}, "not \\[0, 1\\]"),
        ({"image": -IMAGE}, "not \\[0, 1\\]"),
        ({"label": LABEL.astype(np.int64)}, "int64"),
        ({"label": LABEL[:2]}, "the image"),
        ({"label": LABEL * 12}, "spans 12 to 12"),
        ({"spacing": (0, 1)}, "spacing"),
        ({"spacing": (1, float("nan"))}, "spacing"),
        ({"spacing": "12"}, "spacing is '12'"),
        ({"spacing": 0.5}, "spacing is 0.5"),
        ({"sex": "X"}, "sex is 'X'"),
    ],
)
def test_parts_that_do_not_fit(changes, fault):
    with pytest.raises(CaseError, match=f"a: .*{fault}"):
        Case(**({"name": "a", "image": IMAGE, "label": LABEL} | changes))


@pytest.mark.parametrize(
    "value",
    [
        (0.5, 2),
        [0.5, 2],
        Spacing(0.5, 2.0),
        np.array([0.5, 2]),
        np.array([0.5, 2], np.float16),
        (np.float32(0.5), np.int8(2)),
        torch.tensor([0.5, 2]),
        tuple(torch.tensor([0.5, 2])),
        array("d", [0.5, 2]),
        (Fraction(1, 2), 2),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_spacing_is_two_real_numbers_in_whatever_holds_them(value):
    found = Spacing.checked(value)
    assert found == Spacing(0.5, 2.0)
    assert type(found) is Spacing
    assert all(type(v) is float for v in found)


@pytest.mark.parametrize(
    "value",
    [
        None, 1.0, "12", b"12", "0.5", True, (), (1,), (1, 2, 3), {1, 2}, {1: 1, 2: 2},
        (None, 1), (1, None), ("0.5", 1), (True, 1), (1, np.True_), (1, 0), (-1, 1), (1, -0.0),
        (float("nan"), 1), (1, float("inf")), (1j, 1), (10**400, 1), (Fraction(1, 10**400), 1),
        ((1, 2), (3, 4)), np.eye(2), np.array(1.0), np.array(["1", "2"]), np.array([1, np.nan]),
        torch.eye(2), torch.tensor([True, True]), np.ndarray, object(), iter((1, 2)),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_is_no_spacing_is_bad_usage(value):
    with pytest.raises(UsageError, match=r"^scan: spacing is .* Give two positive numbers"):
        Spacing.checked(value, "scan")


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists))
def test_nothing_but_a_spine_error_comes_of_a_spacing(value):
    try:
        found = Spacing.checked(value)
    except SpineError:
        return
    assert all(0 < v < float("inf") for v in found)
    assert list(found) == value
