"""What is true of a synthetic case: landmarks in pixels, sizes in millimetres."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca.anatomy import DISCS, VERTEBRAE
from spinemsca.phantom import priors

if TYPE_CHECKING:
    from spinemsca.phantom.column import BodyShape
    from spinemsca.phantom.geometry import Points
    from spinemsca.phantom.raster import FieldOfView
    from spinemsca.phantom.scene import Patient

__all__ = ["truth_of"]

# Signs of the two axes of a body at its corners.
_CORNERS: Final = {
    "superior_anterior": (-1, 1),
    "superior_posterior": (1, 1),
    "inferior_posterior": (1, -1),
    "inferior_anterior": (-1, -1),
}


def truth_of(patient: Patient, view: FieldOfView) -> dict[str, Any]:
    """Landmarks and measures of a case, JSON-serialisable.

    Returns:
        `landmarks`: by vertebra, four corners of its rounded outline as (row, column) in pixels
        of the case; `discs`: by disc, heights and slip in mm, angle in degrees and Pfirrmann
        grade; `lordosis_deg` and `sacral_slope_deg`.
    """
    lumbar = {s.name: patient.bodies[s.name] for s in VERTEBRAE}
    corners = {name: _corners(body) for name, body in lumbar.items()}
    return {
        "landmarks": {
            name: {c: _pair(view.pixels(p[None])[0]) for c, p in points.items()}
            for name, points in corners.items()
        },
        "discs": {s.name: _disc(patient, i) for i, s in enumerate(DISCS)},
        "lordosis_deg": lumbar["S1"].upper.tilt - lumbar["L1"].upper.tilt,
        "sacral_slope_deg": lumbar["S1"].upper.tilt,
    }


def _corners(body: BodyShape) -> dict[str, Points]:
    """The outline's outermost point along each corner's diagonal."""
    frame = body.centre
    local = (body.outline - frame.centre) @ np.column_stack((frame.along, frame.up))
    scaled = local / np.abs(local).max(axis=0)
    return {
        name: body.outline[int(np.argmax(scaled @ np.array(side)))]
        for name, side in _CORNERS.items()
    }


def _disc(patient: Patient, i: int) -> dict[str, float]:
    first = priors.LEVELS.index("L1") + i
    above, below = patient.stack[first], patient.stack[first + 1]
    disc = patient.shape.discs[first]
    between = np.hypot(*(above.lower_edge() - below.upper_edge()).T)
    return {
        "height_anterior_mm": float(between[1]),
        "height_middle_mm": float(between[len(between) // 2]),
        "height_posterior_mm": float(between[-2]),
        "angle_deg": disc.wedge,
        "slip_mm": disc.slip,
        "pfirrmann": disc.grade,
    }


def _pair(point: Points) -> list[float]:
    return [round(float(v), 4) for v in point]
