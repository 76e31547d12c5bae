"""Where a training run computes: one device, or the processes that `torchrun` started."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import torch

from spinemsca._util import optional

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spinemsca.segment.training.config import TrainingConfig

__all__ = ["device_name", "launch", "processes", "slowest"]


def launch(config: TrainingConfig, device: str) -> Any:
    """Starts Lightning Fabric in this process, beside those that `torchrun` started.

    Args:
        config: With the precision.
        device: `auto`, `cpu` or `cuda`.

    Raises:
        MissingDependencyError: If Lightning Fabric is not installed.
    """
    lightning = optional("lightning_fabric")
    fabric = lightning.Fabric(
        accelerator=device, precision=config.precision, **processes(os.environ)
    )
    fabric.launch()
    return fabric


def processes(environment: Mapping[str, str]) -> dict[str, Any]:
    """How `torchrun` spread the run, which it tells each process; alone, one device is used."""
    if "TORCHELASTIC_RUN_ID" not in environment:
        return {"devices": 1}
    here, everywhere = (int(environment[k]) for k in ("LOCAL_WORLD_SIZE", "WORLD_SIZE"))
    return {"devices": here, "num_nodes": everywhere // here, "strategy": "ddp"}


def device_name(device: torch.device) -> str:
    """The name of a GPU's model; of another device, what torch calls it."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else str(device)


def slowest(seconds: float, config: TrainingConfig, fabric: Any) -> float:
    """Time of the slowest process, so that all of them end at the same step.

    Args:
        seconds: Of this process.
        config: Only where it has a budget in seconds need the processes agree.
        fabric: From `launch`.
    """
    if config.seconds is None or fabric.world_size == 1:
        return seconds
    longest: float = fabric.all_gather(torch.tensor(seconds)).max().item()
    return longest
