"""Scans to cases: select, resample, normalise, de-identify, split."""

from __future__ import annotations

from spinemsca.curate.build import build
from spinemsca.curate.config import read_build_config
from spinemsca.curate.normalise import normalise
from spinemsca.curate.read_case import read_case
from spinemsca.curate.resample import Fit, place, resample_image, resample_label

__all__ = [
    "Fit",
    "build",
    "normalise",
    "place",
    "read_build_config",
    "read_case",
    "resample_image",
    "resample_label",
]
