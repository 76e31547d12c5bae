"""Spine-MSCA: lumbar MR images into labelled, scored and measured spines.

Nothing heavy is imported until it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

# The rooms whose names functions bear are loaded first: a package that is loaded later would take
# its function's place. Their faces import nothing heavy.
import spinemsca.measure
import spinemsca.phantom
import spinemsca.report  # noqa: F401
from spinemsca._util import lazy_face
from spinemsca._version import __version__

if TYPE_CHECKING:
    from spinemsca.anatomy import DISCS, STRUCTURES, VERTEBRAE, Structure
    from spinemsca.case import Case, Sex, Spacing
    from spinemsca.curate import build, read_case
    from spinemsca.dataset import SpineMSCA, collate
    from spinemsca.draw import overlay
    from spinemsca.errors import SpineError
    from spinemsca.io import Volume, read_scan, read_volume
    from spinemsca.measure import Measurements, measure
    from spinemsca.phantom import phantom
    from spinemsca.predictions import Record, read_record
    from spinemsca.release import Release, download, open_release, synthesise, verify
    from spinemsca.report import report
    from spinemsca.score import evaluate
    from spinemsca.segment import Model, Segmentation, load_model

__all__ = [
    "Case",
    "DISCS",
    "Measurements",
    "Model",
    "Record",
    "Release",
    "STRUCTURES",
    "Segmentation",
    "Sex",
    "Spacing",
    "SpineError",
    "SpineMSCA",
    "Structure",
    "VERTEBRAE",
    "Volume",
    "__version__",
    "build",
    "collate",
    "download",
    "evaluate",
    "load_model",
    "measure",
    "open_release",
    "overlay",
    "phantom",
    "read_case",
    "read_record",
    "read_scan",
    "read_volume",
    "report",
    "synthesise",
    "verify",
]

_ROOMS = {
    "anatomy": ("DISCS", "STRUCTURES", "Structure", "VERTEBRAE"),
    "case": ("Case", "Sex", "Spacing"),
    "curate": ("build", "read_case"),
    "dataset": ("SpineMSCA", "collate"),
    "draw": ("overlay",),
    "errors": ("SpineError",),
    "io": ("Volume", "read_scan", "read_volume"),
    "measure": ("Measurements", "measure"),
    "phantom": ("phantom",),
    "predictions": ("Record", "read_record"),
    "release": ("Release", "download", "open_release", "synthesise", "verify"),
    "report": ("report",),
    "score": ("evaluate",),
    "segment": ("Model", "Segmentation", "load_model"),
}

__getattr__, __dir__ = lazy_face(
    __name__,
    {"__version__": "spinemsca._version"}
    | {name: f"spinemsca.{room}" for room, names in _ROOMS.items() for name in names},
)
del measure, phantom, report
