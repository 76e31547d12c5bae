"""Weights on disk: safetensors in half precision, the network's shape in the same file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import safetensors.torch
import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open

from spinemsca._util import write_bytes
from spinemsca.errors import FileFormatError
from spinemsca.segment.networks.choice import build_network, network_config
from spinemsca.segment.runtime.confidence import UNCALIBRATED, Calibration

if TYPE_CHECKING:
    from pathlib import Path

    from spinemsca.segment.networks.choice import Network

__all__ = ["Weights", "load_weights", "save_weights"]

# Ours; a file of another form would bear another number.
_FORMAT: Final = "spine-msca-1"


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """A trained network and what it must be given.

    Attributes:
        network: On the CPU, in evaluation mode; ours or any that it is compared with.
        size: Pixels that the longer side of a slice is brought to.
        version: Of the weights.
        calibration: Turns evidence into confidence.
    """

    network: Network
    size: int
    version: str
    calibration: Calibration = UNCALIBRATED


def save_weights(path: Path, weights: Weights) -> None:
    """Writes a safetensors file; the same weights give the same bytes.

    Args:
        path: File to write.
        weights: Stored as float16.
    """
    about = {
        "format": _FORMAT,
        "network": weights.network.config.model_dump_json(),
        "size": str(weights.size),
        "version": weights.version,
        "calibration": weights.calibration.model_dump_json(),
    }
    tensors = {n: t.half().contiguous() for n, t in weights.network.state_dict().items()}
    # The order of metadata in the file is not fixed, that of one entry's text is.
    metadata = {"about": json.dumps(about, sort_keys=True)}
    write_bytes(path, safetensors.torch.save(tensors, metadata))


def load_weights(path: Path) -> Weights:
    """Reads what `save_weights` wrote; no code in the file is run.

    Raises:
        FileFormatError: If it is no weights file, or its tensors do not fit its network.
        MissingDependencyError: If its network needs a package that is not installed.
    """
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {}).get("about", "{}"))
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
        network = build_network(network_config(about["network"]))
        network.load_state_dict(tensors)
        size, version = int(about["size"]), str(about["version"])
        calibration = Calibration.model_validate_json(about.get("calibration", "{}"))
    except (OSError, SafetensorError, KeyError, ValueError, ValidationError, RuntimeError) as error:
        raise FileFormatError(
            f"is no weights file of this package ({type(error).__name__})", where=path
        ) from None
    network.eval().requires_grad_(False).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Weights(network, size, version, calibration)
