"""A patient painted onto canvases: tissues, and labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemsca.anatomy import DISCS, VERTEBRAE
from spinemsca.phantom import priors
from spinemsca.phantom.canal import Canal, build_canal, process_outline
from spinemsca.phantom.column import BodyShape, build_column, disc_outline, nucleus_outline, rim
from spinemsca.phantom.geometry import ellipse, inset, ribbon
from spinemsca.phantom.tissue import Tissue

if TYPE_CHECKING:
    from spinemsca.phantom.parameters import Shape
    from spinemsca.phantom.raster import Canvas

__all__ = ["Patient", "build_patient", "paint_column", "paint_labels"]

_LABEL_GAP: Final = 0.55
"""mm between a body and its disc's label, as annotators leave it."""
_FIRST: Final = priors.LEVELS.index("L1")


@dataclass(frozen=True, slots=True, eq=False)
class Patient:
    """A patient's geometry, placed.

    Attributes:
        shape: Parameters it follows from.
        bodies: By name, from the head down.
        canal: Behind them.
    """

    shape: Shape
    bodies: dict[str, BodyShape]
    canal: Canal

    @property
    def stack(self) -> list[BodyShape]:
        """Bodies from the head down."""
        return list(self.bodies.values())


def build_patient(shape: Shape) -> Patient:
    """A patient's geometry from parameters."""
    bodies = build_column(shape)
    return Patient(shape, bodies, build_canal(shape, bodies))


def paint_labels(canvas: Canvas, patient: Patient) -> None:
    """Paints the eleven structures with their label values."""
    stack = patient.stack
    for structure, disc in zip(DISCS, patient.shape.discs[_FIRST:], strict=False):
        i = _FIRST + DISCS.index(structure)
        canvas.fill(disc_outline(stack[i], stack[i + 1], disc, _LABEL_GAP, 0.3), structure.value)
    for structure in VERTEBRAE:
        canvas.fill(patient.bodies[structure.name].outline, structure.value)


def paint_column(canvas: Canvas, patient: Patient) -> None:
    """Paints canal, vertebrae and discs, what lies behind first."""
    _paint_canal(canvas, patient)
    _paint_processes(canvas, patient)
    stack = patient.stack
    for i, body in enumerate(stack):
        canvas.fill(body.outline, Tissue.CORTEX)
        canvas.fill(rim(body), Tissue.MARROW + i)
    for i, disc in enumerate(patient.shape.discs):
        canvas.fill(disc_outline(stack[i], stack[i + 1], disc, 0.0), Tissue.ANNULUS)
        canvas.fill(nucleus_outline(stack[i], stack[i + 1], disc), Tissue.RING + i)
        inner = nucleus_outline(stack[i], stack[i + 1], disc, 0.1)
        canvas.fill(inner, Tissue.NUCLEUS + i)
        if disc.cleft > 0:
            middle = (stack[i].lower_edge() + stack[i + 1].upper_edge()) / 2
            canvas.line(middle[11:32], 0.9, Tissue.CLEFT)
    _paint_veins(canvas, patient)
    _paint_lesions(canvas, patient)


def _paint_canal(canvas: Canvas, patient: Patient) -> None:
    canal, soft = patient.canal, patient.shape.soft
    canvas.fill(ribbon(canal.wall, 1.0, canal.depth + 1.5), Tissue.LIGAMENT)
    canvas.fill(ribbon(canal.wall, -0.7, np.maximum(canal.depth, canal.front)), Tissue.EPIDURAL_FAT)
    canvas.fill(ribbon(canal.wall, 1.0, 0.8), Tissue.LIGAMENT)
    canvas.fill(canal.sac(-0.35), Tissue.LIGAMENT)
    canvas.fill(canal.sac(), Tissue.CSF)
    for place in soft.roots:
        _paint_root(canvas, patient, place)
    end = canal.index(soft.conus)
    middle = canal.front + 0.5 * (canal.back - canal.front)
    half = 0.5 * soft.cord * np.clip((soft.conus - canal.level) / 0.9, 0, 1) ** 0.55
    curve = canal.at(middle)[:end]
    canvas.fill(ribbon(curve, half[:end], half[:end]), Tissue.CORD)


def _paint_root(canvas: Canvas, patient: Patient, place: float) -> None:
    canal, soft = patient.canal, patient.shape.soft
    t = np.clip((canal.level - soft.conus + 0.4) / 1.5, 0, 1)
    across = 0.5 + (np.clip(0.12 + 0.8 * place, 0, 0.94) - 0.5) * t
    curve = canal.at(canal.front + across * (canal.back - canal.front))
    first = canal.index(soft.conus - 0.3)
    last = canal.index(2.2 + 3.2 * ((place * 7.3) % 1))
    if last - first > 4:
        canvas.line(curve[first:last:4], 0.5, Tissue.ROOT)


def _paint_processes(canvas: Canvas, patient: Patient) -> None:
    canal, soft = patient.canal, patient.shape.soft
    for i, body in enumerate(patient.stack):
        level = i - _FIRST
        if i < _FIRST + 5:
            _paint_pad(canvas, patient, level + 0.93, soft.fat_pads)
        process = body.vertebra.process
        if process is None:
            continue
        outline = process_outline(process, canal, level + 0.55, body.centre.tilt)
        canvas.fill(outline, Tissue.CORTEX)
        canvas.fill(inset(outline, 0.65), Tissue.PROCESS)


def _paint_pad(canvas: Canvas, patient: Patient, level: float, depth: float) -> None:
    canal = patient.canal
    a, b = canal.index(level - 0.42), canal.index(level + 0.24)
    if b - a < 4:
        return
    back = canal.at(canal.back + 0.3)
    t = np.linspace(0, 1, b - a)
    peak = depth * np.sin(np.pi * t**1.4) ** 1.2
    behind = canal.at(canal.back + 0.3 + np.interp(np.arange(len(back)), np.arange(a, b), peak))
    canvas.fill(np.vstack((back[a:b], behind[a:b][::-1])), Tissue.EPIDURAL_FAT)


def _paint_veins(canvas: Canvas, patient: Patient) -> None:
    length = patient.shape.soft.basivertebral
    if length <= 0:
        return
    for body in patient.stack[: _FIRST + 5]:
        frame = body.centre
        half = body.vertebra.depth / 2 - body.vertebra.waist[1]
        local = np.array(((half, 1.3), (half - length, 0.3), (half, -1.3)))
        canvas.fill(frame.at(local), Tissue.VEIN)


def _paint_lesions(canvas: Canvas, patient: Patient) -> None:
    for lesion in patient.shape.soft.lesions:
        body = patient.bodies[lesion.level]
        frame, v = body.centre, body.vertebra
        # Four fifths keep an ellipse's middle inside the bone.
        place = (lesion.x - 0.5) * v.depth * 0.8, (0.5 - lesion.y) * v.height * 0.8
        x, y = frame.at(np.array((place,)))[0].tolist()
        a, b = min(lesion.a, v.depth / 4), min(lesion.b, v.height / 6)
        outline = ellipse(x, y, a, b, lesion.turn - frame.tilt)
        canvas.fill(outline, Tissue[lesion.kind.upper()])
