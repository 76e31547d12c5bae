"""Rules about the image alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from spinemsca.release.verify.finding import Finding, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spinemsca.case import Case, Image
    from spinemsca.release.layout import Entry

__all__ = ["RULES", "check_image", "is_blank"]

SIDE: Final = 512

SIZE: Final = Rule(
    "image-size",
    Severity.ERROR,
    f"Every image is {SIDE}×{SIDE}",
    f"Resample image (linearly) and label map (nearest) to {SIDE}×{SIDE}",
)
BLANK: Final = Rule(
    "blank-image",
    Severity.ERROR,
    "An image shows something: the standard deviation of its values is 0.01 or more",
    "Export the slice again, or leave the case out",
)
NOISE: Final = Rule(
    "noise-image",
    Severity.ERROR,
    "An image is more than noise: neighbouring pixels correlate by 0.5 or more",
    "Export the slice again, or leave the case out",
)
FAINT: Final = Rule(
    "faint-image",
    Severity.ERROR,
    "Values span at least half of [0, 1]",
    "Normalise the image by its own range or percentiles",
)
NOT_NORMALISED: Final = Rule(
    "not-normalised",
    Severity.WARNING,
    "The smallest value is at most 0.05 and the largest at least 0.95",
    "Normalise the image by its own range or percentiles",
)
CLIPPED: Final = Rule(
    "clipped-image",
    Severity.WARNING,
    "At most 3 % of all pixels are exactly 1, at most 5 % of labelled pixels exactly 0",
    "Normalise by wider percentiles",
)
SATURATED: Final = Rule(
    "saturated-image",
    Severity.ERROR,
    "At most 20 % of all pixels are exactly 1, at most 50 % of labelled pixels exactly 0",
    "Normalise by wider percentiles; the anatomy's own contrast is lost",
)
RULES: Final = (SIZE, BLANK, NOISE, FAINT, NOT_NORMALISED, CLIPPED, SATURATED)

# Shares of all pixels that are 1 and of labelled ones that are 0, as the rules say; chosen, not
# measured.
_CLIPPED: Final = (0.03, 0.05)
_SATURATED: Final = (0.20, 0.50)


def is_blank(image: Image) -> bool:
    """Whether an image shows nothing."""
    return float(image.std()) < 0.01


def check_image(entry: Entry, case: Case) -> Iterator[Finding]:
    """Judges shape, content and normalisation of a case's image."""
    if case.shape != (SIDE, SIDE):
        yield SIZE.broken_by(entry, f"image is {case.shape[0]}×{case.shape[1]}")
    if is_blank(case.image):
        yield BLANK.broken_by(entry, f"all values lie around {case.image.mean():.3g}")
        return
    if (alike := _neighbour_correlation(case.image)) < 0.5:
        yield NOISE.broken_by(entry, f"neighbouring pixels correlate by only {alike:.2f}")
    yield from _check_range(entry, case.image)
    yield from _check_clipping(entry, case)


def _neighbour_correlation(image: Image) -> float:
    centred = image - image.mean()
    along = float((centred[:, 1:] * centred[:, :-1]).mean() + (centred[1:] * centred[:-1]).mean())
    return along / 2 / float((centred * centred).mean())


def _check_range(entry: Entry, image: Image) -> Iterator[Finding]:
    low, high = float(image.min()), float(image.max())
    message = f"values span {low:.3g} to {high:.3g}"
    if high - low < 0.5:
        yield FAINT.broken_by(entry, message)
    elif low > 0.05 or high < 0.95:
        yield NOT_NORMALISED.broken_by(entry, message)


def _check_clipping(entry: Entry, case: Case) -> Iterator[Finding]:
    bright = float(np.mean(case.image >= 1))
    anatomy = case.image[case.label > 0] if case.label is not None else case.image[:0]
    dark = float(np.mean(anatomy <= 0)) if anatomy.size else 0.0
    for rule, limits in ((SATURATED, _SATURATED), (CLIPPED, _CLIPPED)):
        if bright > limits[0] or dark > limits[1]:
            yield rule.broken_by(
                entry, f"{bright:.1%} of all pixels are 1, {dark:.1%} of labelled pixels are 0"
            )
            return
