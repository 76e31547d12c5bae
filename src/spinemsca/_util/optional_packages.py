"""Optional packages, behind one getter whose error names the exact `pip install`."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from spinemsca.errors import MissingDependencyError

__all__ = ["optional"]

_EXTRA: Final = {
    "lightning_fabric": "train",
    "matplotlib": "plot",
    "monai": "train",
    "onnx": "deploy",
    "onnxruntime": "deploy",
    "openvino": "deploy",
    "pyarrow": "hub",
    "tensorboard": "train",
    "weasyprint": "pdf",
}


def optional(module: str) -> Any:
    """Imports `module`, which an extra of this package installs.

    Raises:
        MissingDependencyError: If it is not installed.
    """
    try:
        return import_module(module)
    except ImportError:
        package = module.partition(".")[0]
        extra = _EXTRA.get(package)
        command = f"pip install spine-msca[{extra}]" if extra else f"pip install {package}"
        raise MissingDependencyError(
            f"{package} is not installed", remedy=f"Run: {command}"
        ) from None
