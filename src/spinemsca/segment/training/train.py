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

import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import torch

from spinemsca._util import Progress, optional, silent
from spinemsca.errors import ReleaseError, UsageError
from spinemsca.segment.training.budget import (
    Stopwatch,
    done_and_total,
    is_over,
    last_step,
    position,
    validates,
)
from spinemsca.segment.training.config import TrainingConfig, learning_rate
from spinemsca.segment.training.data import Batch, Example, Sampler
from spinemsca.segment.training.logging import journal
from spinemsca.segment.training.losses import segmentation_loss
from spinemsca.segment.training.negatives import distractors
from spinemsca.segment.training.partial_labels import with_open_edges
from spinemsca.segment.training.provenance import write_provenance
from spinemsca.segment.training.run import Run, resume, save, start
from spinemsca.segment.training.validate import validate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from torch import nn

__all__ = ["BEST_NAME", "CHECKPOINT_NAME", "train"]

CHECKPOINT_NAME: Final = "last.ckpt"
BEST_NAME: Final = "best.ckpt"


def train(  # noqa: PLR0913
    config: TrainingConfig,
    training: Sequence[Example],
    validation: Sequence[Example],
    folder: Path,
    *,
    begin: Path | None = None,
    device: str = "auto",
    tensorboard: bool = False,
    progress: Progress = silent,
) -> float:
    """Trains a network, or goes on where a stopped run in the same folder left off.

    Args:
        config: What to do.
        training: Cases to learn from.
        validation: Cases of other patients, which choose the best weights, or are learnt from
            too where the configuration says so.
        folder: Receives `last.ckpt`, `best.ckpt`, `log.jsonl`, `run.json` and `curves.png`.
        begin: Checkpoint of a run, at a lower resolution say, with whose averaged weights this
            one begins; `None` begins at random.
        device: `auto`, `cpu` or `cuda`.
        tensorboard: Write for TensorBoard, too.
        progress: Told the steps done, or the seconds for a budget in seconds.

    Returns:
        The best mean Dice on the validation cases.

    Raises:
        UsageError: If the folder holds a run of another configuration, or that names groups
            which are not there.
        FileFormatError: If a checkpoint cannot be read, or `begin` is of another network.
        ReleaseError: If there are no training or validation cases.
        MissingDependencyError: If Lightning Fabric, or what else was asked for, is not
            installed.
    """
    if not training:
        raise ReleaseError("there are no training cases", remedy="Add a release that has some")
    if config.learn_validation:
        training = [*training, *validation]
    training = [_opened(e, config.open_edges.get(e.group, 0)) for e in training]
    training = [*training, *distractors(training, config.distractors, config.seed)]
    judges = _judges(config, training, validation)
    sampler = Sampler(
        training,
        config.size,
        config.batch,
        config.seed,
        config.strength,
        config.weights,
        config.columns,
    )
    fabric = _fabric(config, device)
    run = start(config, fabric, begin)
    resume(run, config, folder / CHECKPOINT_NAME)
    main = fabric.is_global_zero
    if main:
        _record(run, config, fabric, {"train": training, "val": judges}, folder, begin)
    with journal(folder, run.step, tensorboard=tensorboard) if main else nullcontext() as write:
        saved, watch = time.monotonic(), Stopwatch(config.clock)
        for batch in _batches(sampler, run.step, last_step(config, run), fabric):
            before = run.seconds
            entry = _optimise(run, config, fabric, batch)
            run.seconds = before + _agreed(watch.lap(), config, fabric)
            if validates(config, run, before):
                entry |= _validated(run, config, judges, folder if main else None)
            if write is not None:
                write(entry)
            if main and time.monotonic() - saved > config.checkpoint_seconds:
                save(run, config, folder / CHECKPOINT_NAME)
                saved = time.monotonic()
            progress(*done_and_total(config, run))
            if is_over(config, run):
                break
            watch.restart()
    if main:
        save(run, config, folder / CHECKPOINT_NAME)
    return run.best


def _opened(case: Example, width: int) -> Example:
    return replace(case, candidates=with_open_edges(case.candidates, width))


def _judges(
    config: TrainingConfig, training: Sequence[Example], validation: Sequence[Example]
) -> list[Example]:
    """The validation cases that choose the best weights."""
    for option, named, examples in (
        ("weights", config.weights, training),
        ("choose_by", config.choose_by, validation),
        ("open_edges", config.open_edges, training),
    ):
        groups = {e.group for e in examples}
        if unknown := sorted(set(named) - groups):
            raise UsageError(
                f"{option} names the group {unknown[0]!r}",
                remedy=f"Groups are the releases' folder names: {', '.join(sorted(groups))}",
            )
    judges = [e for e in validation if not config.choose_by or e.group in config.choose_by]
    if not judges:
        raise ReleaseError("there are no validation cases", remedy="Add a release that has some")
    return judges


def _record(
    run: Run,
    config: TrainingConfig,
    fabric: Any,
    data: dict[str, Sequence[Example]],
    folder: Path,
    begin: Path | None,
) -> None:
    device = str(fabric.device)
    if fabric.device.type == "cuda":
        device = torch.cuda.get_device_name(fabric.device)
    write_provenance(
        folder,
        config,
        data,
        step=run.step,
        device=device,
        processes=fabric.world_size,
        begin=begin,
    )


def _agreed(seconds: float, config: TrainingConfig, fabric: Any) -> float:
    """Time of the slowest process, so that all of them end at the same step."""
    if config.seconds is None or fabric.world_size == 1:
        return seconds
    slowest: float = fabric.all_gather(torch.tensor(seconds)).max().item()
    return slowest


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


def _optimise(run: Run, config: TrainingConfig, fabric: Any, batch: Batch) -> dict[str, Any]:
    """One optimiser step; returns what to log."""
    rate = learning_rate(config, position(config, run))
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


def _average(run: Run, config: TrainingConfig) -> None:
    # Early on the average would hold on to random weights, so it follows more closely.
    keep = min(config.ema, run.step / (run.step + 10))
    with torch.no_grad():
        for mean, now in zip(run.average.parameters(), run.model.parameters(), strict=True):
            mean.lerp_(now, 1 - keep)


def _validated(
    run: Run, config: TrainingConfig, cases: Sequence[Example], folder: Path | None
) -> dict[str, Any]:
    """Judges the averaged weights and keeps them where they are the best so far."""
    scores = validate(run.average, cases, config.size)
    run.stale += 1
    if scores["dice"] > run.best or config.learn_validation:
        run.best, run.stale = scores["dice"], 0
        if folder is not None:
            save(run, config, folder / BEST_NAME)
    return {"validation": scores}
