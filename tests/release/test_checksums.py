from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemsca._util.checksums import blob_sha1, format_sums, parse_sums, sha256
from spinemsca.errors import DownloadError

SUMS = st.dictionaries(
    st.text("abcXYZ.019 é", min_size=1, max_size=9).filter(lambda n: n not in {".", ".."}),
    st.text("0123456789abcdef", min_size=64, max_size=64),
)


@given(SUMS)
def test_sums_come_back(sums):
    assert parse_sums(format_sums(sums), "x") == sums


@pytest.mark.parametrize(
    "line",
    ["<html>", "0" * 64 + "  ../a", "0" * 64 + "  /a", "0" * 64 + "  ..", "0" * 63 + "  a", ""],
)
def test_other_lines_are_refused(line):
    text = format_sums({"a": "0" * 64}) + line + "\n"
    with pytest.raises(DownloadError, match="x: line 2 is no checksum"):
        parse_sums(text, "x")


def test_known_digests(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"hello\n")
    # As `git hash-object` and `sha256sum` print them.
    assert blob_sha1(path) == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert sha256(path) == "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="needs sha256sum")
def test_the_usual_tool_accepts_our_sums(packed):
    ran = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"],
        cwd=packed,
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
