"""What `measure` is given, checked and brought to the house's orientation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca.case import Spacing
from spinemsca.errors import UsageError
from spinemsca.io import HOUSE, SLICE_CODES, Orientation
from spinemsca.predictions import LabelScheme, to_structures

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinemsca.case import Image, LabelMap

__all__ = ["Given", "Stated", "read_given", "stated_orientation"]

# Axis codes by the side to which the patient faces, rows running to the feet.
_FACES: Final = {"left": "IP", "right": "IA"}
# Axis codes name the nearest axis, so that no column falls more steeply than this.
_MOST_TILT: Final = 90.0


@dataclass(frozen=True, slots=True)
class Stated:
    """Arguments of `measure` as a caller gave them; see there."""

    label: Any
    image: Any
    spacing: Any
    original_size: Any
    orientation: Any
    tilt: Any
    faces: Any
    labels: Any
    where: str | None


@dataclass(frozen=True, slots=True)
class Given:
    """What `measure` is given, with rows towards the feet and columns towards the back.

    Attributes:
        label: `(H, W)` uint8, values 0 to 18.
        image: `(H, W)` float32 or `None`.
        spacing: In mm or `None`.
        aspect: Height of a pixel over its width where spacing is not known.
        tilt: Degrees or `None`.
        square: Whether square pixels had to be assumed.
        unknown: Numbers in the label map that its numbering does not know.
    """

    label: LabelMap
    image: Image | None
    spacing: Spacing | None
    aspect: float
    tilt: float | None
    square: bool
    unknown: tuple[int, ...]


def read_given(stated: Stated) -> Given:
    """Checks arguments and turns arrays and spacing.

    Raises:
        CaseError: If the label map is none.
        UsageError: If another argument cannot be used.
    """
    lie = stated_orientation(stated.orientation, stated.faces)
    label, unknown = to_structures(stated.label, _numbering(stated.labels), where=stated.where)
    image = _image(stated.image, label.shape, stated.where)
    spacing = None if stated.spacing is None else Spacing.checked(stated.spacing, stated.where)
    size = _size(stated.original_size)
    aspect = 1.0 if size is None else (size[0] / label.shape[0]) / (size[1] / label.shape[1])
    swapped = lie.order[1] > lie.order[2]
    if spacing is not None and swapped:
        spacing = Spacing(spacing.column, spacing.row)
    return Given(
        _turned(label, lie),
        None if image is None else _turned(image, lie),
        spacing,
        1 / aspect if swapped else aspect,
        _tilt(stated.tilt),
        spacing is None and size is None,
        unknown,
    )


def stated_orientation(orientation: Any, faces: Any) -> Orientation:
    """How a slice lies, from axis codes or from where the patient looks; upright if neither.

    Raises:
        UsageError: If they are no such codes, or contradict each other.
    """
    if faces is not None and faces not in _FACES:
        raise UsageError(f"a patient cannot face {faces}", remedy="Say left or right")
    codes = orientation if orientation is not None else _FACES[faces or "left"]
    if codes not in SLICE_CODES:
        raise UsageError(
            f"{codes!r} is no orientation of a slice", remedy=f"Say one of {', '.join(SLICE_CODES)}"
        )
    if faces == "right" and codes in ("IP", "SP", "PI", "PS"):
        raise UsageError(
            f"a slice that lies {codes} does not face right", remedy="Give orientation alone"
        )
    return Orientation.parse(codes)


def _turned(array: NDArray[Any], lie: Orientation) -> NDArray[Any]:
    # A copy, since sums over a view come out in another order and differ in the last digit.
    return array if lie == HOUSE else np.ascontiguousarray(lie.apply(array[..., None])[0])


def _numbering(labels: Any) -> LabelScheme:
    try:
        return LabelScheme(labels)
    except ValueError:
        raise UsageError(
            f"no numbering is called {labels}", remedy=f"Known are {', '.join(LabelScheme)}"
        ) from None


def _size(given: Any) -> tuple[int, int] | None:
    if given is None:
        return None
    try:
        rows, columns = (int(v) for v in ([] if isinstance(given, str | bytes) else given))
    except (TypeError, ValueError, OverflowError):
        rows = columns = 0
    if min(rows, columns) < 1:
        raise UsageError(f"original size is {given!r}", remedy="Give rows and columns in pixels")
    return rows, columns


def _tilt(given: Any) -> float | None:
    if given is None:
        return None
    try:
        tilt = float(given)
    except (TypeError, ValueError):
        tilt = np.nan
    if not abs(tilt) < _MOST_TILT:
        raise UsageError(f"tilt is {given!r}", remedy="Give degrees, less than 90 either way")
    return tilt


def _image(given: Any, shape: tuple[int, ...], where: str | None) -> Image | None:
    if given is None:
        return None
    try:
        found = np.asarray(given, dtype=np.float32)
    except (TypeError, ValueError):
        raise UsageError("the image holds no numbers", where=where) from None
    if found.ndim == 3 and found.shape[0] == 1:
        found = found[0]
    if found.shape != shape:
        raise UsageError(
            f"image has shape {found.shape}, the label map {shape}",
            where=where,
            remedy="Give both on the same pixel grid",
        )
    return found
