"""The network as a recorded graph: the same numbers, without Python between its operations."""

from __future__ import annotations

import threading
import warnings
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor

from spinemsca.segment.networks.column import STRIDE

if TYPE_CHECKING:
    from collections.abc import Callable

    from spinemsca.segment.networks.column import ColumnNet

__all__ = ["RECORD_AFTER", "Recorded"]

RECORD_AFTER: Final = 2
"""Slices that are answered before it is worth half a second to record the network."""


class Recorded:
    """Runs a network as it is for the first slices, and as a recorded graph from then on.

    Both give the same bits for slices of any size. May be called by several threads.

    Args:
        network: On the CPU, in evaluation mode; its weights no longer change.
    """

    def __init__(self, network: ColumnNet) -> None:
        self._network = network
        self._run: Callable[[Tensor], Tensor] = network
        self._answered = 0
        self._lock = threading.Lock()

    def __call__(self, image: Tensor) -> Tensor:
        """As the network's `forward`."""
        with self._lock:
            if self._answered == RECORD_AFTER:
                self._run = _graph(self._network)
            self._answered += 1
        return self._run(image)


def _graph(network: ColumnNet) -> Callable[[Tensor], Tensor]:
    kit: Any = torch.jit
    with warnings.catch_warnings(), torch.inference_mode():
        # Said to be old, but what is to come after it needs a C++ compiler on the user's machine.
        warnings.simplefilter("ignore")
        traced = kit.trace(network, torch.zeros(1, 1, 2 * STRIDE, 3 * STRIDE), check_trace=False)
        graph: Callable[[Tensor], Tensor] = kit.freeze(traced)
    return graph
