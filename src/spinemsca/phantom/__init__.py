"""Synthetic cases: shape, tissue signal, scanner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spinemsca._util import lazy_face

if TYPE_CHECKING:
    from spinemsca.phantom.parameters import Parameters
    from spinemsca.phantom.rendering import phantom, render, replay
    from spinemsca.phantom.sample import draw_parameters

__all__ = [
    "Parameters",
    "draw_parameters",
    "phantom",
    "render",
    "replay",
]

__getattr__, __dir__ = lazy_face(
    __name__,
    {
        "Parameters": "spinemsca.phantom.parameters",
        "draw_parameters": "spinemsca.phantom.sample",
        "phantom": "spinemsca.phantom.rendering",
        "render": "spinemsca.phantom.rendering",
        "replay": "spinemsca.phantom.rendering",
    },
)
