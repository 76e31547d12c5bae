"""The network outside torch: exported to ONNX in memory, run by ONNX Runtime or OpenVINO."""

from __future__ import annotations

import io
import threading
import warnings
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from spinemsca._util import optional
from spinemsca.segment.networks.column import STRIDE

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

__all__ = ["deployed", "exported"]

# Names of the graph's input and output; ours to choose.
_IMAGE = "image"
# Of the output.
_LOGITS = "logits"


def exported(network: nn.Module) -> bytes:
    """Exports a network to ONNX, for slices of any size.

    Args:
        network: On the CPU, in evaluation mode.

    Raises:
        MissingDependencyError: If `onnx` is not installed.
    """
    optional("onnx")
    buffer = io.BytesIO()
    kit: Any = torch.onnx
    with warnings.catch_warnings(), torch.inference_mode():
        # torch's newer exporter takes half a minute where this one, said to be old, takes a second.
        warnings.simplefilter("ignore")
        kit.export(
            network,
            (torch.zeros(1, 1, 4 * STRIDE, 3 * STRIDE),),
            buffer,
            dynamo=False,
            input_names=[_IMAGE],
            output_names=[_LOGITS],
            dynamic_axes={_IMAGE: {2: "rows", 3: "columns"}, _LOGITS: {2: "rows", 3: "columns"}},
        )
    return buffer.getvalue()


def deployed(network: nn.Module, engine: str) -> Callable[[Tensor], Tensor]:
    """A network run by another engine on the CPU, with as many threads as torch has.

    Args:
        network: On the CPU, in evaluation mode.
        engine: `onnxruntime` or `openvino`.

    Returns:
        From a slice `(1, 1, R, C)` float32 to logits `(1, 12, R, C)` float32; may be called by
        several threads.

    Raises:
        MissingDependencyError: If the engine is not installed.
    """
    package = optional(engine)
    start = _onnxruntime if engine == "onnxruntime" else _openvino
    return start(package, exported(network))


def _onnxruntime(package: Any, model: bytes) -> Callable[[Tensor], Tensor]:
    options = package.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = package.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def run(image: Tensor) -> Tensor:
        return torch.from_numpy(session.run(None, {_IMAGE: image.numpy()})[0])

    return run


def _openvino(package: Any, model: bytes) -> Callable[[Tensor], Tensor]:
    core = package.Core()
    compiled = core.compile_model(
        core.read_model(io.BytesIO(model)),
        "CPU",
        {
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32",
        },
    )
    # A request is for one thread at a time.
    held = threading.local()

    def run(image: Tensor) -> Tensor:
        if not hasattr(held, "request"):
            held.request = compiled.create_infer_request()
        logits = held.request.infer({0: image.numpy()})[0]
        return torch.from_numpy(logits.copy())

    return run
