"""Synthetic cases: shape, tissue signal, scanner."""

from __future__ import annotations

from spinemsca.phantom.parameters import Parameters
from spinemsca.phantom.sample import draw_parameters
from spinemsca.phantom.synthesise import phantom, render, replay

__all__ = ["Parameters", "draw_parameters", "phantom", "render", "replay"]
