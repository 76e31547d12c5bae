"""The cases that were scored worst, as one picture."""

from __future__ import annotations

from glob import escape
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image as Picture

from spinemsca.anatomy import STRUCTURES
from spinemsca.errors import SpineError
from spinemsca.io import read_label_volume, read_volume
from spinemsca.score.case_score import METRICS
from spinemsca.score.figures import worst_first, worst_strip
from spinemsca.score.overlap import joint_histogram, overlaps

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from spinemsca.case import Image
    from spinemsca.predictions import Pair
    from spinemsca.score.case_score import CaseScore

__all__ = ["worst_sheet", "worst_slice"]

# As many as fit on a screen above each other.
_CASES: Final = 6


def worst_sheet(
    scores: Sequence[CaseScore], pairs: Sequence[Pair], images: Path | None
) -> Picture.Image:
    """A strip for each of the worst cases; of a volume its worst slice.

    Args:
        scores: Of all cases.
        pairs: Files of the cases.
        images: Folder of images named like the cases; a release has its own.
    """
    files = {p.name: p for p in pairs}
    strips = [_strip(s, files[s.name], images) for s in worst_first(scores, _CASES)]
    sheet = Picture.new(
        "RGB", (max(s.width for s in strips), sum(s.height for s in strips)), (255, 255, 255)
    )
    top = 0
    for strip in strips:
        sheet.paste(strip, (0, top))
        top += strip.height
    return sheet


def worst_slice(found: NDArray[np.uint8], truth: NDArray[np.uint8], scored: Sequence[int]) -> int:
    """Index of the slice with the lowest mean Dice; of several the one with most pixels wrong.

    Args:
        found: `(S, H, W)` uint8.
        truth: The same shape.
        scored: Label values of the structures scored.
    """
    values = list(scored)

    def rank(index: int) -> tuple[float, int]:
        dice = overlaps(joint_histogram(found[index], truth[index]))["dice"][values]
        wrong = int(np.count_nonzero(found[index] != truth[index]))
        # A slice that shows nothing has no Dice: it comes after those with the best.
        return (2.0 if np.isnan(dice).all() else float(np.nanmean(dice))), -wrong

    return min(range(len(truth)), key=rank)


def _strip(score: CaseScore, pair: Pair, images: Path | None) -> Picture.Image:
    truth, found = (read_label_volume(p).pixels for p in (pair.truth, pair.prediction))
    scored = [s.value for s, o in zip(STRUCTURES, score.outcomes, strict=True) if o]
    index = worst_slice(found, truth, scored)
    which = f", slice {index} of 0 to {len(truth) - 1}" if len(truth) > 1 else ""
    title = f"{score.name}: {_mean_dice(score)}{which}{_remark(score)}"
    return worst_strip(_image(pair, images, truth.shape, index), truth[index], found[index], title)


def _mean_dice(score: CaseScore) -> str:
    dice = score.metrics[:, METRICS.index("dice")]
    return "no Dice" if np.isnan(dice).all() else f"mean Dice {np.nanmean(dice):.3f}"


def _remark(score: CaseScore) -> str:
    wrong = [
        f"{s.name} {outcome}"
        for s, outcome in zip(STRUCTURES, score.outcomes, strict=True)
        if outcome in {"shifted", "missed", "invented"}
    ]
    return f"; {', '.join(wrong)}" if wrong else ""


def _image(pair: Pair, images: Path | None, shape: tuple[int, ...], index: int) -> Image | None:
    """The picture of a case's slice, if it can be found and fits."""
    candidates = [pair.truth.with_name("img.pt")]
    if images is not None:
        candidates += sorted(images.glob(f"{escape(pair.name)}.*"))
    for path in candidates:
        try:
            pixels = read_volume(path).pixels
        except SpineError:
            continue
        if pixels.shape == shape:
            return np.asarray(pixels[index], np.float32)
    return None
