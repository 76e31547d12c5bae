"""Results of models: kept whole, compared only with their like, never mixed with print."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time

import pytest

from spinemsca.anatomy import STRUCTURES
from spinemsca.errors import FileFormatError
from spinemsca.io.image_file import write_label_picture
from spinemsca.predictions.pairing import Pair
from spinemsca.score.leaderboard import (
    LeaderboardEntry,
    add_result,
    board_title,
    boards,
    digest_of_truth,
    leaderboard_rows,
    published_results,
    published_rows,
    read_costs,
    read_results,
)
from tests.score.masks import bars


def result(model: str = "a", dice: float = 0.9, **other) -> LeaderboardEntry:
    metrics = {
        m: {"mean": dice, "ci95": (dice, dice)} for m in ("dice", "agnostic_dice", "hd95", "nsd")
    }
    about = {
        "model": model,
        "release": "data",
        "cases": 3,
        "digest": "abc",
        "unit": "px",
        "interval_over": "patients",
        "levels_right": 1.0,
    }
    return LeaderboardEntry.model_validate(about | {"metrics": metrics} | other)


def test_results_are_added_and_read_back(tmp_path) -> None:
    path = tmp_path / "new" / "results.jsonl"
    first, second = result("a"), result("b", parameters=5, seconds=0.1)
    add_result(path, first)
    add_result(path, second)
    assert read_results(path) == [first, second]
    assert read_results(tmp_path / "none.jsonl") == []


def test_the_best_comes_first_and_the_last_result_of_a_model_counts() -> None:
    board = boards([result("a", 0.8), result("b", 0.9), result("a", 0.95)])
    assert [[(r.model, r.metrics["dice"].mean) for r in b] for b in board] == [
        [("a", 0.95), ("b", 0.9)]
    ]


def test_other_cases_or_units_are_another_board() -> None:
    found = boards([result("a"), result("a", digest="other"), result("a", unit="mm")])
    assert len(found) == 3


def test_rows_show_what_is_known(tmp_path) -> None:
    rows = leaderboard_rows([result("a", parameters=3_780_000, seconds=0.09, version="2")])
    assert rows[1][0] == "a 2"
    assert rows[1][1] == "0.900 [0.900, 0.900]"
    assert rows[1][-3:] == ["3.78 M", "90 ms", "–"]
    assert "3 cases" in board_title([result()])


def test_published_figures_stand_apart() -> None:
    (print_,) = [p for p in published_results() if p.model == "Spine-DCAN"]
    assert (print_.dice_percent, print_.hd95_px) == (95.242, 2.870)
    rows = published_rows()
    assert "published" in rows[0][0]
    assert not any("Spine-DCAN" in cell for row in leaderboard_rows([result()]) for cell in row)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("not json", "line 2"),
        ("{}", "line 2"),
        ('{"model": "x"}', "line 2"),
        ("[1]", "line 2"),
    ],
)
def test_a_bad_line_is_named(tmp_path, line, reason) -> None:
    path = tmp_path / "results.jsonl"
    add_result(path, result())
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(FileFormatError, match=reason):
        read_results(path)
    with pytest.raises(FileFormatError):
        add_result(path, result())
    assert line in path.read_text()


def test_bytes_that_are_no_text(tmp_path) -> None:
    (tmp_path / "results.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(FileFormatError, match="cannot be read"):
        read_results(tmp_path / "results.jsonl")


def _add_many(path, name) -> None:
    for i in range(10):
        add_result(path, result(f"{name}{i}"))


def test_two_at_once_lose_nothing(tmp_path) -> None:
    path = tmp_path / "results.jsonl"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_add_many, args=(path, n)) for n in "ab"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(read_results(path)) == 20


def _add_forever(path) -> None:
    for i in range(10_000):
        add_result(path, result(f"m{i}"))


def test_a_kill_leaves_whole_lines(tmp_path) -> None:
    path = tmp_path / "results.jsonl"
    worker = multiprocessing.get_context("spawn").Process(target=_add_forever, args=(path,))
    worker.start()
    while not path.exists() or path.stat().st_size < 3000:
        time.sleep(0.01)
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()
    before = read_results(path)
    add_result(path, result("after"))
    assert [r.model for r in read_results(path)] == [r.model for r in before] + ["after"]


def test_the_digest_knows_names_and_labels(tmp_path) -> None:
    for name, shift in (("a", 0), ("b", 1)):
        write_label_picture(tmp_path / f"{name}.png", bars(shift))
    one = Pair("a", tmp_path / "x", tmp_path / "a.png")
    two = Pair("b", tmp_path / "x", tmp_path / "b.png")
    assert digest_of_truth([one, two]) == digest_of_truth([two, one])
    assert digest_of_truth([one]) != digest_of_truth([two])


def test_costs_come_from_beside_the_predictions(tmp_path) -> None:
    assert read_costs(tmp_path) == {}
    (tmp_path / "model.json").write_text(json.dumps({"network": "unet", "parameters": 7, "x": 1}))
    assert read_costs(tmp_path) == {"model": "unet", "parameters": 7}
    (tmp_path / "model.json").write_text("[")
    with pytest.raises(FileFormatError):
        read_costs(tmp_path)


def broken(**other) -> str:
    return json.dumps(json.loads(result().model_dump_json()) | other)


@pytest.mark.parametrize(
    "line",
    [
        broken(metrics={}),
        broken(seconds=float("nan")),
        broken(seconds=float("inf")),
        broken(parameters=-1),
        broken(levels_right=7),
    ],
)
def test_numbers_that_cannot_be_are_a_bad_line(tmp_path, line) -> None:
    (tmp_path / "r.jsonl").write_text(result().model_dump_json() + "\n" + line + "\n")
    with pytest.raises(FileFormatError, match="line 2"):
        read_results(tmp_path / "r.jsonl")


@pytest.mark.parametrize("name", ["a\u2028b", "a\x85b", "a\x0cb", "a\nb", "é"])
def test_any_name_reads_back(tmp_path, name) -> None:
    add_result(tmp_path / "r.jsonl", result("first"))
    add_result(tmp_path / "r.jsonl", result(name))
    assert [r.model for r in read_results(tmp_path / "r.jsonl")] == ["first", name]


def test_what_is_annotated_makes_another_board(tmp_path) -> None:
    write_label_picture(tmp_path / "a.png", bars())
    one = Pair("a", tmp_path / "x", tmp_path / "a.png")
    every = Pair("a", tmp_path / "x", tmp_path / "a.png", frozenset(STRUCTURES))
    some = Pair("a", tmp_path / "x", tmp_path / "a.png", frozenset(STRUCTURES[:5]))
    assert len({digest_of_truth([pair]) for pair in (one, every, some)}) == 3
