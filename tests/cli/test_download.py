from __future__ import annotations

import json

import pytest

from spinemsca.cli import main
from spinemsca.release.transfer.serve import serve_folder
from tests.release.conftest import digests, tiny


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    return tiny(tmp_path_factory.mktemp("cli") / "r", 6, 32)


@pytest.fixture
def mirror(release, tmp_path, capsys):
    assert call(capsys, "pack", release, tmp_path / "m", "--part-size", "64KiB")[0] == 0
    return tmp_path / "m"


def call(capsys, *arguments):
    with pytest.raises(SystemExit) as end:
        main([str(a) for a in arguments])
    out, err = capsys.readouterr()
    return int(end.value.code or 0), out, err


def test_says_what_came_and_whether_it_was_checked(release, mirror, tmp_path, capsys):
    with serve_folder(mirror) as url:
        code, out, _ = call(capsys, "download", "--root", tmp_path / "r", "--mirror", url)
    assert code == 0
    assert out == f"{tmp_path / 'r'}: 4 train, 1 val, 1 test (checked)\n"
    assert digests(tmp_path / "r") == digests(release)
    code, out, _ = call(capsys, "download", "--root", tmp_path / "r")
    assert (code, out.endswith("(there already)\n")) == (0, True)


def test_unchecked_mirror(mirror, tmp_path, capsys):
    (mirror / "SHA256SUMS").unlink()
    code, out, err = call(capsys, "download", "--root", tmp_path / "r", "--mirror", mirror)
    assert code == 0
    assert "(unchecked)" in out
    assert "no checksums: unchecked, but every zip CRC holds" in err


def test_json_of_one_split(mirror, tmp_path, capsys):
    split = ("--split", "Vail", "--split", "val")
    code, out, _ = call(
        capsys, "download", "--root", tmp_path / "r", "--mirror", mirror, *split, "--json"
    )
    assert code == 0
    assert json.loads(out) == {
        "root": str(tmp_path / "r"),
        "mirror": str(mirror),
        "checked": True,
        "cases": {"val": 1},
    }


def test_truncated_part_exits_2_and_is_named(mirror, tmp_path, capsys):
    part = mirror / "Train.zip.001"
    part.write_bytes(part.read_bytes()[:-100])
    code, _, err = call(capsys, "download", "--root", tmp_path / "r", "--mirror", mirror)
    assert code == 2
    assert "Train.zip.001" in err
    assert "Traceback" not in err
    assert err.strip().count("\n") == 0


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (("--mirror", "nowhere"), "no such folder"),
        (("--mirror", "ftp://x"), "no address that can be read"),
        (("--split", "all"), "'all' is no split"),
    ],
)
def test_wrong_use_exits_2(tmp_path, capsys, options, fault):
    code, _, err = call(capsys, "download", "--root", tmp_path / "r", *options)
    assert code == 2
    assert fault in err


def test_help_has_an_example(capsys):
    code, out, _ = call(capsys, "download", "--help")
    assert code == 0
    assert "spine-msca download --root data" in " ".join(out.split())
