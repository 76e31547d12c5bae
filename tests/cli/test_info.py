from __future__ import annotations

import json
from pathlib import Path

import pytest

from spinemsca.case import Spacing
from spinemsca.cli import main
from tests.release.verify_cases import case, write


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        main([str(a) for a in arguments])
    out, err = capsys.readouterr()
    return int(end.value.code or 0), out, err


def cells(out: str, start: str) -> list[str]:
    line = next(text for text in out.splitlines() if start in text)
    return [cell.strip() for cell in line.replace("┃", "│").split("│")[1:-1]]


def test_composition_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "info", write(tmp_path / "r"))
    assert code == 0
    assert cells(out, "Vali ") == ["", "All", "Train", "Vali", "Test"]
    assert cells(out, "Quantity") == ["Quantity", "5", "3", "1", "1"]
    assert cells(out, "Sex ratio") == ["Sex ratio (man)", "40 %", "33 %", "100 %", "0 %"]
    assert cells(out, "Archive") == ["Archive", "", "Train.zip.001, …", "Vali.zip", "Test.zip"]
    assert cells(out, "L1 ")[1] == "5"
    assert "mm²" not in out


def test_unknown_sex_is_a_dash_and_spacing_gives_mm2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = case(4).replace(sex=None, spacing=Spacing(1, 1))
    _, out, _ = call(capsys, "info", write(tmp_path / "r", c4=known))
    assert cells(out, "Sex ratio")[-1] == "–"
    assert "mm²" in out


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = call(capsys, "info", write(tmp_path / "r"), "--json")
    assert json.loads(out)["splits"]["val"]["cases"] == 1


def test_unreadable_case_is_noted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write(tmp_path / "r")
    (root / "Test" / "c4" / "img.pt").write_bytes(b"")
    code, _, err = call(capsys, "info", root)
    assert code == 0
    assert "cannot be read: c4" in err
