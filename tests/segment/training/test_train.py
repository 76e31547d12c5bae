from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

import spinemsca.segment.training.train as module
from spinemsca.errors import FileFormatError, ReleaseError, UsageError
from spinemsca.segment.networks.unet import UNetConfig
from spinemsca.segment.training import logging
from spinemsca.segment.training.checkpoint import load_checkpoint, save_checkpoint
from spinemsca.segment.training.config import TrainingConfig, learning_rate
from spinemsca.segment.training.logging import LOG_NAME
from spinemsca.segment.training.provenance import RECORD_NAME
from spinemsca.segment.training.train import BEST_NAME, CHECKPOINT_NAME, train
from tests.segment.examples import SMALL, TINY, bar_example

pytest.importorskip("lightning_fabric")


@pytest.fixture(autouse=True)
def _no_curves(monkeypatch):
    # They take longer than a step here, and are tested with the journal.
    monkeypatch.setattr(logging, "find_spec", lambda _: None)


def _config(**changes) -> TrainingConfig:
    values = {"steps": 4, "size": 32, "batch": 2, "warmup": 2, "validate_every": 2}
    return TrainingConfig(**(values | {"network": TINY} | changes))


def _train(config, folder, **options) -> float:
    cases = [bar_example("a"), bar_example("b", shift=6)]
    return train(config, cases, cases[:1], folder, device="cpu", **options)


def _log(folder) -> list[dict]:
    return [json.loads(line) for line in (folder / LOG_NAME).read_text().splitlines()]


def _state(path) -> dict:
    return load_checkpoint(path)[0]


def _same(one, other) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[k], other[k]) for k in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other


def test_a_run_logs_every_step_and_keeps_its_best(tmp_path):
    seen = []
    best = _train(_config(), tmp_path, progress=lambda *now: seen.append(now))
    log = _log(tmp_path)
    assert [e["step"] for e in log] == [1, 2, 3, 4]
    assert seen == [(i, 4) for i in range(1, 5)]
    assert best == max(e["validation"]["dice"] for e in log if "validation" in e)
    assert (tmp_path / BEST_NAME).exists()


def test_a_killed_run_continues_bit_for_bit(tmp_path, monkeypatch):
    _train(_config(), tmp_path / "whole")

    def kill(done, total):
        if done == 3:
            raise KeyboardInterrupt

    config = _config(checkpoint_seconds=-1)
    with pytest.raises(KeyboardInterrupt):
        _train(config, tmp_path / "killed", progress=kill)
    _train(config, tmp_path / "killed")
    whole, killed = (_state(tmp_path / n / CHECKPOINT_NAME) for n in ("whole", "killed"))
    assert _same(whole, killed)
    assert [e["loss"] for e in _log(tmp_path / "whole")] == [
        e["loss"] for e in _log(tmp_path / "killed")
    ]


def test_a_run_can_begin_with_another_ones_averaged_weights(tmp_path):
    _train(_config(), tmp_path / "small")
    begin = tmp_path / "small" / CHECKPOINT_NAME
    _train(_config(steps=1, size=64, rate=1e-12), tmp_path / "large", begin=begin)
    small, large = _state(begin)["average"], _state(tmp_path / "large" / CHECKPOINT_NAME)["model"]
    for name, value in small.items():
        torch.testing.assert_close(large[name], value)


def test_accumulation_gives_the_loss_of_the_whole_batch(tmp_path):
    for parts in (1, 2):
        _train(_config(steps=2, batch=4, accumulate=parts), tmp_path / str(parts))
    one, two = (_log(tmp_path / n)[-1] for n in "12")
    assert two["loss"] == pytest.approx(one["loss"], rel=1e-5)
    assert two["norm"] == pytest.approx(one["norm"], rel=1e-4)


def test_training_learns(tmp_path):
    _train(_config(steps=25, rate=0.01, strength=0, validate_every=25), tmp_path)
    losses = [e["loss"] for e in _log(tmp_path)]
    assert sum(losses[-3:]) < 0.9 * sum(losses[:3])


def test_patience_ends_a_run_that_no_longer_improves(tmp_path, monkeypatch):
    scores = {"dice": 0.5, "levels_right": 0.5, "structures": {}}
    monkeypatch.setattr(module, "validate", lambda *_: scores)
    _train(_config(steps=50, validate_every=1, patience=2), tmp_path)
    assert len(_log(tmp_path)) == 3


def test_a_folder_with_another_run_is_not_continued(tmp_path):
    _train(_config(steps=1), tmp_path)
    with pytest.raises(UsageError, match="other values of seed, steps"):
        _train(_config(steps=2, seed=9), tmp_path)


def test_checkpoints_are_read_without_running_code(tmp_path):
    path = tmp_path / "bad.ckpt"
    torch.save({"config": print}, path)
    with pytest.raises(FileFormatError, match="no checkpoint"):
        load_checkpoint(path)
    save_checkpoint(path, _config(), {"x": torch.ones(2)}, {"step": 3})
    state, counters = load_checkpoint(path, _config())
    assert torch.equal(state["x"], torch.ones(2))
    assert counters == {"step": 3}


def test_learning_rate_rises_then_falls():
    config = TrainingConfig(steps=100, warmup=10, rate=1.0)
    rates = [learning_rate(config, step) for step in range(101)]
    assert rates[9] == 1.0
    assert rates == sorted(rates[:10]) + sorted(rates[10:], reverse=True)
    assert rates[-1] == pytest.approx(0.01)


def test_a_budget_in_seconds_ends_a_run_and_lasts_over_resumes(tmp_path, monkeypatch):
    monkeypatch.setattr("spinemsca.segment.training.train.Stopwatch.lap", lambda _: 0.5)
    config = _config(steps=100, warmup=0, seconds=5, checkpoint_seconds=-1)
    seen = []

    def kill(done, total):
        seen.append((done, total))
        if len(seen) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _train(config, tmp_path, progress=kill)
    _train(config, tmp_path, progress=lambda *now: seen.append(now))
    log = _log(tmp_path)
    assert [e["step"] for e in log] == list(range(1, 11))
    assert seen == [(i // 2, 5) for i in range(1, 11)]
    assert [e["rate"] for e in log] == [learning_rate(config, 10 * i) for i in range(10)]
    assert all("validation" in e for e in log)
    _train(config, tmp_path)
    assert len(_log(tmp_path)) == 10, "a run whose time is used up takes no further step"


@pytest.mark.parametrize("option", [{"weights": {"bar": 2}}, {"choose_by": ("bar",)}])
def test_a_group_that_is_not_there_is_named(tmp_path, option):
    with pytest.raises(UsageError, match=r"'bar'.*folder names: bars"):
        _train(_config(**option), tmp_path)


def test_groups_that_choose_are_the_only_ones_validated(tmp_path, monkeypatch):
    seen = []

    def judge(network, cases, size):
        seen.append([c.name for c in cases])
        return {"dice": 0.5, "levels_right": 0.5, "structures": {}}

    monkeypatch.setattr(module, "validate", judge)
    other = replace(bar_example("c"), group="others")
    config = _config(steps=1, choose_by=("others",))
    cases = [bar_example("a"), bar_example("b")]
    train(config, cases, [*cases, other], tmp_path, device="cpu")
    assert seen == [["c"]]


def test_a_last_stage_learns_from_validation_cases_and_keeps_its_newest_weights(
    tmp_path, monkeypatch
):
    falling = iter((0.9, 0.5))
    monkeypatch.setattr(module, "validate", lambda *_: {"dice": next(falling)})
    kept = bar_example("kept")
    train(_config(learn_validation=True), [bar_example("a")], [kept], tmp_path, device="cpu")
    learnt = json.loads((tmp_path / RECORD_NAME).read_text())["data"]["train"]
    assert learnt["bars"]["patients"] == 2
    best, last = (_state(tmp_path / name) for name in (BEST_NAME, CHECKPOINT_NAME))
    assert _same(best["average"], last["average"])


def test_distractors_are_a_group_of_their_own(tmp_path):
    config = _config(steps=1, distractors=6, weights={"distractor": 3})
    _train(config, tmp_path)
    record = json.loads((tmp_path / RECORD_NAME).read_text())
    assert record["data"]["train"]["distractor"]["cases"] == 6
    assert "distractor" not in record["data"]["val"]


def test_training_needs_cases(tmp_path):
    with pytest.raises(ReleaseError, match="no training cases"):
        train(_config(distractors=3), [], [bar_example()], tmp_path, device="cpu")


def test_validation_needs_cases(tmp_path):
    with pytest.raises(ReleaseError, match="no validation cases"):
        train(_config(), [bar_example()], [], tmp_path, device="cpu")


def test_a_run_records_itself(tmp_path):
    _train(_config(steps=1), tmp_path)
    _train(_config(steps=1), tmp_path)
    record = json.loads((tmp_path / RECORD_NAME).read_text())
    assert [s["step"] for s in record["starts"]] == [0, 1]
    assert record["starts"][0]["processes"] == 1
    assert record["data"]["val"]["bars"]["cases"] == 1


def test_a_checkpoint_of_an_older_version_is_continued(tmp_path):
    _train(_config(steps=2, checkpoint_seconds=-1), tmp_path)
    path = tmp_path / CHECKPOINT_NAME
    content = torch.load(path, weights_only=True)
    for name in ("seconds", "clock", "choose_by", "distractors"):
        del content["config"][name]
    del content["config"]["network"]["kind"]
    del content["counters"]["seconds"]
    torch.save(content, path)
    _train(_config(steps=2, checkpoint_seconds=-1), tmp_path)
    content["config"]["colour"] = 1
    torch.save(content, path)
    with pytest.raises(FileFormatError, match="another version"):
        _train(_config(steps=2, checkpoint_seconds=-1), tmp_path)


def test_beginning_with_another_network_is_refused(tmp_path):
    _train(_config(steps=1), tmp_path / "one")
    config = _config(network=UNetConfig(widths=(8, 16)))
    with pytest.raises(FileFormatError, match="another network"):
        _train(config, tmp_path / "two", begin=tmp_path / "one" / BEST_NAME)


@pytest.mark.parametrize("kind", SMALL)
def test_every_network_trains_and_resumes(kind, tmp_path):
    config = _config(network=SMALL[kind], steps=2, checkpoint_seconds=-1)
    assert _train(config, tmp_path / kind) >= 0
    assert len(_log(tmp_path / kind)) == 2
    state = _state(tmp_path / kind / CHECKPOINT_NAME)
    assert not _same(state["model"], state["average"])
    _train(config, tmp_path / kind)
