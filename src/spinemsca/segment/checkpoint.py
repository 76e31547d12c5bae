"""Checkpoints of a training run: written atomically, read without running code."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import torch

from spinemsca.errors import FileFormatError, UsageError
from spinemsca.io.files import write_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["load_checkpoint", "save_checkpoint"]


def save_checkpoint(
    path: Path,
    config: Mapping[str, Any],
    state: Mapping[str, Any],
    counters: Mapping[str, float],
) -> None:
    """Writes a checkpoint; a stopped run leaves the one before.

    Args:
        path: File to write.
        config: Of the run, JSON types only.
        state: State dicts by name.
        counters: Numbers by name.
    """
    buffer = io.BytesIO()
    content = {"config": dict(config), "state": dict(state), "counters": dict(counters)}
    torch.save(content, buffer)
    write_bytes(path, buffer.getvalue())


def load_checkpoint(
    path: Path, config: Mapping[str, Any] | None = None
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
    if config is not None and found != config:
        changed = sorted(k for k in {*found, *config} if found.get(k) != config.get(k))
        raise UsageError(
            f"was trained with other values of {', '.join(changed)}",
            where=path,
            remedy="Name a new folder, or the same configuration",
        )
    return state, counters
