"""What changes while training: started, saved and taken up again."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from spinemsca.errors import FileFormatError
from spinemsca.segment.networks.choice import build_network
from spinemsca.segment.training.checkpoint import load_checkpoint, save_checkpoint

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

    from spinemsca.segment.training.config import TrainingConfig

__all__ = ["Run", "resume", "save", "start"]


@dataclass(slots=True, eq=False)
class Run:
    """A training run as it stands.

    Attributes:
        model: The network that is trained.
        average: The moving average of its weights, which is judged and kept.
        optimiser: AdamW.
        step: Steps done.
        seconds: They took, without validation.
        best: The best mean Dice on the validation cases.
        stale: Validations since then.
    """

    model: nn.Module
    average: nn.Module
    optimiser: Any
    step: int = 0
    seconds: float = 0.0
    best: float = -1.0
    stale: int = 0


def start(config: TrainingConfig, fabric: Any, begin: Path | None) -> Run:
    """Makes a run ready for its first step.

    Args:
        config: With the network and the seed of its weights.
        fabric: Sets up network and optimiser.
        begin: Checkpoint with whose averaged weights to begin in place of random ones.

    Raises:
        FileFormatError: If `begin` is no checkpoint, or one of another network.
        MissingDependencyError: If the network needs a package that is not installed.
    """
    torch.manual_seed(config.seed)
    model = build_network(config.network).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if begin is not None:
        _take_over(model, begin)
    average = fabric.to_device(deepcopy(model).requires_grad_(False).eval())
    parameters = list(model.parameters())
    optimiser = torch.optim.AdamW(
        [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": config.decay},
            {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
        ],
        lr=config.rate,
    )
    model, optimiser = fabric.setup(model, optimiser)
    return Run(model, average, optimiser)


def _take_over(model: nn.Module, begin: Path) -> None:
    state, _ = load_checkpoint(begin)
    try:
        model.load_state_dict(state["average"])
    except (KeyError, RuntimeError):
        raise FileFormatError("is a checkpoint of another network", where=begin) from None


def resume(run: Run, config: TrainingConfig, path: Path) -> None:
    """Brings a run to where the checkpoint at `path` left off, if there is one.

    Raises:
        FileFormatError: If it is no checkpoint.
        UsageError: If it is of another configuration.
    """
    if not path.exists():
        return
    state, counters = load_checkpoint(path, config)
    run.model.load_state_dict(state["model"])
    run.average.load_state_dict(state["average"])
    run.optimiser.load_state_dict(state["optimiser"])
    run.step, run.stale = int(counters["step"]), int(counters["stale"])
    run.best, run.seconds = float(counters["best"]), float(counters.get("seconds", 0))


def save(run: Run, config: TrainingConfig, path: Path) -> None:
    """Writes the run's checkpoint; a stopped run leaves the one before."""
    save_checkpoint(
        path,
        config,
        {
            "model": run.model.state_dict(),
            "average": run.average.state_dict(),
            "optimiser": run.optimiser.state_dict(),
        },
        {"step": run.step, "best": run.best, "stale": run.stale, "seconds": run.seconds},
    )
