"""The training loop.

One device:

    spine-msca train RELEASE… --out RUN

Several devices or nodes, a process each:

    torchrun --nproc-per-node 4 -m spinemsca train RELEASE… --out RUN

Nothing here holds random state: the batch of a step follows from the seed and the step's number
and so does the learning rate, hence a run that was killed continues from its last checkpoint
bit for bit on a CPU.
"""

from __future__ import annotations

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from spinemsca._optional import optional
from spinemsca.progress import Progress, silent
from spinemsca.segment.checkpoint import load_checkpoint, save_checkpoint
from spinemsca.segment.config import TrainingConfig, learning_rate
from spinemsca.segment.data import Batch, Example, Sampler
from spinemsca.segment.loss import segmentation_loss
from spinemsca.segment.network import ColumnNet
from spinemsca.segment.validate import validate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from torch import nn

__all__ = ["BEST_NAME", "CHECKPOINT_NAME", "LOG_NAME", "train"]

CHECKPOINT_NAME = "last.ckpt"
BEST_NAME = "best.ckpt"
LOG_NAME = "log.jsonl"


@dataclass(slots=True)
class _Run:
    """What changes while training, and what a checkpoint holds."""

    model: nn.Module
    average: ColumnNet
    optimiser: Any
    step: int = 0
    best: float = -1.0
    stale: int = 0


def train(
    config: TrainingConfig,
    training: Sequence[Example],
    validation: Sequence[Example],
    folder: Path,
    *,
    begin: Path | None = None,
    device: str = "auto",
    progress: Progress = silent,
) -> float:
    """Trains a network, or goes on where a stopped run in the same folder left off.

    Args:
        config: What to do.
        training: Cases to learn from.
        validation: Cases of other patients, which choose the best weights.
        folder: Receives `last.ckpt`, `best.ckpt` and `log.jsonl`.
        begin: Checkpoint of a run, at a lower resolution say, with whose averaged weights this
            one begins; `None` begins at random.
        device: `auto`, `cpu` or `cuda`.
        progress: Told the steps done.

    Returns:
        The best mean Dice on the validation cases.

    Raises:
        UsageError: If the folder holds a run of another configuration.
        ReleaseError: If there are no training cases.
        MissingDependencyError: If Lightning Fabric is not installed.
    """
    fabric = _fabric(config, device)
    run = _start(config, fabric, begin)
    _resume(run, config, folder / CHECKPOINT_NAME)
    sampler = Sampler(
        training, config.size, config.batch, config.seed, config.strength, config.weights
    )
    saved = time.monotonic()
    for batch in _batches(sampler, run.step, config.steps, fabric):
        entry = _optimise(run, config, fabric, batch)
        if run.step % config.validate_every == 0 or run.step == config.steps:
            entry |= _validated(run, config, fabric, validation, folder)
        if fabric.is_global_zero:
            _log(folder / LOG_NAME, entry)
        if time.monotonic() - saved > config.checkpoint_seconds:
            _save(run, config, fabric, folder / CHECKPOINT_NAME)
            saved = time.monotonic()
        progress(run.step, config.steps)
        if run.stale >= config.patience:
            break
    _save(run, config, fabric, folder / CHECKPOINT_NAME)
    return run.best


def _fabric(config: TrainingConfig, device: str) -> Any:
    lightning = optional("lightning_fabric")
    fabric = lightning.Fabric(
        accelerator=device, precision=config.precision, **_processes(os.environ)
    )
    fabric.launch()
    return fabric


def _processes(environment: Mapping[str, str]) -> dict[str, Any]:
    """How `torchrun` spread the run, which it tells each process; alone, one device is used."""
    if "TORCHELASTIC_RUN_ID" not in environment:
        return {"devices": 1}
    here, everywhere = (int(environment[k]) for k in ("LOCAL_WORLD_SIZE", "WORLD_SIZE"))
    return {"devices": here, "num_nodes": everywhere // here, "strategy": "ddp"}


def _start(config: TrainingConfig, fabric: Any, begin: Path | None) -> _Run:
    torch.manual_seed(config.seed)
    model = ColumnNet(config.network).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if begin is not None:
        model.load_state_dict(load_checkpoint(begin)[0]["average"])
    average = fabric.to_device(deepcopy(model).requires_grad_(False).eval())
    optimiser = torch.optim.AdamW(
        [
            {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": config.decay},
            {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
        ],
        lr=config.rate,
    )
    model, optimiser = fabric.setup(model, optimiser)
    return _Run(model, average, optimiser)


def _batches(sampler: Sampler, first: int, last: int, fabric: Any) -> Iterator[Batch]:
    """Yields the batches of the steps, preparing the next one while the caller works."""

    def prepare(step: int) -> Batch:
        return sampler(step, fabric.global_rank, fabric.world_size)

    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(prepare, first)
        for step in range(first, last):
            batch = coming.result()
            if step + 1 < last:
                coming = pool.submit(prepare, step + 1)
            yield batch


def _optimise(run: _Run, config: TrainingConfig, fabric: Any, batch: Batch) -> dict[str, Any]:
    """One optimiser step; returns what to log."""
    rate = learning_rate(config, run.step)
    for group in run.optimiser.param_groups:
        group["lr"] = rate
    loss = _backward(run.model, config, fabric, batch)
    norm = fabric.clip_gradients(run.model, run.optimiser, max_norm=config.clip)
    run.optimiser.step()
    run.optimiser.zero_grad()
    run.step += 1
    _average(run, config)
    loss = fabric.all_reduce(loss, reduce_op="mean")
    return {"step": run.step, "loss": float(loss), "rate": rate, "norm": float(norm)}


def _backward(model: nn.Module, config: TrainingConfig, fabric: Any, batch: Batch) -> torch.Tensor:
    """Adds the gradient of the batch's mean loss, a part at a time."""
    total = torch.zeros((), device=fabric.device)
    parts = config.accumulate
    pieces = list(zip(batch.images.chunk(parts), batch.candidates.chunk(parts), strict=True))
    for i, (images, candidates) in enumerate(pieces):
        with fabric.no_backward_sync(model, enabled=i + 1 < len(pieces)):
            logits = model(fabric.to_device(images.to(memory_format=torch.channels_last)))
            known = fabric.to_device(candidates)
            loss = segmentation_loss(logits.float(), known, config.structure_weight)
            loss = loss * (len(images) / len(batch.images))
            fabric.backward(loss)
        total += loss.detach()
    return total


def _average(run: _Run, config: TrainingConfig) -> None:
    # Early on the average would hold on to random weights, so it follows more closely.
    keep = min(config.ema, run.step / (run.step + 10))
    with torch.no_grad():
        for mean, now in zip(run.average.parameters(), run.model.parameters(), strict=True):
            mean.lerp_(now, 1 - keep)


def _validated(
    run: _Run, config: TrainingConfig, fabric: Any, cases: Sequence[Example], folder: Path
) -> dict[str, Any]:
    """Judges the averaged weights and keeps them where they are the best so far."""
    scores = validate(run.average, cases, config.size)
    run.stale += 1
    if scores["dice"] > run.best:
        run.best, run.stale = scores["dice"], 0
        _save(run, config, fabric, folder / BEST_NAME)
    return {"validation": scores}


def _save(run: _Run, config: TrainingConfig, fabric: Any, path: Path) -> None:
    if fabric.is_global_zero:
        save_checkpoint(
            path,
            config.model_dump(mode="json"),
            {
                "model": run.model.state_dict(),
                "average": run.average.state_dict(),
                "optimiser": run.optimiser.state_dict(),
            },
            {"step": run.step, "best": run.best, "stale": run.stale},
        )


def _resume(run: _Run, config: TrainingConfig, path: Path) -> None:
    if not path.exists():
        return
    state, counters = load_checkpoint(path, config.model_dump(mode="json"))
    run.model.load_state_dict(state["model"])
    run.average.load_state_dict(state["average"])
    run.optimiser.load_state_dict(state["optimiser"])
    run.step, run.stale = int(counters["step"]), int(counters["stale"])
    run.best = float(counters["best"])


def _log(path: Path, entry: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")
