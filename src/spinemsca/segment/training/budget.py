"""How far a run is: by its steps or, to compare networks of different speed, by its time."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from spinemsca.segment.training.config import TrainingConfig
    from spinemsca.segment.training.run import Run

__all__ = ["Stopwatch", "done_and_total", "is_over", "last_step", "position", "validates"]

# Chosen: validations in a budget of seconds, evenly spread over it.
_VALIDATIONS: Final = 10

# Clocks that a configuration may name, as Python provides them.
_CLOCKS: Final[Mapping[str, Callable[[], float]]] = {
    "wall": time.perf_counter,
    "processor": time.process_time,
}


class Stopwatch:
    """Measures laps between which it can be put back.

    Args:
        clock: `wall`, or `processor` for the time of all threads of this process.
    """

    def __init__(self, clock: str) -> None:
        self._now = _CLOCKS[clock]
        self._since = self._now()

    def restart(self) -> None:
        """Forgets what passed since the last lap."""
        self._since = self._now()

    def lap(self) -> float:
        """Seconds since the last lap or restart."""
        before, self._since = self._since, self._now()
        return self._since - before


def position(config: TrainingConfig, run: Run) -> float:
    """Where the run stands on the learning rate's way from 0 to `config.steps`."""
    if config.seconds is None:
        return run.step
    return config.steps * min(1.0, run.seconds / config.seconds)


def is_over(config: TrainingConfig, run: Run) -> bool:
    """Whether steps or seconds are used up, or nothing became better for too long."""
    if run.stale >= config.patience:
        return True
    if config.seconds is None:
        return run.step >= config.steps
    return run.seconds >= config.seconds


def last_step(config: TrainingConfig, run: Run) -> int:
    """The step that the run will not go beyond; its number now where it is over."""
    if is_over(config, run):
        return run.step
    return config.steps if config.seconds is None else sys.maxsize


def validates(config: TrainingConfig, run: Run, before: float) -> bool:
    """Whether to validate after a step, before which the run had taken `before` seconds."""
    if is_over(config, run):
        return True
    if config.seconds is None:
        return run.step % config.validate_every == 0
    part = config.seconds / _VALIDATIONS
    return run.seconds // part > before // part


def done_and_total(config: TrainingConfig, run: Run) -> tuple[int, int]:
    """Steps done and all steps; for a budget in seconds, whole seconds."""
    if config.seconds is None:
        return run.step, config.steps
    total = round(config.seconds)
    return min(total, int(run.seconds)), total
