"""Everything about the column: skin, fat, muscle, vessels, bowel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.ndimage import gaussian_filter1d

from spinemsca.phantom import priors
from spinemsca.phantom.geometry import Points, ellipse, open_resample, ribbon
from spinemsca.phantom.tissue import Tissue

if TYPE_CHECKING:
    from spinemsca.phantom.raster import Canvas
    from spinemsca.phantom.scene import Patient

__all__ = ["back_line", "column_front", "paint_surroundings"]

_FIRST: Final = priors.LEVELS.index("L1")
# In mm; chosen, not measured: beyond any field of view.
_FAR: Final = 400.0
_Y: Final = np.linspace(-_FAR, _FAR, 401)


def column_front(patient: Patient) -> Points:
    """`(200, 2)` the column's front from the head down, smooth."""
    points = []
    for body in patient.stack:
        v = body.vertebra
        points.append(body.upper.centre - body.upper.along * (v.depth / 2 + 0.5))
        points.append(body.lower.centre - body.lower.along * (v.lower_depth / 2 + 0.5))
    line = open_resample(np.array(points), 200)
    return np.asarray(gaussian_filter1d(line, 4, axis=0, mode="nearest"))


def back_line(patient: Patient) -> tuple[Points, Points]:
    """X of the fascia behind the processes and of the skin of the back, at 401 heights.

    A supine patient's back is pressed flat by the table.
    """
    canal, soft = patient.canal, patient.shape.soft
    reach = canal.at(canal.depth + np.interp(canal.level, (3.5, 5.0, 6.5, 8.5), (32, 25, 12, 5)))
    order = np.argsort(reach[:, 1])
    tips = np.interp(_Y, reach[order, 1], reach[order, 0])
    fascia = gaussian_filter1d(tips, 6, mode="nearest")
    fat = np.interp(_Y, (-180, 10, 60), (soft.back_fat[0], *soft.back_fat[1:], soft.back_fat[1]))
    skin = gaussian_filter1d(tips + fat, 30, mode="nearest")
    return fascia, gaussian_filter1d(np.maximum(skin, fascia + 6), 5, mode="nearest")


def paint_surroundings(canvas: Canvas, patient: Patient) -> None:
    """Paints the body without its column, from the skin inwards."""
    soft = patient.shape.soft
    front = column_front(patient)
    fascia, skin = back_line(patient)
    lead = np.interp(_Y, front[:, 1], front[:, 0])
    belly = lead.mean() - soft.belly - 16 * np.cos((_Y + 40) / 95)
    _between(canvas, belly, skin, Tissue.SKIN)
    _between(canvas, belly + 1.8, skin - 1.8, Tissue.FAT)
    _between(canvas, belly + soft.belly_fat, fascia + 0.6, Tissue.FASCIA)
    _between(canvas, belly + soft.belly_fat + 1, lead + 10, Tissue.MUSCLE)
    _between(canvas, belly + soft.belly_fat + 9, lead + 10, Tissue.VISCERA)
    _between(canvas, lead + 10, fascia - 0.6, Tissue.INTERSPINOUS)
    for loop in soft.bowel:
        wall = np.interp(loop.y, _Y, belly) + soft.belly_fat + 9
        if loop.x - max(loop.a, loop.b) < wall:
            continue
        ring = ellipse(loop.x, loop.y, loop.a, loop.b, loop.turn)
        canvas.fill(ring, Tissue.WALL)
        inner = ellipse(loop.x, loop.y, loop.a - 2, loop.b - 2, loop.turn)
        canvas.fill(inner, Tissue[loop.kind.upper()])
    _paint_front(canvas, patient, front)


def _paint_front(canvas: Canvas, patient: Patient, front: Points) -> None:
    soft = patient.shape.soft
    sacrum = int(np.argmin(np.abs(front[:, 1] - patient.bodies["L5"].lower.y)))
    canvas.fill(ribbon(front[sacrum:], 14.0, 1.0), Tissue.PRESACRAL)
    canvas.fill(ribbon(front, soft.prevertebral, 1.0), Tissue.PRESACRAL)
    if soft.vessel > 0:
        name = priors.LEVELS[_FIRST + int(soft.vessel_end)]
        end = int(np.argmin(np.abs(front[:, 1] - patient.bodies[name].centre.y)))
        gap = soft.prevertebral + np.linspace(3, 0, end)
        place = np.linspace(0, 1, end)
        wide = soft.vessel * np.clip((1 - place) * 4, 0, 1) ** 0.5
        canvas.fill(ribbon(front[:end], gap + wide + 1.2, 1.2 - gap), Tissue.WALL)
        canvas.fill(ribbon(front[:end], gap + wide, -gap), Tissue.VESSEL)
    canvas.fill(ribbon(front, 1.1, 1.0), Tissue.LIGAMENT)


def _between(canvas: Canvas, left: Points, right: Points, value: int) -> None:
    a, b = np.column_stack((left, _Y)), np.column_stack((right, _Y))
    canvas.fill(np.vstack((b, a[::-1])), value)
