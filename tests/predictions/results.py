"""Results as `predict` writes them, made in a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spinemsca.anatomy import COLUMN
from spinemsca.io.orientation import HOUSE, Orientation
from spinemsca.io.volume import Grid
from spinemsca.predictions.record import ModelUsed, Record
from spinemsca.predictions.write import write_result
from tests.io.volumes import STEPS, affine_of

if TYPE_CHECKING:
    from pathlib import Path

NAMES = tuple(s.name for s in COLUMN)


def record(**changes: Any) -> Record:
    """Of a picture that lies right, 0.6 by 0.5 mm."""
    said: dict[str, Any] = {
        "input": "a.png",
        "source": "0123456789abcdef",
        "sha256": "0" * 64,
        "lowest": "L5",
        "model": ModelUsed(version="7.5", size=512, engine="torch"),
        "refused": None,
        "structures": NAMES,
        "confidence": dict.fromkeys(NAMES, 0.9),
        "pixels": dict.fromkeys(NAMES, 500),
        "shape": (9, 7),
        "orientation": "IP",
        "orientation_from": "assumed",
        "spacing_mm": (0.6, 0.5),
        "tilt_deg": None,
        "slices": 1,
        "slices_segmented": 1,
        "slice_shown": 0,
        "slice_certainty": None,
        "slice_reason": "",
        "numbering": "counted upward from the sacrum",
        "ambiguous": False,
        "warnings": (),
    }
    return Record(**said | changes)


def of_volume(**changes: Any) -> Record:
    """Of three slices, of which the first is to be measured."""
    volume: dict[str, Any] = {
        "shape": (5, 7, 3),
        "orientation": "PIL",
        "orientation_from": "header",
        "spacing_mm": (0.75, 0.5, 4.0),
        "slices": 3,
        "slices_segmented": 3,
        "slice_shown": 0,
        "slice_certainty": 0.9,
        "slice_reason": "3 slices show the canal, and this is their middle",
    }
    return record(**volume | changes)


def save_picture(out: Path, name: str, label: np.ndarray, **changes: Any) -> Record:
    """The result of a picture, `label` as its file holds it, on the record's grid."""
    said = record(**{"input": f"{name}.png", "shape": label.shape} | changes)
    return write_result(out, name, said, Grid(label.shape, HOUSE), HOUSE.apply(label[..., None]))


def as_it_lies(plane: np.ndarray, codes: str) -> np.ndarray:
    """A slice of the house as a file of these axis codes holds it."""
    turn = Orientation.parse(codes)
    return np.ascontiguousarray(turn.undo(plane[None])[..., 0])


def steps_of(codes: str, rows: float, columns: float) -> tuple[float, float]:
    """Spacing of a file's axes, from that along the spine and from front to back."""
    return (rows, columns) if codes[0] in "IS" else (columns, rows)


def save_volume(folder: Path, turn: Orientation, labels: np.ndarray, **changes: Any) -> Record:
    """As `predict` writes it for an image that lies so."""
    affine = affine_of(turn, labels.shape)
    shape = turn.undo(labels).shape
    grid = Grid(shape, turn, affine)
    along = dict(zip(turn.order, STEPS, strict=True))
    said = of_volume(
        shape=shape, orientation=turn.codes, spacing_mm=tuple(along[i] for i in range(3)),
        **changes,
    )  # fmt: skip
    return write_result(folder, "v", said, grid, labels)
