"""What a training run is told, and the learning rate that follows from it."""

from __future__ import annotations

import math
import tomllib
from typing import TYPE_CHECKING, Literal

from pydantic import Field, ValidationError

from spinemsca._util import Strict
from spinemsca.errors import UsageError
from spinemsca.segment.networks.choice import AnyConfig  # noqa: TC001
from spinemsca.segment.networks.column import STRIDE, NetworkConfig
from spinemsca.segment.training.losses import STRUCTURE_WEIGHT

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["TrainingConfig", "learning_rate", "read_training_config"]


class TrainingConfig(Strict):
    """Everything that decides what a training run does.

    Attributes:
        seed: Of weights, batches and augmentation.
        steps: Optimiser steps.
        seconds: Budget in place of `steps`, for comparing networks of different speed: the run
            ends when its training took so long, over all its resumes, validation left out. The
            learning rate then follows the share of the time used as it else follows the share
            of the steps, and validation happens ten times. Such a run cannot be repeated bit
            for bit.
        clock: Whether `seconds` are of the clock on the wall or of the processor, which is
            fairer on a shared machine and wrong on a GPU.
        size: Side of the square that the network sees, in pixels; a multiple of 32.
        columns: Columns of the square, around the case's structures, that most batches show; a
            column of vertebrae fills little of a slice, and a narrow batch takes less time.
            Every fourth batch shows the whole square, and so do all where it is `None`.
        batch: Examples a step, over all devices.
        accumulate: Parts a device's share of a batch is cut into to save memory.
        rate: Highest learning rate.
        warmup: Steps in which the learning rate rises to it, before the cosine falls.
        decay: Weight decay.
        clip: Largest norm of the gradient.
        ema: Share of the averaged weights that stays at each step.
        strength: Of the augmentation, 0 to 1.
        structure_weight: How much more a structure's pixel counts in the cross-entropy.
        distractors: Pictures that are no spine to make and train on, as group `distractor`.
        open_edges: For each group of cases with outlines that are not to be trusted, such as
            pseudo-labels, how many of its pixels to either side of an outline may be inside or
            outside.
        weights: How often each group of cases (folder name of a release) is drawn, beside 1
            for those not named.
        choose_by: Groups whose validation cases choose the best weights; all where empty.
        learn_validation: Learn from the validation cases too: for a last stage, when nothing is
            left to choose. What validation then says is no judgement, and the newest weights
            count as the best.
        validate_every: Steps.
        patience: Validations without a new best Dice after which the run ends.
        checkpoint_seconds: Between checkpoints.
        precision: As Lightning Fabric names it: `32-true`, `bf16-mixed`, …
        network: Widths and depths, of ours or, by its `kind`, of one to compare with.
    """

    seed: int = 0
    steps: int = Field(default=20_000, ge=1)
    seconds: float | None = Field(default=None, gt=0)
    clock: Literal["wall", "processor"] = "wall"
    size: int = Field(default=256, multiple_of=STRIDE, gt=0)
    columns: int | None = Field(default=None, multiple_of=STRIDE, gt=0)
    batch: int = Field(default=8, ge=1)
    accumulate: int = Field(default=1, ge=1)
    rate: float = Field(default=1.5e-3, gt=0)
    warmup: int = Field(default=100, ge=0)
    decay: float = Field(default=0.02, ge=0)
    clip: float = Field(default=1.0, gt=0)
    ema: float = Field(default=0.995, ge=0, lt=1)
    strength: float = Field(default=1.0, ge=0, le=1)
    structure_weight: float = Field(default=STRUCTURE_WEIGHT, gt=0)
    distractors: int = Field(default=0, ge=0)
    open_edges: dict[str, int] = Field(default_factory=dict)
    weights: dict[str, float] = Field(default_factory=dict)
    choose_by: tuple[str, ...] = ()
    learn_validation: bool = False
    validate_every: int = Field(default=200, ge=1)
    patience: int = Field(default=1_000_000, ge=1)
    checkpoint_seconds: float = 300.0
    precision: str = "32-true"
    network: AnyConfig = NetworkConfig()


def learning_rate(config: TrainingConfig, step: float) -> float:
    """The rate of a step: a linear rise, then half a cosine down to 1 % of the highest.

    Args:
        config: With the highest rate, the rise and the number of steps.
        step: From 0; for a budget in seconds, the share of it used times `config.steps`.
    """
    if step < config.warmup:
        return config.rate * (step + 1) / config.warmup
    done = (step - config.warmup) / max(1, config.steps - config.warmup)
    return config.rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))


def read_training_config(path: Path | None) -> TrainingConfig:
    """Reads a configuration from TOML; what the file leaves out, or no file, is the default.

    Raises:
        UsageError: If it cannot be read, or names or values are wrong.
    """
    if path is None:
        return TrainingConfig()
    try:
        return TrainingConfig.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{name}: {first['msg']}", where=path) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"is no readable TOML ({error})", where=path) from None
