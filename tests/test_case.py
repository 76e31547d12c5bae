from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from spinemsca.case import Case, Sex, Spacing
from spinemsca.errors import CaseError
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
        case.name = "b"
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
        ({"label": LABEL * 12}, "value 12"),
        ({"spacing": (0, 1)}, "spacing"),
        ({"spacing": (1, float("nan"))}, "spacing"),
        ({"sex": "X"}, "sex is 'X'"),
    ],
)
def test_parts_that_do_not_fit(changes, fault):
    with pytest.raises(CaseError, match=f"a: .*{fault}"):
        Case(**({"name": "a", "image": IMAGE, "label": LABEL} | changes))
