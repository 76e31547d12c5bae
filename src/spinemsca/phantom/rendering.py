"""Parameters to a case: the one place where shape, tissue and scanner meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image
from scipy.ndimage import find_objects

from spinemsca._util import largest_component
from spinemsca.anatomy import BACKGROUND
from spinemsca.case import Case, Spacing
from spinemsca.phantom import scanner as scan
from spinemsca.phantom.ground_truth import truth_of
from spinemsca.phantom.raster import Canvas, FieldOfView, resized
from spinemsca.phantom.record import from_record, to_record
from spinemsca.phantom.sample import draw_parameters
from spinemsca.phantom.scene import Patient, build_patient, paint_column, paint_labels
from spinemsca.phantom.surroundings import back_line, column_front, paint_surroundings
from spinemsca.phantom.texturing import textured
from spinemsca.phantom.tissue import signal_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from spinemsca.phantom.parameters import Parameters, Scanner

__all__ = ["phantom", "render", "replay"]

_FINER: Final = 3
_LABEL_FINER: Final = 3


def phantom(
    seed: int, index: int = 0, *, size: int = 512, contrast: str = "t2", name: str = ""
) -> Case:
    """One synthetic case.

    Args:
        seed: Of the whole series.
        index: Of the case in its series; it depends on no other case.
        size: Rows and columns of the case.
        contrast: `t2`, `t1` or `random`.
        name: Of the case; `phantom-0001` for index 0 where not given.

    Raises:
        UsageError: If an argument is out of range.
    """
    return render(
        draw_parameters(seed, index, contrast), size=size, name=name or f"phantom-{index + 1:04d}"
    )


def replay(record: Mapping[str, Any], *, name: str) -> Case:
    """The same case again from a case's provenance.

    Raises:
        UsageError: If the record is no phantom's.
    """
    size = int(record.get("size", 512))
    return render(from_record(record.get("parameters", {})), size=size, name=name)


def render(parameters: Parameters, *, size: int = 512, name: str) -> Case:
    """The case that follows from parameters, always the same.

    Args:
        parameters: Everything random.
        size: Rows and columns of the case.
        name: Of the case.
    """
    patient = build_patient(parameters.shape)
    view = FieldOfView.of(parameters.scanner, size, size)
    return Case(
        name=name,
        image=_image(parameters, patient, size),
        label=_label(patient, view),
        spacing=Spacing(view.row_spacing, view.column_spacing),
        patient=name,
        sex=parameters.sex,
        source="synthetic",
        provenance={
            "generator": "spinemsca.phantom",
            "size": size,
            "parameters": to_record(parameters),
            "truth": truth_of(patient, view),
        },
    )


def _label(patient: Patient, view: FieldOfView) -> NDArray[np.uint8]:
    canvas = Canvas(view, _LABEL_FINER)
    paint_labels(canvas, patient)
    return _without_crumbs(canvas.centres())


def _without_crumbs(label_map: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Each structure's largest piece: a pointed corner can fall apart on the grid."""
    out = label_map.copy()
    for value, box in enumerate(find_objects(label_map), start=1):
        if box is None:
            continue
        mask = label_map[box] == value
        out[box][mask & ~largest_component(mask)] = BACKGROUND
    return out


def _image(parameters: Parameters, patient: Patient, size: int) -> NDArray[np.float32]:
    scanner = parameters.scanner
    rows, columns = scanner.matrix
    view = FieldOfView.of(scanner, rows, columns, scanner.wrap)
    signal = _signal(parameters, patient, view) * _gain(scanner, patient, view)
    ghost = scan.ghosting(rows, scanner.ghost, scanner.ghost_period, scanner.ghost_phase)
    rng = np.random.default_rng(scanner.seed)
    native = scan.acquire(scan.folded(signal, rows), scanner.acquired, scanner.noise, rng, ghost)
    linear = resized(native, size, size, Image.Resampling.BILINEAR)
    return scan.normalised(linear, scanner.white)


def _signal(parameters: Parameters, patient: Patient, view: FieldOfView) -> NDArray[np.float32]:
    canvas = Canvas(view, _FINER)
    paint_surroundings(canvas, patient)
    paint_column(canvas, patient)
    table = signal_table(parameters.shape, parameters.tissue, parameters.scanner)
    fine = Image.fromarray(table[canvas.array()])
    signal = np.asarray(fine.reduce(_FINER))
    return textured(signal, canvas.centres(), parameters, view)


def _gain(scanner: Scanner, patient: Patient, view: FieldOfView) -> NDArray[np.float32]:
    x, y = view.grid()
    heights = np.linspace(-400, 400, 401)
    back = np.interp(y, heights, back_line(patient)[1]).astype(np.float32)
    coil = scan.coil_gain(
        x, y, back, scanner.coil_depth, scanner.coil_share, scanner.coil_y, scanner.coil_length
    )
    if scanner.saturation >= 1:
        return coil
    front = column_front(patient)
    slope, start = np.polyfit(front[20:150, 1], front[20:150, 0], 1)
    distance = (start + slope * y)[:, None] - x[None, :]
    return coil * scan.saturation_gain(
        distance.astype(np.float32),
        scanner.saturation,
        scanner.saturation_gap,
        scanner.saturation_edge,
    )
