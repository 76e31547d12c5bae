from __future__ import annotations

import time
from itertools import pairwise

import pytest

from spinemsca.segment.training.budget import (
    Stopwatch,
    done_and_total,
    is_over,
    last_step,
    position,
    validates,
)
from spinemsca.segment.training.config import TrainingConfig, learning_rate
from spinemsca.segment.training.run import Run

STEPS = TrainingConfig(steps=100, validate_every=30)
TIMED = TrainingConfig(steps=100, seconds=50)


def _run(**values) -> Run:
    return Run(None, None, None, **values)


def test_without_seconds_only_steps_count():
    assert position(STEPS, _run(step=7, seconds=1e9)) == 7
    assert isinstance(position(STEPS, _run(step=7)), int)
    assert last_step(STEPS, _run(step=7)) == 100
    assert not is_over(STEPS, _run(step=99, seconds=1e9))
    assert is_over(STEPS, _run(step=100))
    assert done_and_total(STEPS, _run(step=7)) == (7, 100)


def test_with_seconds_only_time_counts():
    assert position(TIMED, _run(step=5000, seconds=25)) == 50
    assert position(TIMED, _run(seconds=80)) == 100
    assert last_step(TIMED, _run(step=7)) > 1e9
    assert last_step(TIMED, _run(step=7, seconds=50)) == 7
    assert is_over(TIMED, _run(seconds=50))
    assert not is_over(TIMED, _run(step=5000, seconds=49.9))
    assert done_and_total(TIMED, _run(seconds=51)) == (50, 50)


def test_the_rate_follows_the_time_as_it_would_follow_the_steps():
    for share in (0.0, 0.3, 0.99):
        timed = learning_rate(TIMED, position(TIMED, _run(seconds=50 * share)))
        assert timed == pytest.approx(learning_rate(STEPS, 100 * share))


def test_validation_comes_every_so_many_steps_and_at_the_end():
    due = [s for s in range(1, 101) if validates(STEPS, _run(step=s), 0)]
    assert due == [30, 60, 90, 100]


def test_validation_comes_ten_times_in_a_budget_of_seconds():
    times = [0.7 * i for i in range(73)]
    due = [validates(TIMED, _run(seconds=b), a) for a, b in pairwise(times)]
    assert sum(due) == 10
    assert due[-1]


def test_a_run_without_patience_left_is_over():
    assert is_over(TrainingConfig(patience=3), _run(stale=3))


@pytest.mark.parametrize("clock", ["wall", "processor"])
def test_a_stopwatch_measures_laps_and_forgets_pauses(clock):
    watch = Stopwatch(clock)
    _busy(0.02)
    watch.restart()
    _busy(0.02)
    first = watch.lap()
    assert 0.015 < first < 0.3
    assert watch.lap() < 0.01


def test_the_processor_does_not_count_sleep():
    watch = Stopwatch("processor")
    time.sleep(0.05)
    assert watch.lap() < 0.04


def _busy(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
