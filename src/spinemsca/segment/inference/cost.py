"""What a model costs: parameters, operations, time a slice and memory."""

from __future__ import annotations

import platform
import statistics
import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import torch
from torch.utils.flop_counter import FlopCounterMode

from spinemsca.phantom import phantom
from spinemsca.segment.networks.choice import build_network

if TYPE_CHECKING:
    from spinemsca.segment.inference.model import Model
    from spinemsca.segment.networks.choice import AnyConfig

__all__ = ["Footprint", "footprint", "operations", "peak_memory", "seconds_per_slice"]

# Pixels a side of the dataset's slices, in which costs are stated.
_SIZE: Final = 512


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a model costs on this machine.

    Attributes:
        parameters: Trained numbers.
        gflop: Of the network for 512×512 pixels, in 10⁹; a multiplication and an addition are
            two.
        size: Pixels that the longer side of a slice is brought to when predicting.
        seconds: Median time of a whole prediction of one 512×512 slice.
        memory_mib: Peak of this process so far in MiB, `None` where the system does not tell.
        threads: That torch uses.
        processor: Name of it.
    """

    parameters: int
    gflop: float
    size: int
    seconds: float
    memory_mib: float | None
    threads: int
    processor: str

    def as_dict(self) -> dict[str, Any]:
        """The footprint as JSON can hold it."""
        return asdict(self)


def footprint(model: Model, *, repeats: int = 11, patience: float = 60.0) -> Footprint:
    """Measures a model; in a fresh process, so that the peak of memory is its own.

    Args:
        model: To measure.
        repeats: Predictions to time, after one that is not counted.
        patience: Seconds after which fewer, but at least one, are enough.
    """
    network = model.weights.network
    return Footprint(
        parameters=sum(p.numel() for p in network.parameters()),
        seconds=seconds_per_slice(model, repeats, patience),
        memory_mib=peak_memory(),
        gflop=operations(network.config) / 1e9,
        size=model.weights.size,
        threads=torch.get_num_threads(),
        processor=platform.processor() or platform.machine(),
    )


def seconds_per_slice(model: Model, repeats: int, patience: float) -> float:
    """Median time of predicting one 512×512 phantom, clean-up of levels included."""
    image = phantom(0, size=_SIZE).image
    began = time.perf_counter()
    model.predict(image)
    times: list[float] = []
    while len(times) < repeats and (not times or time.perf_counter() - began < patience):
        start = time.perf_counter()
        model.predict(image)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def operations(config: AnyConfig, size: int = _SIZE) -> int:
    """Floating-point operations for one square of `size` pixels; nothing is computed."""
    with torch.device("meta"):
        network = build_network(config).eval()
        image = torch.empty(1, 1, size, size)
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network(image)
    return int(counter.get_total_flops())


def peak_memory() -> float | None:
    """Most MiB that this process has held so far; `None` where the system does not tell."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Kibibytes everywhere but on a Mac, which counts bytes.
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)
