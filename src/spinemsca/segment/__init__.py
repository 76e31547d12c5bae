"""Segmentation: `networks`, their `training`, and prediction with anatomical clean-up.

Modules here import torch; import them only where they are used. Prediction does not need
`training`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spinemsca._util import lazy_face

if TYPE_CHECKING:
    from spinemsca.segment.inference.intensity import window
    from spinemsca.segment.inference.model import Model, Segmentation
    from spinemsca.segment.inference.predict_files import Outcome, predict_files
    from spinemsca.segment.inference.pretrained import load_model
    from spinemsca.segment.labelling.relabel import Renaming, relabel_file
    from spinemsca.segment.runtime.weights import Weights, save_weights
    from spinemsca.segment.training.checkpoint import export_checkpoint
    from spinemsca.segment.training.config import read_training_config
    from spinemsca.segment.training.data import load_examples
    from spinemsca.segment.training.train import BEST_NAME, train

__all__ = [
    "BEST_NAME",
    "Model",
    "Outcome",
    "Renaming",
    "Segmentation",
    "Weights",
    "export_checkpoint",
    "load_examples",
    "load_model",
    "predict_files",
    "read_training_config",
    "relabel_file",
    "save_weights",
    "train",
    "window",
]

__getattr__, __dir__ = lazy_face(
    __name__,
    {
        "BEST_NAME": "spinemsca.segment.training.train",
        "Model": "spinemsca.segment.inference.model",
        "Outcome": "spinemsca.segment.inference.predict_files",
        "Renaming": "spinemsca.segment.labelling.relabel",
        "Segmentation": "spinemsca.segment.inference.model",
        "Weights": "spinemsca.segment.runtime.weights",
        "export_checkpoint": "spinemsca.segment.training.checkpoint",
        "load_examples": "spinemsca.segment.training.data",
        "load_model": "spinemsca.segment.inference.pretrained",
        "predict_files": "spinemsca.segment.inference.predict_files",
        "read_training_config": "spinemsca.segment.training.config",
        "relabel_file": "spinemsca.segment.labelling.relabel",
        "save_weights": "spinemsca.segment.runtime.weights",
        "train": "spinemsca.segment.training.train",
        "window": "spinemsca.segment.inference.intensity",
    },
)
