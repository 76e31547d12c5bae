"""Whether a difference between two visits is more than measuring error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemsca.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spinemsca.measure.measurements import Measurements, Result

__all__ = ["Change", "detect_changes", "spread"]

# 97.5th percentile of the standard normal distribution.
_TWO_SIDED_95: Final = 1.96


@dataclass(frozen=True, slots=True)
class Change:
    """How one measure of one structure differs between two cases.

    Attributes:
        before: First result.
        after: Second result.
        change: After minus before.
        detectable: Smallest detectable change: 1.96 √(SE² + SE²). What it cannot know, such as
            another slice position, comes on top.
    """

    before: Result
    after: Result
    change: float
    detectable: float

    @property
    def detected(self) -> bool:
        """Whether the change is larger than the smallest detectable one."""
        return abs(self.change) > self.detectable


def detect_changes(before: Measurements, after: Measurements) -> list[Change]:
    """Changes of all measures that both cases give with a standard error.

    Raises:
        UsageError: If one is in mm and the other in pixels.
    """
    if before.unit != after.unit:
        raise UsageError(
            f"{before.case} is in {before.unit}, {after.case} in {after.unit}",
            remedy="Give the spacing of both",
        )
    later = {(r.definition.name, r.structure): r for r in after.results}
    found = (_change(r, later[r.definition.name, r.structure]) for r in before.results)
    return [change for change in found if change is not None]


def _change(before: Result, after: Result) -> Change | None:
    if not (isinstance(before.value, float) and isinstance(after.value, float)):
        return None
    if before.error is None or after.error is None:
        return None
    detectable = _TWO_SIDED_95 * float(np.hypot(before.error, after.error))
    return Change(before, after, after.value - before.value, detectable)


def spread(repeats: Sequence[Measurements]) -> dict[tuple[str, str], float]:
    """Standard deviation of each measure over repeated outlines of one image.

    Args:
        repeats: At least two, as from several predictions or readers.

    Returns:
        By measure and structure, for those that all repeats give.
    """
    if len(repeats) < 2:
        raise UsageError("a spread needs at least two label maps of one image")
    values: dict[tuple[str, str], list[float]] = {}
    for repeat in repeats:
        for r in repeat.results:
            if isinstance(r.value, float):
                values.setdefault((r.definition.name, r.structure), []).append(r.value)
    return {k: float(np.std(v, ddof=1)) for k, v in values.items() if len(v) == len(repeats)}
