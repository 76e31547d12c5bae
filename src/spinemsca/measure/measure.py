"""From a label map to numbers, each with its standard error or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spinemsca.anatomy import COLUMN, Structure, above, below
from spinemsca.case import Spacing
from spinemsca.errors import UsageError
from spinemsca.measure import quality
from spinemsca.measure.definitions import Definition, Scope, Values
from spinemsca.measure.numbering import Numbering, as_label_map
from spinemsca.measure.registry import MEASURES
from spinemsca.measure.spine import NotGivenError, Spine, spine_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Measurements", "Result", "measure", "measure_spine"]


@dataclass(frozen=True, slots=True)
class Result:
    """One measure of one structure.

    Attributes:
        definition: What was measured.
        structure: Name of the row: a structure's (a level goes by its disc), or `spine`.
        value: Number or text; `None` where not given.
        error: Standard error, where known.
        reason: Why the value is not given, else empty.
    """

    definition: Definition
    structure: str
    value: float | str | None
    error: float | None = None
    reason: str = ""

    @property
    def normal(self) -> tuple[float, float] | None:
        """Lowest and highest normal value, where a source gives them."""
        return self.definition.normal.get(self.structure)


@dataclass(frozen=True, slots=True)
class Measurements:
    """All measures of one case.

    Attributes:
        case: Its name.
        unit: Of lengths: `mm` or `px`.
        results: In the order of the table.
        flags: What a reader should know, by row name.
        spine: Landmarks and outlines that the numbers come from.
        slice: Index of the slice in its volume, `None` of a picture.
    """

    case: str
    unit: str
    results: tuple[Result, ...]
    flags: dict[str, tuple[str, ...]]
    spine: Spine
    slice: int | None = None

    def get(self, measure: str, structure: str = "spine") -> Result:
        """One result; `KeyError` where there is no such measure of such a structure."""
        for result in self.results:
            if result.definition.name == measure and result.structure == structure:
                return result
        raise KeyError(f"{measure} of {structure}")


def measure(
    label: Any,
    *,
    image: ArrayLike | None = None,
    spacing: tuple[float, float] | None = None,
    original_size: tuple[int, int] | None = None,
    faces: str | None = None,
    labels: str = Numbering.OWN,
    name: str = "",
) -> Measurements:
    """Measures the spine in one label map.

    Args:
        label: `(H, W)` label map, one-hot `(12, H, W)`, or anything that has `label` and may
            have `image`, `spacing` and `name`, such as a `Case` or a segmentation.
        image: `(H, W)`, for measures of signal.
        spacing: (row, column) in mm; without it lengths are in pixels.
        original_size: (rows, columns) of the image before it was stretched to this shape; used
            where spacing is not known.
        faces: `left` or `right`: where the patient looks; where not given, as `label.faces`
            says, or left.
        labels: Whose numbers the label map holds.
        name: Of the case.

    Raises:
        CaseError: If this is no label map.
        UsageError: If an argument cannot be used.
    """
    if hasattr(label, "label"):
        image = getattr(label, "image", None) if image is None else image
        spacing = getattr(label, "spacing", None) if spacing is None else spacing
        faces = faces or getattr(label, "faces", None)
        name, label = name or getattr(label, "name", ""), label.label
    plane = as_label_map(np.asarray(label), _numbering(labels), where=name or None)
    spine = spine_of(
        plane,
        image=_image(image, plane.shape, name),
        spacing=_spacing(spacing),
        aspect=_aspect(original_size, plane.shape),
        posterior=_posterior(faces or "left"),
    )
    known = spacing is not None or original_size is not None
    return measure_spine(spine, name, square=not known)


def _numbering(labels: str) -> Numbering:
    try:
        return Numbering(labels)
    except ValueError:
        raise UsageError(
            f"no numbering is called {labels}", remedy=f"Known are {', '.join(Numbering)}"
        ) from None


def _posterior(faces: str) -> int:
    if faces not in ("left", "right"):
        raise UsageError(f"a patient cannot face {faces}", remedy="Say left or right")
    return 1 if faces == "left" else -1


def _spacing(spacing: tuple[float, float] | None) -> Spacing | None:
    return None if spacing is None else Spacing.checked(spacing)


def _aspect(original: tuple[int, int] | None, shape: tuple[int, ...]) -> float:
    if original is None:
        return 1.0
    if min(original) < 1:
        raise UsageError(f"original size is {original}", remedy="Give rows and columns in pixels")
    return (original[0] / shape[0]) / (original[1] / shape[1])


def _image(image: ArrayLike | None, shape: tuple[int, ...], name: str) -> Any:
    if image is None:
        return None
    found = np.asarray(image, dtype=np.float32)
    if found.ndim == 3 and found.shape[0] == 1:
        found = found[0]
    if found.shape != shape:
        raise UsageError(
            f"image has shape {found.shape}, the label map {shape}",
            where=name or None,
            remedy="Give both on the same pixel grid",
        )
    return found


def measure_spine(spine: Spine, name: str = "", *, square: bool = False) -> Measurements:
    """Measures landmarks that were found before.

    Args:
        spine: Its `flags` are carried over.
        name: Of the case.
        square: Whether square pixels had to be assumed.
    """
    results = tuple(
        _result(definition, spine, at)
        for definition in MEASURES
        for at in definition.scope.structures()
    )
    flags = {s.name: texts for s, texts in spine.flags.items() if s is not None}
    whole = spine.flags.get(None, ()) + quality.whole_spine(
        {r.structure: r.value for r in results if r.definition.name == "segmental_angle"}
    )
    if square:
        whole += (quality.SQUARE_PIXELS,)
    return Measurements(
        name, spine.unit, results, flags | ({"spine": whole} if whole else {}), spine
    )


def _result(definition: Definition, spine: Spine, at: Structure) -> Result:
    row = "spine" if definition.scope is Scope.SPINE else at.name
    try:
        found = definition.found(spine, at)
    except NotGivenError as missing:
        return Result(definition, row, None, reason=str(missing))
    if isinstance(found, str):
        return Result(definition, row, found or None, reason="" if found else _why(spine, row, at))
    value = float(found[0])
    if not np.isfinite(value):
        return Result(definition, row, None, reason=_why(spine, row, at))
    return Result(definition, row, value, _spread(found[1:]))


def _spread(draws: Values) -> float | None:
    """The draws' standard deviation, in a third of the time that numpy's takes for so few."""
    if not len(draws):
        return None
    gap = draws - draws.sum() / len(draws)
    variance = float((gap * gap).sum()) / len(draws)
    return variance**0.5 if np.isfinite(variance) else None


def _why(spine: Spine, row: str, at: Structure) -> str:
    """What is cut off among the structures that a measure may need."""
    near = COLUMN if row == "spine" else [s for s in (at, above(at), below(at)) if s is not None]
    cut = [text for s in near if s in spine.blocks for text in quality.cut_sides(spine.blocks[s])]
    return "; ".join(cut) or "cannot be computed"
