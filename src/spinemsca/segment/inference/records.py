"""From what was found in a scan to the record of its prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from spinemsca.anatomy import SPINE
from spinemsca.predictions import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spinemsca.anatomy import Structure
    from spinemsca.io import Volume
    from spinemsca.segment.inference.volume import Prediction

__all__ = ["record_of", "record_of_refusal"]


def record_of(key: Mapping[str, Any], volume: Volume, found: Prediction) -> Record:
    """The record of an input that was predicted.

    Args:
        key: What the result depends on: input, its bytes, model, numbering.
        volume: As read.
        found: In it.
    """
    confidence = found.confidence
    segmented = sum(s.refused is None for s in found.slices)
    lying = volume.seen_reversed(found.reversed_axes).grid
    spacing = lying.spacing_of_file(volume.spacing)
    return Record(
        **key,
        refused=None if segmented else _reason(found),
        structures=tuple(s.name for s in SPINE if s in confidence),
        confidence={s.name: round(value, 4) for s, value in confidence.items()},
        pixels={s.name: _count(found, s) for s in confidence},
        shape=(*volume.grid.shape, 1)[: len(lying.codes)],
        orientation=lying.codes,
        orientation_from=_stated_by(volume, found),
        spacing_mm=spacing,
        tilt_deg=None if volume.tilt is None else round(volume.tilt, 4),
        slices=len(found.slices),
        slices_segmented=segmented,
        slice_shown=found.shown,
        slice_certainty=found.certainty,
        slice_reason=found.reason,
        numbering=found.numbering,
        ambiguous=found.best.ambiguous,
        warnings=found.warnings,
    )


def _stated_by(volume: Volume, found: Prediction) -> Literal["header", "picture", "assumed"]:
    if volume.oriented:
        return "header"
    return "picture" if found.reversed_axes else "assumed"


def _reason(found: Prediction) -> str | None:
    return found.best.refused if len(found.slices) == 1 else "No slice shows a lumbar spine"


def _count(found: Prediction, structure: Structure) -> int:
    return sum(int((s.label == structure.value).sum()) for s in found.slices)


def record_of_refusal(key: Mapping[str, Any], reason: str) -> Record:
    """The record of an input that was refused unread."""
    return Record(
        **key,
        refused=reason,
        structures=(),
        confidence={},
        pixels={},
        shape=(),
        orientation=None,
        orientation_from="assumed",
        spacing_mm=None,
        tilt_deg=None,
        slices=0,
        slices_segmented=0,
        slice_shown=None,
        slice_certainty=None,
        slice_reason="",
        numbering="",
        ambiguous=True,
        warnings=(),
    )
