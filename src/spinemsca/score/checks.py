"""What label maps and spacings must be before anything is scored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca.anatomy import NUMBER_OF_CLASSES, STRUCTURES
from spinemsca.errors import CaseError, UsageError
from spinemsca.label_values import as_label_map

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spinemsca.case import LabelMap

__all__ = ["check_label_maps", "checked_label_map", "checked_spacing"]

# Numbers of axes that messages name.
_WORDS: Final = {2: "two", 3: "three"}
# Axes in the house's order, as messages name them.
_AXES: Final = {2: "row and column", 3: "slice, row and column"}


def checked_spacing(spacing: Any, numbers: Sequence[int] = (2, 3)) -> tuple[float, ...]:
    """Lengths along the axes of an image as floats.

    Args:
        spacing: Of rows and columns, of a volume's slices before them, in mm.
        numbers: How many there may be.

    Raises:
        UsageError: If it is anything but so many positive, finite numbers.
    """
    wanted = " or ".join(_WORDS[n] for n in numbers)
    remedy = "Give the spacing of " + ", or of ".join(_AXES[n] for n in numbers) + " in mm"
    try:
        values = np.asarray(spacing)
    except (ValueError, TypeError):
        values = np.array(None)
    if values.ndim != 1 or len(values) not in numbers or values.dtype.kind not in "iuf":
        raise UsageError(f"spacing is not {wanted} numbers", remedy=remedy)
    if not ((values > 0) & (values < np.inf)).all():
        raise UsageError("spacing is not positive and finite", remedy=remedy)
    return tuple(float(v) for v in values)


def checked_label_map(values: Any, what: str) -> LabelMap:
    """Whole numbers of any dtype as a label map.

    Args:
        values: `(H, W)` or `(S, H, W)`.
        what: For messages.

    Raises:
        CaseError: If they are anything else.
    """
    array = np.asarray(values)
    if array.dtype == np.uint8:
        return array
    if array.ndim not in _WORDS or array.dtype.kind not in "biuf":
        raise CaseError(
            f"{what} is {array.dtype} of shape {array.shape}",
            remedy="Give one label map of shape (rows, columns) or (slices, rows, columns)",
        )
    return as_label_map(array, what=what)


def check_label_maps(prediction: LabelMap, truth: LabelMap) -> None:
    """Whether two arrays are label maps of one grid.

    Raises:
        CaseError: If they are not.
    """
    for what, label in (("prediction", prediction), ("truth", truth)):
        if label.ndim not in _WORDS or _is_one_hot(label):
            raise CaseError(
                f"{what} has shape {label.shape}",
                remedy="Give label maps of shape (rows, columns) or (slices, rows, columns), "
                "not one channel a structure",
            )
        if label.dtype != np.uint8:
            raise CaseError(f"{what} is {label.dtype}", remedy="Convert it to uint8")
        as_label_map(label, what=what)
    if prediction.shape != truth.shape:
        raise CaseError(
            f"prediction has shape {prediction.shape}, the truth {truth.shape}",
            remedy="Bring both onto the same pixel grid, with the same number of slices",
        )


def _is_one_hot(label: NDArray[Any]) -> bool:
    """Whether an array holds a channel a structure: one at most is set in each pixel.

    A volume of eleven or twelve slices that shows L1 alone has it in several slices of a pixel.
    """
    channels = len(label) if label.ndim == 3 else 0
    if channels not in (len(STRUCTURES), NUMBER_OF_CLASSES) or label.max(initial=0) > 1:
        return False
    once = int(label.sum(axis=0, dtype=np.int64).max(initial=0)) == 1
    return once and int(label.any(axis=(1, 2)).sum()) > 1
