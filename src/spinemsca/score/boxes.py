"""Parts of label maps that hold all there is to score."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spinemsca.case import LabelMap

__all__ = ["Box", "around", "without_margins"]

Box: TypeAlias = tuple[slice, ...]


def without_margins(prediction: LabelMap, truth: LabelMap) -> tuple[LabelMap, LabelMap]:
    """Both label maps without what lies around everything that either shows.

    Args:
        prediction: `(H, W)` or `(S, H, W)` uint8.
        truth: The same shape.

    Returns:
        Contiguous; one pixel of background where neither shows anything.
    """
    shown = np.maximum(prediction, truth)
    box = tuple(_extent(shown, axis) for axis in range(shown.ndim))
    return np.ascontiguousarray(prediction[box]), np.ascontiguousarray(truth[box])


def _extent(shown: LabelMap, axis: int) -> slice:
    others = tuple(other for other in range(shown.ndim) if other != axis)
    places = np.flatnonzero(shown.any(axis=others))
    return slice(int(places[0]), int(places[-1]) + 1) if places.size else slice(1)


def around(boxes: Sequence[Box], axes: int) -> Box:
    """The smallest box around all of them; an empty one around none.

    Args:
        boxes: As `scipy.ndimage.find_objects` gives them.
        axes: Of the image.
    """
    if not boxes:
        return (slice(0),) * axes
    return tuple(
        slice(min(s.start for s in sides), max(s.stop for s in sides))
        for sides in zip(*boxes, strict=True)
    )
