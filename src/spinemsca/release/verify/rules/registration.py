"""The rule that a label map lies on its image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spinemsca.release.verify.finding import Finding, Rule, Severity
from spinemsca.release.verify.registration import alignment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spinemsca.case import Case
    from spinemsca.release.layout import Entry

__all__ = ["RULES", "check_fit"]

# How this was chosen is not recorded.
MARGIN: Final = 0.03

MISALIGNED: Final = Rule(
    "misaligned-label",
    Severity.ERROR,
    "A label's edges agree with the image's better than after any shift of 10 to 40 px, "
    f"by {MARGIN} or more",
    "Check that image and label map belong together and were resampled and flipped alike",
)
RULES: Final = (MISALIGNED,)


def check_fit(entry: Entry, case: Case) -> Iterator[Finding]:
    """Compares the edges of a case's label map with those of its image."""
    fit = None if case.label is None else alignment(case.image, case.label)
    if fit is None or fit.margin >= MARGIN:
        return
    down, right = fit.shift
    yield MISALIGNED.broken_by(
        entry,
        f"label edges agree with the image by {fit.here:.2f}, "
        f"moved by {down:+d} rows and {right:+d} columns by {fit.elsewhere:.2f}",
    )
