"""The weights that come with the package, and loading a model in one line."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spinemsca.errors import FileFormatError, MissingDependencyError
from spinemsca.segment.inference.model import Model

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

__all__ = ["load_model"]

# Where `examples/train/ship.py` puts the weights in the package, and under which names.
_FOLDER: Final = "trained"
# The same program's name for the weights.
_WEIGHTS: Final = "model.safetensors"
# Its name for their version and checksum.
_ABOUT: Final = "model.json"


def load_model(
    path: str | Path | None = None, device: str = "auto", engine: str = "torch"
) -> Model:
    """Loads a trained network, ready to segment slices.

    Args:
        path: Weights file; the weights that come with the package where not given.
        device: `cpu`, `cuda` (or another of torch's names), or `auto`: a GPU where there is one.
        engine: `torch`, `onnxruntime`, `openvino`, or `auto`, which is torch.

    Raises:
        MissingDependencyError: If this installation came without weights, or the engine is not
            installed.
        FileFormatError: If the file is no weights file, or is damaged.
        UsageError: If there is no such device or engine.
    """
    if path is not None:
        return Model.load(Path(path), device=device, engine=engine)
    source = files("spinemsca.segment") / _FOLDER / _WEIGHTS
    if not source.is_file():
        raise MissingDependencyError(
            "this installation came without weights",
            remedy="Give a weights file (--weights), or install a release: pip install spine-msca",
        )
    with as_file(source) as file:
        _check(file, files("spinemsca.segment") / _FOLDER / _ABOUT)
        return Model.load(file, device=device, engine=engine)


def _check(weights: Path, about: Traversable) -> None:
    """Compares the weights with the checksum that came with them."""
    if not about.is_file():
        return
    expected = json.loads(about.read_text(encoding="utf-8")).get("sha256")
    if expected not in (None, hashlib.sha256(weights.read_bytes()).hexdigest()):
        raise FileFormatError(
            "is not the weights file that was shipped",
            where=weights,
            remedy="Install the package again",
        )
