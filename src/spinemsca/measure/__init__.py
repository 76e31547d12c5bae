"""Landmarks and morphometry. The package itself can be called: `spinemsca.measure(label)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spinemsca._util import lazy_face

if TYPE_CHECKING:
    from spinemsca.measure.change_detection import Change, detect_changes
    from spinemsca.measure.cohort import write_measurements
    from spinemsca.measure.contour import Points
    from spinemsca.measure.definitions import Definition, Quantity, Scope
    from spinemsca.measure.geometry import (
        INFERIOR,
        INFERIOR_ANTERIOR,
        INFERIOR_POSTERIOR,
        SUPERIOR,
        SUPERIOR_ANTERIOR,
        SUPERIOR_POSTERIOR,
        distance,
        unit,
    )
    from spinemsca.measure.measurements import Measurements, Result, measure
    from spinemsca.measure.outlined_structure import OutlinedStructure
    from spinemsca.measure.quality_flags import SQUARE_PIXELS
    from spinemsca.measure.registry import MEASURES, describe_measure, document
    from spinemsca.measure.scan import measure_scan, measure_slices
    from spinemsca.measure.schema import as_json, measurements_schema
    from spinemsca.measure.spine import NotGivenError, Spine
    from spinemsca.measure.table import ALL_ROWS, codebook, csv_text

__all__ = [
    "ALL_ROWS",
    "Change",
    "Definition",
    "INFERIOR",
    "INFERIOR_ANTERIOR",
    "INFERIOR_POSTERIOR",
    "MEASURES",
    "Measurements",
    "NotGivenError",
    "OutlinedStructure",
    "Points",
    "Quantity",
    "Result",
    "SQUARE_PIXELS",
    "SUPERIOR",
    "SUPERIOR_ANTERIOR",
    "SUPERIOR_POSTERIOR",
    "Scope",
    "Spine",
    "as_json",
    "codebook",
    "csv_text",
    "describe_measure",
    "detect_changes",
    "distance",
    "document",
    "measure",
    "measure_scan",
    "measure_slices",
    "measurements_schema",
    "unit",
    "write_measurements",
]

__getattr__, __dir__ = lazy_face(
    __name__,
    {
        "ALL_ROWS": "spinemsca.measure.table",
        "Change": "spinemsca.measure.change_detection",
        "Definition": "spinemsca.measure.definitions",
        "INFERIOR": "spinemsca.measure.geometry",
        "INFERIOR_ANTERIOR": "spinemsca.measure.geometry",
        "INFERIOR_POSTERIOR": "spinemsca.measure.geometry",
        "MEASURES": "spinemsca.measure.registry",
        "Measurements": "spinemsca.measure.measurements",
        "NotGivenError": "spinemsca.measure.spine",
        "OutlinedStructure": "spinemsca.measure.outlined_structure",
        "Points": "spinemsca.measure.contour",
        "Quantity": "spinemsca.measure.definitions",
        "Result": "spinemsca.measure.measurements",
        "SQUARE_PIXELS": "spinemsca.measure.quality_flags",
        "SUPERIOR": "spinemsca.measure.geometry",
        "SUPERIOR_ANTERIOR": "spinemsca.measure.geometry",
        "SUPERIOR_POSTERIOR": "spinemsca.measure.geometry",
        "Scope": "spinemsca.measure.definitions",
        "Spine": "spinemsca.measure.spine",
        "as_json": "spinemsca.measure.schema",
        "codebook": "spinemsca.measure.table",
        "csv_text": "spinemsca.measure.table",
        "describe_measure": "spinemsca.measure.registry",
        "detect_changes": "spinemsca.measure.change_detection",
        "distance": "spinemsca.measure.geometry",
        "document": "spinemsca.measure.registry",
        "measure": "spinemsca.measure.measurements",
        "measure_scan": "spinemsca.measure.scan",
        "measure_slices": "spinemsca.measure.scan",
        "measurements_schema": "spinemsca.measure.schema",
        "unit": "spinemsca.measure.geometry",
        "write_measurements": "spinemsca.measure.cohort",
    },
)
