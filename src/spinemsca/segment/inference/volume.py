"""Segmenting all slices of a volume, and making their levels agree."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from spinemsca.anatomy import SPINE
from spinemsca.io import Orientation
from spinemsca.segment.inference.midline import choose_slice
from spinemsca.segment.inference.model import Model, Segmentation
from spinemsca.segment.labelling.numbering import APPEARANCE, LOWEST_IN_VIEW, SACRUM, numbering
from spinemsca.segment.labelling.rename import Lowest, from_lowest, renaming, shifted

if TYPE_CHECKING:
    from spinemsca.anatomy import Structure
    from spinemsca.case import LabelMap
    from spinemsca.io import Volume
    from spinemsca.segment.inference.midline import Choice

__all__ = ["Map", "Prediction", "predict_volume"]

# Chosen, not measured: by two levels at most, and of equal ones the first, which is none.
_SHIFTS: Final = (0, -1, 1, -2, 2)
# Right choices average .62 and wrong ones .17 on thinned stacks of real slices.
_SURE: Final = 0.5


Map: TypeAlias = Callable[..., Iterable[Segmentation]]
"""`map`, or an executor's."""


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What was found in a volume, or in a picture as a volume of one slice.

    Attributes:
        slices: One result a slice, from the patient's right to left.
        shown: Index of the slice through the canal's middle.
        warnings: About the whole.
        numbering: What the levels were counted from, in one sentence.
        certainty: How sure the choice of the slice is, 0 to 1; `None` of a single one.
        reason: Why that one; empty of a single one.
    """

    slices: tuple[Segmentation, ...]
    shown: int
    warnings: tuple[str, ...]
    numbering: str
    certainty: float | None = None
    reason: str = ""

    @property
    def labels(self) -> LabelMap:
        """The label maps of all slices, `(S, H, W)` uint8, 0 to 11."""
        stacked: LabelMap = np.stack([found.label for found in self.slices])
        return stacked

    @property
    def best(self) -> Segmentation:
        """The slice through the canal's middle."""
        return self.slices[self.shown]

    @property
    def reversed_axes(self) -> tuple[int, ...]:
        """Along which axes, rows (0) and columns (1), a picture turned out to lie reversed."""
        flips = Orientation.parse(self.best.orientation).flips[1:]
        return tuple(axis for axis, flip in enumerate(flips) if flip)

    @property
    def confidence(self) -> dict[Structure, float]:
        """Confidence in each structure: the mean over its slices, weighted by its pixels there."""
        means = {}
        for structure in SPINE:
            shown = [s for s in self.slices if structure in s.confidence]
            areas = [int((s.label == structure.value).sum()) for s in shown]
            if sum(areas):
                values = [s.confidence[structure] for s in shown]
                means[structure] = float(np.average(values, weights=areas))
        return means


def predict_volume(
    model: Model, volume: Volume, lowest: Lowest | None = None, map_: Map = map
) -> Prediction:
    """Segments every slice; those without a lumbar spine stay empty.

    Args:
        model: Which segments.
        volume: From `read_volume`.
        lowest: What the lowest lumbar vertebra is, where somebody knows; without a sacrum in
            view, the lowest vertebra in view.
        map_: Goes over the slices, one after another or several at a time.

    Raises:
        CaseError: If a slice holds NaN or infinity.
    """
    predict = partial(_predict_slice, model, volume)
    slices = list(map_(predict, range(len(volume.pixels))))
    choice = _chosen(volume, slices)
    shown = choice.index
    slices, changed = _agreeing(slices, shown)
    counted_from = slices[shown].counted_from
    if lowest is not None:
        counted_from = LOWEST_IN_VIEW if counted_from == APPEARANCE else SACRUM
        slices = _renamed(slices, lowest)
    warnings = (*volume.notes, *slices[shown].warnings)
    if changed:
        warnings = (*warnings, f"Levels of {changed} slices were shifted to agree with the others")
    said = numbering(counted_from, lowest or "L5")
    if len(slices) == 1:
        return Prediction(tuple(slices), shown, warnings, said)
    if choice.certainty < _SURE:
        doubt = f"Slice {shown} is taken for the one through the canal's middle, but not surely"
        warnings = (*warnings, doubt)
    return Prediction(
        tuple(slices), shown, warnings, said, round(choice.certainty, 4), choice.reason
    )


def _predict_slice(model: Model, volume: Volume, index: int) -> Segmentation:
    pixels = np.ascontiguousarray(volume.pixels[index])
    return model.predict(pixels, volume.spacing, turn=volume.is_picture and not volume.oriented)


def _chosen(volume: Volume, slices: list[Segmentation]) -> Choice:
    """The slice through the canal's middle."""
    gap = None
    if volume.grid.affine is not None and volume.spacing is not None:
        gap = float(np.linalg.norm(volume.grid.affine[:3, volume.grid.orientation.order[0]]))
    labels, confidences = [s.label for s in slices], [s.confidence for s in slices]
    return choose_slice(list(volume.pixels), labels, confidences, gap)


def _agreeing(slices: list[Segmentation], shown: int) -> tuple[list[Segmentation], int]:
    """Slices whose levels follow those of the one shown, outward; and how many were changed."""
    agreed, changed = list(slices), 0
    for way in (range(shown + 1, len(slices)), range(shown - 1, -1, -1)):
        last = slices[shown]
        for index in way:
            if slices[index].refused:
                continue
            shift = _best_shift(slices[index].label, last.label)
            if shift:
                agreed[index] = _shifted(slices[index], shift)
                changed += 1
            last = agreed[index]
    return agreed, changed


def _best_shift(label: LabelMap, other: LabelMap) -> int:
    """By how many levels to rename so that most pixels agree; rather none."""

    def agreement(levels: int) -> int:
        return int(((shifted(label, levels) == other) & (other > 0)).sum())

    return max(_SHIFTS, key=agreement)


def _shifted(found: Segmentation, levels: int) -> Segmentation:
    return _with(found, partial(shifted, levels=levels))


def _renamed(slices: list[Segmentation], lowest: Lowest) -> list[Segmentation]:
    values = frozenset(v for found in slices for v in np.unique(found.label).tolist())
    rename = from_lowest(lowest, values)
    return [_with(found, rename) for found in slices]


def _with(found: Segmentation, rename: Callable[[LabelMap], LabelMap]) -> Segmentation:
    names = renaming(rename)
    confidence = {names[s]: value for s, value in found.confidence.items()}
    known = {s: value for s, value in confidence.items() if s is not None}
    return replace(found, label=rename(found.label), confidence=known)
