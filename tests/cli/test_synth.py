"""The verb `synth`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spinemsca.cli import main


def call(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["synth", *arguments])
    return int(stopped.value.code or 0)


def test_synth_makes_a_release(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "phantoms"
    assert call(str(out), "--cases", "3", "--seed", "1", "--size", "64") == 0
    assert len(list(out.rglob("img.pt"))) == 3
    assert len(list(out.rglob("label.pt"))) == 3
    assert "3 synthetic cases" in capsys.readouterr().err


def test_json_says_what_was_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "phantoms"
    code = call(
        str(out), "--cases", "3", "--size", "64", "--contrast", "random", "--workers", "1", "--json"
    )
    assert code == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["splits"] == {"train": 1, "val": 1, "test": 1}
    assert Path(answer["parameters"]).is_file()


def test_a_wrong_number_is_one_line_and_status_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(str(tmp_path / "x"), "--cases", "0") == 2
    err = capsys.readouterr().err
    assert "Use 1 to 9999" in err
    assert "Traceback" not in err
