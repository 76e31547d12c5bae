"""Segmenting one slice: its own grid in, its own grid out, or a reason why not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from spinemsca.anatomy import BACKGROUND, STRUCTURES, Structure
from spinemsca.case import Spacing
from spinemsca.errors import CaseError
from spinemsca.io import inside_frame
from spinemsca.segment.inference.flips import (
    OTHER_VIEWS,
    Look,
    View,
    lies_so,
    may_lie_so,
    shows_plain_spine,
)
from spinemsca.segment.inference.intensity import window
from spinemsca.segment.inference.letterbox import Letterbox
from spinemsca.segment.inference.rejection import rejection
from spinemsca.segment.labelling.doubts import torn
from spinemsca.segment.labelling.levels import Levels, consistent_levels
from spinemsca.segment.labelling.numbering import APPEARANCE, CUT_SACRUM, SACRUM
from spinemsca.segment.labelling.sacrum import CUT, below_sacrum, in_line, is_cut, transitional
from spinemsca.segment.runtime.confidence import calibrated, evidence
from spinemsca.segment.runtime.engine import Engine, choose_engine, torch_engine
from spinemsca.segment.runtime.weights import Weights, load_weights

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from spinemsca.case import Image, LabelMap
    from spinemsca.segment.runtime.confidence import Evidence

__all__ = ["Model", "Segmentation"]


@dataclass(frozen=True, slots=True, eq=False)
class Segmentation:
    """What was found in a slice.

    Attributes:
        label: `(H, W)` uint8, 0 to 11, on the slice's own grid; all 0 where refused.
        confidence: Of each structure found, the probability that it is outlined well and named
            right, 0 to 1.
        spacing: As given, in mm, or `None`.
        warnings: What a reader should know, one sentence each.
        ambiguous: Whether the levels may be numbered wrongly.
        refused: Why there is no answer, or `None` where there is one.
        orientation: Axis codes of the slice as it lies: `IP`, or `IA`, `SP`, `SA` where it was
            recognised as mirrored, flipped or turned.
        counted_from: What the levels were counted from, `SACRUM`, `CUT_SACRUM` or
            `APPEARANCE` of `labelling.numbering`, whose `numbering` says it in a sentence.
    """

    label: LabelMap
    confidence: Mapping[Structure, float]
    spacing: Spacing | None
    warnings: tuple[str, ...]
    ambiguous: bool
    refused: str | None = None
    orientation: str = "IP"
    counted_from: str = APPEARANCE


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What one view of a picture shows; labels and probabilities lie as the view does."""

    view: View
    levels: Levels
    found: Mapping[Structure, Evidence]
    probabilities: NDArray[np.float32]
    suspicions: tuple[str, ...] = ()

    @property
    def look(self) -> Look:
        levels = self.levels
        sacrum = levels.counted_from == SACRUM
        return Look(self.found, sacrum, levels.bend, levels.sacral_turn)

    def doubts(self, pixels: Image) -> tuple[str, ...]:
        """Why a segmentation's numbering may be wrong, beside what the bodies tell."""
        levels = self.levels
        below = below_sacrum(self.view.of(pixels), levels.label, self.probabilities)
        said = (in_line(levels.sacral_turn), transitional(below), torn(self.found))
        return tuple(doubt for doubt in said if doubt)

    def counted_from(self, pixels: Image) -> str:
        """What a segmentation's levels were counted from, as `numbering` takes it."""
        source = self.levels.counted_from
        cut = source == SACRUM and is_cut(self.view.of(pixels), self.levels.label)
        return CUT_SACRUM if cut else source


class Model:
    """A trained network, ready to segment slices.

    Args:
        weights: From `load_weights`.
        engine: What runs the network; torch on the CPU where not given.

    Attributes:
        weights: As given.
        engine: As given.
    """

    def __init__(self, weights: Weights, engine: Engine | None = None) -> None:
        self.weights = weights
        self.engine = engine or torch_engine(weights.network, "cpu")

    @classmethod
    def load(cls, path: Path, device: str = "cpu", engine: str = "torch") -> Model:
        """Reads a weights file; `device` and `engine` as in `choose_engine`.

        Raises:
            FileFormatError: If it is none.
            UsageError: If there is no such device or engine.
            MissingDependencyError: If the engine is not installed.
        """
        weights = load_weights(path)
        return cls(weights, choose_engine(weights, device, engine))

    def predict(
        self,
        image: NDArray[Any],
        spacing: tuple[float, float] | None = None,
        *,
        refuse: bool = True,
        turn: bool = True,
    ) -> Segmentation:
        """Segments one sagittal slice, row 0 at the head, column 0 anterior.

        A slice that shows no plain spine as it lies, or one that bends backwards, but a plainer
        one upside down or mirrored, is segmented as it seems to lie, with a warning. A frame of
        one grey around it is left out of what is looked at.

        Args:
            image: `(H, W)`, any real dtype and range.
            spacing: Row and column spacing in mm, passed on.
            refuse: Whether what hardly looks like a lumbar spine is refused; comparisons of
                weak models ask for an answer all the same.
            turn: Whether other views are looked at; not where it is known how the slice lies.

        Raises:
            CaseError: If the image is no finite array of two dimensions.
            UsageError: If the spacing is not two positive numbers.
        """
        checked = _checked(image)
        known = None if spacing is None else Spacing.checked(spacing)
        box = inside_frame(np.asarray(image))
        found = self._inside(checked[box], known, refuse, turn)
        if found.label.shape == checked.shape:
            return found
        label = np.full(checked.shape, BACKGROUND, np.uint8)
        label[box] = found.label
        return replace(found, label=label)

    def _inside(
        self, image: NDArray[np.float32], known: Spacing | None, refuse: bool, turn: bool
    ) -> Segmentation:
        """`predict` of a slice without a frame."""
        pixels = window(image)
        if not pixels.any():
            return _refused(pixels, known, "The image is blank")
        seen = self._best_view(pixels) if turn else self._seen(pixels, View.AS_IT_LIES)
        doubt = rejection(seen.found) if refuse else None
        return _refused(pixels, known, doubt) if doubt else self._said(seen, pixels, known)

    def _said(self, seen: _Seen, pixels: Image, spacing: Spacing | None) -> Segmentation:
        levels, view, source = seen.levels, seen.view, seen.counted_from(pixels)
        cut = (CUT,) if source == CUT_SACRUM else ()
        doubts = (*cut, *seen.doubts(pixels), *seen.suspicions)
        calibration = self.weights.calibration
        turned = (view.warning,) if view.warning else ()
        return Segmentation(
            view.of(levels.label),
            {s: calibrated(one, calibration) for s, one in seen.found.items()},
            spacing,
            (*levels.warnings, *doubts, *turned),
            levels.ambiguous or bool(doubts),
            orientation=view.orientation,
            counted_from=source,
        )

    def _best_view(self, pixels: Image) -> _Seen:
        here = self._seen(pixels, View.AS_IT_LIES)
        if shows_plain_spine(here.look):
            return here
        others = [self._seen(pixels, view) for view in OTHER_VIEWS]
        better = [other for other in others if lies_so(other.look, here.look)]
        if better:
            return max(better, key=lambda seen: seen.look.worth)
        # A mirror image has the same levels; one that is upside down has none of them right.
        likely = [
            o for o in others if o.view is not View.MIRRORED and may_lie_so(o.look, here.look)
        ]
        best = max(likely, key=lambda seen: seen.look.worth, default=None)
        return here if best is None else replace(here, suspicions=(best.view.suspicion,))

    def _seen(self, pixels: Image, view: View) -> _Seen:
        probabilities = self.probabilities(view.of(pixels))
        levels = consistent_levels(_most_likely(probabilities))
        found = evidence(levels.label, probabilities, levels.agreement)
        return _Seen(view, levels, found, probabilities)

    def probabilities(self, pixels: Image) -> NDArray[np.float32]:
        """What the network believes of each pixel, before levels are made consistent.

        Args:
            pixels: `(H, W)` float32 in [0, 1], windowed.

        Returns:
            `(12, H, W)` on the slice's own grid, sums of 1.
        """
        rows, columns = pixels.shape
        canvas = Letterbox.fit((rows, columns), self.weights.size)
        with torch.inference_mode():
            return canvas.take(self.engine.run(canvas.put(pixels)))


def _checked(image: NDArray[Any]) -> NDArray[np.float32]:
    array = np.asarray(image)
    if array.ndim != 2 or 0 in array.shape or array.dtype.kind not in "biuf":
        raise CaseError(
            f"image is {array.dtype} of shape {array.shape}",
            remedy="Give one grey slice of shape (rows, columns)",
        )
    if not np.isfinite(array).all():
        raise CaseError("image holds NaN or infinity", remedy="Replace them")
    return array.astype(np.float32)


def _most_likely(probabilities: NDArray[np.float32]) -> LabelMap:
    """As `argmax` over the first axis, several times quicker: most of a slice holds nothing."""
    label = np.full(probabilities.shape[1:], BACKGROUND, np.uint8)
    unsure = probabilities[BACKGROUND] < 1
    part = tuple(_span(unsure.any(axis=1 - axis)) for axis in (0, 1))
    best, found = probabilities[BACKGROUND][part].copy(), label[part]
    for structure in STRUCTURES:
        likely = probabilities[structure.value][part]
        found[likely > best] = structure.value
        np.maximum(best, likely, out=best)
    return label


def _span(flags: NDArray[np.bool_]) -> slice:
    """From the first that is set to the last."""
    places = np.flatnonzero(flags)
    return slice(int(places[0]), int(places[-1]) + 1) if len(places) else slice(0)


def _refused(pixels: Image, spacing: Spacing | None, reason: str) -> Segmentation:
    nothing = np.full(pixels.shape, BACKGROUND, np.uint8)
    return Segmentation(nothing, {}, spacing, (), ambiguous=True, refused=reason)
