"""Tests of what is said of files that cannot be opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from spinemsca._util import opening
from spinemsca.errors import FileFormatError, UsageError


def test_says_where_why_and_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "none.png"
    message = r"none\.png: cannot be opened \(No such file or directory\)\. Check the path"
    with pytest.raises(FileFormatError, match=message), opening(path):
        path.read_bytes()


def test_an_error_without_the_system_s_words_says_its_own() -> None:
    with pytest.raises(FileFormatError, match=r"cannot be opened \(odd\)"), opening(Path("a")):
        raise OSError("odd")


@pytest.mark.parametrize("error", [UsageError("u"), ValueError("v")])
def test_other_errors_pass(error: Exception) -> None:
    with pytest.raises(type(error)) as met, opening(Path("a")):
        raise error
    assert met.value is error
