"""The rule that a structure's area is not far from the same structure's in other cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from spinemsca.anatomy import STRUCTURES
from spinemsca.release.verify.finding import Finding, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from spinemsca.release.layout import Entry

__all__ = ["RULES", "check_cohort"]

# Both chosen, not measured.
LIMIT: Final = 6.0
_FEWEST: Final = 20

OUTLIER: Final = Rule(
    "outlying-area",
    Severity.WARNING,
    f"The logarithm of an area lies within {LIMIT:g} robust standard deviations (1.4826 × median "
    "absolute deviation) of the release's median, where 20 cases or more show the structure",
    "Look at the case: wrong label map, unusual field of view, or unusual anatomy",
)
RULES: Final = (OUTLIER,)


def check_cohort(entries: Sequence[Entry], areas: NDArray[np.int32]) -> Iterator[Finding]:
    """Compares areas across cases.

    Args:
        entries: The cases.
        areas: `(cases, structures)` px², 0 where a structure is absent, in `STRUCTURES`' order.
    """
    for column, structure in enumerate(STRUCTURES):
        present = np.flatnonzero(areas[:, column])
        if present.size < _FEWEST:
            continue
        logs = np.log(areas[present, column])
        centre = np.median(logs)
        # Never finer than 5 %, so that a release of near-equal phantoms has no outliers.
        spread = max(1.4826 * float(np.median(np.abs(logs - centre))), 0.05)
        for index in np.flatnonzero(np.abs(logs - centre) > LIMIT * spread):
            area = int(areas[present[index], column])
            yield OUTLIER.broken_by(
                entries[present[index]],
                f"{structure} has {area} px, the release's median is {np.exp(centre):.0f} px",
            )
