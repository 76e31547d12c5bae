"""Checkpoints of a training run: written atomically, read without running code."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import torch
from pydantic import ValidationError

from spinemsca._util import write_bytes
from spinemsca.errors import FileFormatError, UsageError
from spinemsca.segment.networks.choice import build_network

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from spinemsca.segment.networks.choice import AnyConfig, Network
    from spinemsca.segment.training.config import TrainingConfig

__all__ = ["export_checkpoint", "load_checkpoint", "save_checkpoint"]


def save_checkpoint(
    path: Path,
    config: TrainingConfig,
    state: Mapping[str, Any],
    counters: Mapping[str, float],
) -> None:
    """Writes a checkpoint; a stopped run leaves the one before.

    Args:
        path: File to write.
        config: Of the run.
        state: State dicts by name.
        counters: Numbers by name.
    """
    buffer = io.BytesIO()
    content = {
        "config": config.model_dump(mode="json"),
        "state": dict(state),
        "counters": dict(counters),
    }
    torch.save(content, buffer)
    write_bytes(path, buffer.getvalue())


def load_checkpoint(
    path: Path, config: TrainingConfig | None = None
) -> tuple[dict[str, Any], dict[str, float]]:
    """Reads the state dicts and counters of a checkpoint, onto the CPU.

    Args:
        path: File to read.
        config: The configuration that it must be of; `None` takes any.

    Raises:
        FileFormatError: If it is no checkpoint.
        UsageError: If it is of another configuration.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        found, state, counters = (content[k] for k in ("config", "state", "counters"))
    except Exception as error:
        raise FileFormatError(f"is no checkpoint ({type(error).__name__})", where=path) from None
    if config is not None:
        _check_same(found, config, path)
    return state, counters


def export_checkpoint(path: Path, config: AnyConfig) -> Network:
    """The network with the averaged weights of a training run's checkpoint.

    Args:
        path: `best.ckpt` or `last.ckpt` of the run.
        config: Its network's.

    Raises:
        FileFormatError: If it is no checkpoint, or one of another network.
    """
    state, _ = load_checkpoint(path)
    network = build_network(config)
    try:
        network.load_state_dict(state["average"])
    except (KeyError, RuntimeError):
        raise FileFormatError("is a checkpoint of another network", where=path) from None
    return network.eval().requires_grad_(False)


def _check_same(found: Mapping[str, Any], config: TrainingConfig, path: Path) -> None:
    try:
        # What an older version did not write yet was as its default says.
        before = type(config).model_validate(found)
    except ValidationError:
        raise FileFormatError("is a checkpoint of another version", where=path) from None
    fields = type(config).model_fields
    if changed := sorted(k for k in fields if getattr(before, k) != getattr(config, k)):
        raise UsageError(
            f"was trained with other values of {', '.join(changed)}",
            where=path,
            remedy="Name a new folder, or the same configuration",
        )
