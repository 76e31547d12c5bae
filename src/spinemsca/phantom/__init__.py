"""Synthetic cases: shape, tissue signal, scanner."""

from __future__ import annotations

from spinemsca.phantom.parameters import Parameters
from spinemsca.phantom.render import phantom, render, replay
from spinemsca.phantom.sample import draw_parameters

__all__ = ["Parameters", "draw_parameters", "phantom", "render", "replay"]
