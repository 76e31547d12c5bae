from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemsca.errors import UsageError
from spinemsca.release.split import PUBLISHED_SIZES, Split, split_sizes, unique_names


@pytest.mark.parametrize("text", ["Vail", "VALI", " val ", "validation", "valid"])
def test_spellings(text):
    assert Split.parse(text) is Split.VAL


def test_unknown_split():
    with pytest.raises(UsageError, match=r"'dev' is no split\. Use train"):
        Split.parse("dev")
    assert Split.from_folder("dev") is None


@given(st.integers(0, 2000))
def test_sizes_add_up_and_leave_no_split_empty(cases):
    sizes = split_sizes(cases)
    assert sum(sizes.values()) == cases
    assert min(sizes.values()) >= (cases >= 3)


def test_published_sizes_are_kept():
    assert split_sizes(426) == dict(PUBLISHED_SIZES)


def test_names_are_told_apart_only_where_needed():
    named = [(Split.TRAIN, "a"), (Split.TEST, "a"), (Split.TEST, "b")]
    assert unique_names(named) == ["train-a", "test-a", "b"]
