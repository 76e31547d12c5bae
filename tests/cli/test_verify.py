from __future__ import annotations

import json
from pathlib import Path

import pytest

from spinemsca.cli import main
from spinemsca.release.verify import RULES
from tests.release.verify_cases import write


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        main([str(a) for a in arguments])
    out, err = capsys.readouterr()
    return int(end.value.code or 0), out, err


def test_clean_release_exits_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "verify", write(tmp_path / "r"))
    assert code == 0
    assert "passed: 5 cases (Train 3, Vali 1, Test 1)" in out


def test_damaged_release_exits_1_and_names_case_and_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write(tmp_path / "r")
    (root / "Train" / "c1" / "img.pt").write_bytes(b"no zip")
    code, out, err = call(capsys, "verify", root, "--workers", 1)
    assert code == 1
    assert "c1" in out
    assert "write it again with torch.save" in out
    assert "Traceback" not in out + err


def test_many_warnings_are_folded_but_all_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from spinemsca.release.layout import Entry
    from spinemsca.release.split import Split
    from spinemsca.release.verify.report import verdict_table
    from spinemsca.release.verify.rules.label import HOLES
    from spinemsca.release.verify.verdict import Verdict

    entries = [Entry(f"case{i}", Split.TRAIN, Path(), None) for i in range(12)]
    found = tuple(HOLES.broken_by(e, "L1 has holes of 9 px") for e in entries)
    from spinemsca.cli._console import print_table

    print_table(verdict_table(Verdict({Split.TRAIN: 12}, RULES, found)))
    out = capsys.readouterr().out
    assert out.count("L1 has holes") == 8
    assert all(e.name in out for e in entries)


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "verify", write(tmp_path / "r"), "--published", "--json")
    value = json.loads(out)
    assert code == 1
    assert value["rules"]["published-sizes"] == 3
    sizes = [f["split"] for f in value["findings"] if f["rule"] == "published-sizes"]
    assert sizes == ["train", "val", "test"]


def test_rules_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "verify", "--rules")
    assert code == 0
    assert all(rule.name in out for rule in RULES)
    code, out, _ = call(capsys, "verify", "--rules", "--json")
    assert [r["name"] for r in json.loads(out)] == [r.name for r in RULES]


def test_wrong_use_exits_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, "verify")[0] == 2
    code, _, err = call(capsys, "verify", tmp_path / "nothing")
    assert code == 2
    assert "no such folder" in err
