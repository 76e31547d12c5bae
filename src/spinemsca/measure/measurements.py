"""From a label map to numbers, each with its standard error or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spinemsca.anatomy import Structure, above, below
from spinemsca.measure import quality_flags
from spinemsca.measure.arguments import Stated, read_given
from spinemsca.measure.definitions import Definition, Scope, Values
from spinemsca.measure.registry import MEASURES
from spinemsca.measure.spine import NotGivenError, Spine, spine_of
from spinemsca.predictions import LabelScheme

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
        flag: Why the value is doubtful, else empty.
        plausible: Lowest and highest plausible value in the value's unit, where they can be told.
    """

    definition: Definition
    structure: str
    value: float | str | None
    error: float | None = None
    reason: str = ""
    flag: str = ""
    plausible: tuple[float, float] | None = None

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


def measure(  # noqa: PLR0913
    label: Any,
    *,
    image: ArrayLike | None = None,
    spacing: tuple[float, float] | None = None,
    original_size: tuple[int, int] | None = None,
    orientation: str | None = None,
    tilt: float | None = None,
    faces: str | None = None,
    labels: str = LabelScheme.OWN,
    name: str = "",
) -> Measurements:
    """Measures the spine in one label map.

    Arrays, spacing and size may lie in any of the eight ways of a sagittal slice; they are
    brought upright first, so that one patient gives the same numbers however a file lies.

    Args:
        label: `(H, W)` label map, one-hot `(12, H, W)`, or anything that has `label` and may
            have `image`, `spacing`, `orientation`, `tilt`, `faces` and `name`, such as a `Case`
            or a segmentation.
        image: `(H, W)`, for measures of signal.
        spacing: (row, column) of the array as given, in mm; without it lengths are in pixels.
        original_size: (rows, columns) of the image before it was stretched to this shape; used
            where spacing is not known.
        orientation: Axis codes of the array as given: `IP` (rows to the feet, columns to the
            back; assumed where nothing is stated), `IA`, `SP`, `SA`, `PI`, `PS`, `AI` or `AS`.
        tilt: Degrees by which upright columns fall below the patient's horizontal on their way
            to the back; where it is not known, 0 is assumed of a spine that stands upright.
        faces: `right` for orientation `IA`, `left` for `IP`.
        labels: Whose numbers the label map holds.
        name: Of the case.

    Raises:
        CaseError: If this is no label map.
        UsageError: If an argument cannot be used.
    """
    if hasattr(label, "label"):
        image = getattr(label, "image", None) if image is None else image
        spacing = getattr(label, "spacing", None) if spacing is None else spacing
        tilt = getattr(label, "tilt", None) if tilt is None else tilt
        if orientation is None and faces is None:
            orientation = getattr(label, "orientation", None)
            faces = getattr(label, "faces", None) if orientation is None else None
        name, label = name or getattr(label, "name", ""), label.label
    given = read_given(
        Stated(label, image, spacing, original_size, orientation, tilt, faces, labels, name or None)
    )
    spine = spine_of(
        given.label,
        image=given.image,
        spacing=given.spacing,
        aspect=given.aspect,
        tilt=given.tilt,
    )
    return measure_spine(spine, name, square=given.square, unknown=given.unknown)


def measure_spine(
    spine: Spine, name: str = "", *, square: bool = False, unknown: tuple[int, ...] = ()
) -> Measurements:
    """Measures landmarks that were found before.

    Args:
        spine: Its `flags` are carried over.
        name: Of the case.
        square: Whether square pixels had to be assumed.
        unknown: Numbers in the label map that were not known, and left out.
    """
    results = tuple(
        _result(definition, spine, at)
        for definition in MEASURES
        for at in definition.scope.of(spine)
    )
    flags = {s.name: texts for s, texts in spine.flags.items() if s is not None}
    for result in results:
        if result.flag and result.definition.scope is not Scope.SPINE:
            flags[result.structure] = (*flags.get(result.structure, ()), result.flag)
    whole = spine.flags.get(None, ()) + quality_flags.whole_spine(
        {r.structure: r.value for r in results if r.definition.name == "segmental_angle"}
    )
    whole += quality_flags.chain(spine.bodies(), spine.apart)
    whole += tuple(r.flag for r in results if r.flag and r.definition.scope is Scope.SPINE)
    if unknown:
        whole += (quality_flags.UNKNOWN_NUMBERS.format(", ".join(map(str, unknown))),)
    if square:
        whole += (quality_flags.SQUARE_PIXELS,)
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
    limits = definition.limits_of(spine)
    plausible = None if limits is None else limits.plausible
    flag = definition.doubt(spine, value, limits)
    return Result(definition, row, value, _spread(found[1:]), flag=flag, plausible=plausible)


def _spread(draws: Values) -> float | None:
    """The draws' standard deviation, in a third of the time that numpy's takes for so few."""
    if not len(draws):
        return None
    gap = draws - draws.sum() / len(draws)
    variance = float((gap * gap).sum()) / len(draws)
    return variance**0.5 if np.isfinite(variance) else None


def _why(spine: Spine, row: str, at: Structure) -> str:
    """What is cut off among the structures that a measure may need."""
    near = spine.rows if row == "spine" else (at, above(at), below(at))
    blocks = [spine.blocks[s] for s in near if s is not None and s in spine.blocks]
    cut = [text for block in blocks for text in quality_flags.cut_sides(block)]
    return "; ".join(cut) or "cannot be computed"
