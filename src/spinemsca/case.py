"""A case: one sagittal image of one patient, with or without its label map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from numbers import Real
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from spinemsca.anatomy import STRUCTURES, Structure
from spinemsca.errors import CaseError, UsageError
from spinemsca.label_values import as_label_map

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Case", "Sex", "Spacing"]

Image = NDArray[np.float32]
LabelMap = NDArray[np.uint8]


class Sex(StrEnum):
    """Patient sex as in DICOM (0010,0040)."""

    FEMALE = "F"
    MALE = "M"


class Spacing(NamedTuple):
    """Distance between pixel centres in mm, along rows (downwards) and columns."""

    row: float
    column: float

    @classmethod
    def checked(cls, value: object, where: str | Path | None = None) -> Spacing:
        """A spacing from whatever a caller gave; the one check in the package.

        Whether it is plausible for a scanner is not judged here.

        Args:
            value: Two real numbers in mm, row first, in a sequence or array.
            where: The file, row or case concerned, for the message.

        Raises:
            UsageError: If these are not two finite, positive, real numbers.
        """
        found = _two_numbers(value)
        if found is None or not all(0 < v < np.inf for v in found):
            raise UsageError(
                f"spacing is {_shown(value, found)}",
                where=where,
                remedy="Give two positive numbers in mm, or None where it is unknown",
            )
        return cls(*found)


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One image, its label map if there is one, and what is known about it. Immutable.

    Arrays are `(rows, columns)`, row 0 at the head, column 0 anterior. They are made read-only.

    Attributes:
        name: Name of the case, unique in its release.
        image: `(H, W)` float32 in [0, 1].
        label: `(H, W)` uint8 with values 0 to 11, or `None`.
        spacing: In mm, or `None` where unknown; never guessed.
        patient: Pseudonym of the patient; the case's name where nothing else is known.
        sex: Or `None` where unknown.
        annotated: Structures that the label map speaks of. Background of a case whose
            S1 is not annotated may be S1.
        source: Where the case came from, in a few words.
        provenance: Anything else worth recording; JSON-serialisable.

    Raises:
        CaseError: If shapes, types, ranges, spacing or labels do not fit.
    """

    name: str
    image: Image
    label: LabelMap | None = None
    spacing: Spacing | None = None
    patient: str = ""
    sex: Sex | None = None
    annotated: frozenset[Structure] = frozenset(STRUCTURES)
    source: str = ""
    provenance: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        _check_image(self.image, self.name)
        object.__setattr__(self, "image", _frozen(self.image))
        if self.label is not None:
            _check_label(self.label, self.image.shape, self.name)
            object.__setattr__(self, "label", _frozen(self.label))
        if self.spacing is not None:
            object.__setattr__(self, "spacing", _checked_spacing(self.spacing, self.name))
        if self.sex is not None:
            object.__setattr__(self, "sex", _checked_sex(self.sex, self.name))
        if not self.patient:
            object.__setattr__(self, "patient", self.name)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.image.shape
        return rows, columns

    def replace(self, **changes: Any) -> Self:
        """A copy with some attributes changed."""
        kept = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return type(self)(**(kept | changes))

    def __repr__(self) -> str:
        rows, columns = self.shape
        label = "no label" if self.label is None else f"{len(self.annotated)} structures"
        spacing = (
            "no spacing"
            if self.spacing is None
            else f"{self.spacing.row:.3g}×{self.spacing.column:.3g} mm"
        )
        return f"Case({self.name!r}, {rows}×{columns}, {label}, {spacing})"


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view


def _check_image(image: Image, name: str) -> None:
    if image.ndim != 2 or 0 in image.shape:
        raise CaseError(
            f"image has shape {image.shape}",
            where=name,
            remedy="An image is one slice of shape (rows, columns)",
        )
    if image.dtype != np.float32:
        raise CaseError(
            f"image is {image.dtype}", where=name, remedy="Convert it to float32 in [0, 1]"
        )
    # min and max carry NaN along, so one pass settles finiteness and range.
    low, high = float(image.min()), float(image.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise CaseError(
            "image holds NaN or infinity", where=name, remedy="Replace or leave out the case"
        )
    if low < 0 or high > 1:
        raise CaseError(
            f"image spans {low:.4g} to {high:.4g}, not [0, 1]",
            where=name,
            remedy="Normalise it to [0, 1]",
        )


def _check_label(label: LabelMap, shape: tuple[int, ...], name: str) -> None:
    if label.dtype != np.uint8:
        raise CaseError(f"label map is {label.dtype}", where=name, remedy="Convert it to uint8")
    if label.shape != shape:
        raise CaseError(
            f"label map has shape {label.shape}, the image {shape}",
            where=name,
            remedy="Bring both onto the same pixel grid",
        )
    as_label_map(label, name)


def _two_numbers(value: object) -> tuple[float, float] | None:
    """Row and column as floats, `None` for anything but two real numbers in an order."""
    try:
        listed = _plain(value, "tolist")
        if not isinstance(listed, Sequence) or isinstance(listed, str | bytes) or len(listed) != 2:
            return None
        row, column = (_plain(v, "item") for v in listed)
        if any(isinstance(v, bool) or not isinstance(v, Real) for v in (row, column)):
            return None
        return float(row), float(column)
    except (OverflowError, TypeError, ValueError, RuntimeError):
        # What arrays and tensors of other shapes raise, and integers too large for a float.
        return None


def _plain(value: Any, method: str) -> Any:
    """Python's own list or number for that of numpy or torch."""
    return getattr(value, method)() if hasattr(value, method) else value


def _shown(value: object, found: tuple[float, float] | None) -> str:
    if found is not None:
        return f"{found[0]:g} × {found[1]:g} mm"
    text = repr(value) if isinstance(value, str | bytes | int | float | list | tuple) else ""
    return text if 0 < len(text) <= 40 else f"a {type(value).__name__}"


def _checked_spacing(spacing: object, name: str) -> Spacing:
    try:
        return Spacing.checked(spacing)
    except UsageError as error:
        raise CaseError(error.what, where=name, remedy=error.remedy) from None


def _checked_sex(sex: str, name: str) -> Sex:
    try:
        return Sex(sex)
    except ValueError:
        raise CaseError(
            f"sex is {sex!r}", where=name, remedy="Use 'F', 'M', or None where it is unknown"
        ) from None
