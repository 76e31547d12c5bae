"""Spine-MSCA: lumbar MR images into labelled, scored and measured spines.

Nothing heavy is imported until it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from spinemsca._version import __version__

if TYPE_CHECKING:
    from spinemsca import measure
    from spinemsca.case import Case, Sex, Spacing
    from spinemsca.dataset import SpineMSCA
    from spinemsca.errors import SpineError
    from spinemsca.score.evaluate import evaluate
    from spinemsca.segment.inference.pretrained import load_model

__all__ = [
    "Case",
    "Sex",
    "Spacing",
    "SpineError",
    "SpineMSCA",
    "__version__",
    "evaluate",
    "load_model",
    "measure",
]

_HOMES: Final = {
    "Case": "spinemsca.case",
    "Sex": "spinemsca.case",
    "Spacing": "spinemsca.case",
    "SpineError": "spinemsca.errors",
    "SpineMSCA": "spinemsca.dataset",
    "evaluate": "spinemsca.score.evaluate",
    "load_model": "spinemsca.segment.inference.pretrained",
}


def __getattr__(name: str) -> Any:
    if name == "measure":
        # The room itself can be called, so that function and package do not hide each other.
        return import_module("spinemsca.measure")
    if name not in _HOMES:
        raise AttributeError(f"module 'spinemsca' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
