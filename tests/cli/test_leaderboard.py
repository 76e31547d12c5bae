"""`leaderboard`: adds, ranks, and keeps print apart."""

from __future__ import annotations

import json

import pytest

from spinemsca.cli import main
from spinemsca.io.image_file import write_label_picture
from tests.score.masks import bars
from tests.score.volumes import stack, write_volume


def status(*arguments: object) -> int:
    with pytest.raises(SystemExit) as exit_:
        main([str(a) for a in arguments])
    return int(exit_.value.code or 0)


@pytest.fixture
def folders(tmp_path):
    for name in "ab":
        write_label_picture(tmp_path / "truth" / f"{name}.png", bars())
        write_label_picture(tmp_path / "good" / f"{name}.png", bars(1))
        write_label_picture(tmp_path / "bad" / f"{name}.png", bars(6))
    return tmp_path


def add(folders, model: str, *more: object) -> int:
    results, truth = folders / "r.jsonl", folders / "truth"
    return status("leaderboard", results, "--add", folders / model, "--truth", truth, *more)


def test_models_are_ranked_and_print_is_apart(folders, capsys) -> None:
    assert add(folders, "bad", "--model", "worse") == 0
    capsys.readouterr()
    assert add(folders, "good", "--model", "better", "--parameters", 4_000_000) == 0
    printed = capsys.readouterr().out
    table, _, published = printed.rpartition("Published figures")
    assert table.rindex("better") < table.rindex("worse")
    assert "4.00 M" in table
    assert "Spine-DCAN" not in table
    assert "95.242 %" in published


def test_as_json_and_markdown(folders, capsys) -> None:
    (folders / "good/model.json").write_text('{"network": "ours", "seconds": 0.1}')
    assert add(folders, "good", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert [r["model"] for r in found["measured"][0]] == ["ours"]
    assert found["published"][0]["model"] == "Spine-DCAN"
    assert status("leaderboard", folders / "r.jsonl", "--markdown") == 0
    printed = capsys.readouterr().out
    assert "| ours |" in printed
    assert "100 ms" in printed


def test_mistakes_are_named(folders, capsys) -> None:
    assert status("leaderboard", folders / "r.jsonl") == 2
    assert "no results yet" in capsys.readouterr().err
    assert status("leaderboard", folders / "r.jsonl", "--add", folders / "good") == 2
    assert "--truth" in capsys.readouterr().err
    assert add(folders, "good") == 2
    assert "--model" in capsys.readouterr().err


@pytest.mark.parametrize("form", [[], ["--markdown"]])
def test_a_name_is_only_a_name(folders, capsys, form) -> None:
    assert add(folders, "good", "--model", "[/bold]a|b", *form) == 0
    shown = "[/bold]a\\|b" if form else "[/bold]a|b"
    assert shown in capsys.readouterr().out


def test_costs_that_cannot_be_are_one_line_and_not_kept(folders, capsys) -> None:
    assert add(folders, "good", "--model", "x", "--seconds", "nan") == 2
    assert "seconds" in capsys.readouterr().err
    assert not (folders / "r.jsonl").exists()


def test_volumes_are_ranked_whole_and_in_mm(tmp_path, capsys) -> None:
    for folder, shift in (("truth", 0), ("good", 3)):
        write_volume(tmp_path / folder / "v.nii.gz", stack(0, shift, shift))
    assert add(tmp_path, "good", "--model", "m", "--json") == 0
    (kept,) = json.loads(capsys.readouterr().out)["measured"][0]
    assert kept["unit"] == "mm"
    assert kept["metrics"]["dice"]["mean"] == pytest.approx((1 + 0.9 + 0.9) / 3)
    for folder in ("truth", "good"):
        write_label_picture(tmp_path / folder / "a.png", bars())
    assert add(tmp_path, "good", "--model", "m") == 0
    captured = capsys.readouterr()
    assert "1 of 2 cases have no spacing" in captured.err
    assert "HD95 (mm)" in captured.out
