from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.cli.test_download import call
from tests.release.conftest import tiny


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    return tiny(tmp_path_factory.mktemp("cli") / "r", 6, 128)


def test_prints_sums_and_paths(release, tmp_path, capsys):
    code, out, _ = call(capsys, "pack", release, tmp_path / "m", "--part-size", "100kB")
    assert code == 0
    assert f"  {tmp_path / 'm' / 'Train.zip.002'}\n" in out
    for line in out.splitlines():
        digest, path = line.split("  ")
        with Path(path).open("rb") as file:
            assert hashlib.file_digest(file, "sha256").hexdigest() == digest


def test_json_and_licence(release, tmp_path, capsys):
    code, out, _ = call(capsys, "pack", release, tmp_path / "m", "--licence", "CC0", "--json")
    value = json.loads(out)
    assert code == 0
    assert value["files"]["Test.zip"]["bytes"] == (tmp_path / "m" / "Test.zip").stat().st_size
    assert "**Licence:** CC0" in (tmp_path / "m" / "README.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("{r}", "{out}", "--part-size", "big"), "'big' is no size"),
        (("{r}", "{r}"), "is not an empty folder"),
        (("{out}/none", "{out}"), "no such folder"),
    ],
)
def test_wrong_use_exits_2(release, tmp_path, capsys, arguments, fault):
    filled = [a.format(r=release, out=tmp_path / "out") for a in arguments]
    code, _, err = call(capsys, "pack", *filled)
    assert code == 2
    assert fault in err
    assert "Traceback" not in err


def test_help_has_an_example(capsys):
    code, out, _ = call(capsys, "pack", "--help")
    assert code == 0
    assert "--part-size 50MB" in " ".join(out.split())
