"""The training loop: batches, steps of the optimiser, validation and checkpoints.

One device:

    spine-msca train RELEASE… --out RUN

Several devices or nodes, a process each:

    torchrun --nproc-per-node 4 -m spinemsca train RELEASE… --out RUN

Nothing here holds random state: the batch of a step follows from the seed and the step's number
and so does the learning rate, hence a run that was killed continues from its last checkpoint
bit for bit on a CPU.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Final

import torch

from spinemsca._util import Progress, silent
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
from spinemsca.segment.training.devices import device_name, launch, slowest
from spinemsca.segment.training.logging import journal
from spinemsca.segment.training.losses import segmentation_loss
from spinemsca.segment.training.provenance import write_provenance
from spinemsca.segment.training.run import Run, resume, save, start
from spinemsca.segment.training.selection import choose_cases
from spinemsca.segment.training.validate import validate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from torch import nn

    from spinemsca.segment.training.logging import Write

__all__ = ["BEST_NAME", "CHECKPOINT_NAME", "train"]

CHECKPOINT_NAME: Final = "last.ckpt"
"""What a stopped run goes on from."""

BEST_NAME: Final = "best.ckpt"
"""What held the best averaged weights on the validation cases, or the newest of a last stage."""


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
    training, judges = choose_cases(config, training, validation)
    fabric = launch(config, device)
    run = start(config, fabric, begin)
    resume(run, config, folder / CHECKPOINT_NAME)
    _describe(run, config, fabric, {"train": training, "val": judges}, folder, begin)
    checkpoints = _Checkpoints(run, config, folder, writes=fabric.is_global_zero)
    with _log(run, fabric, folder, tensorboard=tensorboard) as write:
        watch = Stopwatch(config.clock)
        for batch in _batches(config, training, run, fabric):
            before = run.seconds
            entry = _optimise(run, config, fabric, batch)
            run.seconds += slowest(watch.lap(), config, fabric)
            if validates(config, run, before):
                entry |= {"validation": _validated(run, config, judges, checkpoints)}
            write(entry)
            checkpoints.last_if_due()
            progress(*done_and_total(config, run))
            if is_over(config, run):
                break
            watch.restart()
    checkpoints.last()
    return run.best


class _Checkpoints:
    """The files that a run can be taken up from; of several processes one alone writes them."""

    def __init__(self, run: Run, config: TrainingConfig, folder: Path, *, writes: bool) -> None:
        self._run, self._config, self._folder, self._writes = run, config, folder, writes
        self._saved = time.monotonic()

    def best(self) -> None:
        self._save(BEST_NAME)

    def last(self) -> None:
        self._save(CHECKPOINT_NAME)
        self._saved = time.monotonic()

    def last_if_due(self) -> None:
        if time.monotonic() - self._saved > self._config.checkpoint_seconds:
            self.last()

    def _save(self, name: str) -> None:
        if self._writes:
            save(self._run, self._config, self._folder / name)


def _describe(
    run: Run,
    config: TrainingConfig,
    fabric: Any,
    data: dict[str, Sequence[Example]],
    folder: Path,
    begin: Path | None,
) -> None:
    """Writes `run.json`, from the first process."""
    if fabric.is_global_zero:
        write_provenance(
            folder,
            config,
            data,
            step=run.step,
            device=device_name(fabric.device),
            processes=fabric.world_size,
            begin=begin,
        )


def _log(
    run: Run, fabric: Any, folder: Path, *, tensorboard: bool
) -> AbstractContextManager[Write]:
    """The function that writes a step's entry down; it does nothing but in the first process."""
    if fabric.is_global_zero:
        return journal(folder, run.step, tensorboard=tensorboard)
    return nullcontext(lambda _: None)


def _batches(
    config: TrainingConfig, training: Sequence[Example], run: Run, fabric: Any
) -> Iterator[Batch]:
    """Yields the batches of the steps to come, preparing the next while the caller works."""
    sampler = Sampler(
        training,
        config.size,
        config.batch,
        config.seed,
        config.strength,
        config.weights,
        config.columns,
    )
    first, last = run.step, last_step(config, run)

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
    run: Run, config: TrainingConfig, cases: Sequence[Example], checkpoints: _Checkpoints
) -> dict[str, Any]:
    """Judges the averaged weights and keeps them where they are the best so far."""
    scores = validate(run.average, cases, config.size)
    run.stale += 1
    if scores["dice"] > run.best or config.learn_validation:
        run.best, run.stale = scores["dice"], 0
        checkpoints.best()
    return scores
