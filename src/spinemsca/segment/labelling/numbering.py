"""What a numbering was counted from, in a word for programs and in a sentence for readers."""

from __future__ import annotations

from typing import Final

__all__ = ["APPEARANCE", "CUT_SACRUM", "LOWEST_IN_VIEW", "SACRUM", "numbering"]

SACRUM: Final = "sacrum"
"""Counted upward from a sacrum in view."""

CUT_SACRUM: Final = "cut sacrum"
"""What was taken for the sacrum is cut by the picture's edge, and may be any vertebra."""

APPEARANCE: Final = "appearance"
"""Not counted: no sacrum is in view, and each level is named by its looks."""

LOWEST_IN_VIEW: Final = "lowest in view"
"""No sacrum is in view, and the reader said what the lowest vertebra in view is."""

# How a reader is told of each source; wording alone.
_SENTENCES: Final = {
    SACRUM: "counted upward from the sacrum, taking the lowest lumbar vertebra for {lowest}",
    CUT_SACRUM: "no whole sacrum in view: levels named by their appearance, the lowest vertebra, "
    "which the picture's edge cuts, for the sacrum",
    APPEARANCE: "no sacrum in view: levels named by their appearance, not counted",
    LOWEST_IN_VIEW: "no sacrum in view: counted upward from the lowest vertebra in view, "
    "taken for {lowest}",
}


def numbering(counted_from: str, lowest: str = "L5") -> str:
    """What a numbering rests on, as the record of a prediction says it.

    Args:
        counted_from: `SACRUM`, `CUT_SACRUM`, `APPEARANCE` or `LOWEST_IN_VIEW`.
        lowest: What the lowest lumbar vertebra was taken for.
    """
    return _SENTENCES[counted_from].format(lowest=lowest)
