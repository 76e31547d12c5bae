"""What runs the network: torch, or ONNX Runtime or OpenVINO where they are installed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor

from spinemsca.errors import UsageError
from spinemsca.segment.networks.column import ColumnNet
from spinemsca.segment.runtime.torchscript import Recorded

if TYPE_CHECKING:
    from collections.abc import Callable

    from spinemsca.segment.networks.choice import Network
    from spinemsca.segment.runtime.weights import Weights

__all__ = ["ENGINES", "Engine", "choose_device", "choose_engine", "torch_engine"]

ENGINES: Final = ("auto", "torch", "onnxruntime", "openvino")
"""Names that may be asked for."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A network ready to run.

    Attributes:
        name: `torch`, `onnxruntime` or `openvino`.
        device: As torch names it.
        run: From a slice `(1, 1, R, C)` float32 on the CPU, R and C multiples of 32, to logits
            `(1, 12, R, C)` float32 on the CPU.
    """

    name: str
    device: str
    run: Callable[[Tensor], Tensor]


def torch_engine(network: Callable[[Tensor], Tensor], device: str) -> Engine:
    """An engine that runs the network in torch, in channels-last order.

    Args:
        network: In evaluation mode.
        device: As torch names it.
    """
    if device != "cpu" and isinstance(network, torch.nn.Module):
        network = network.to(device)

    def run(image: Tensor) -> Tensor:
        with torch.inference_mode():
            there = image.to(device, memory_format=torch.channels_last)
            return network(there).float().cpu()

    return Engine("torch", device, run)


def choose_engine(weights: Weights, device: str = "auto", engine: str = "auto") -> Engine:
    """Makes the engine that was asked for ready to run a network.

    Args:
        weights: From `load_weights`.
        device: `cpu`, `cuda` or another of torch's names, or `auto`: a GPU where there is one.
        engine: One of `ENGINES`; `auto` is torch, which nothing else beats on every machine.

    Raises:
        UsageError: If there is no such device or engine, or they do not go together.
        MissingDependencyError: If the engine is not installed.
    """
    if engine not in ENGINES:
        raise UsageError(f"there is no engine {engine!r}", remedy=f"Use one of {_listed(ENGINES)}")
    chosen = choose_device(device if engine in ("auto", "torch") else _cpu_only(device, engine))
    if engine in ("auto", "torch"):
        return torch_engine(_quickest(weights.network, chosen), chosen)
    from spinemsca.segment.runtime.onnx import deployed

    return Engine(engine, "cpu", deployed(weights.network, engine))


def _quickest(network: Network, device: str) -> Callable[[Tensor], Tensor]:
    return Recorded(network) if device == "cpu" and isinstance(network, ColumnNet) else network


def _cpu_only(device: str, engine: str) -> str:
    if device not in ("auto", "cpu"):
        raise UsageError(f"{engine} runs on the CPU here", remedy="Use --engine torch")
    return "cpu"


def choose_device(device: str) -> str:
    """The name that torch has for the device that was asked for.

    Raises:
        UsageError: If this machine has none of that name.
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(1, device=device).add_(1)
    except (RuntimeError, AssertionError, NotImplementedError):
        raise UsageError(f"there is no device {device!r}", remedy="Use cpu, or auto") from None
    return device


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names)
