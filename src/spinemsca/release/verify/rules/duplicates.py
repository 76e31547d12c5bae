"""Rules about images that occur more than once: within a split, and across splits (leakage)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca.release.verify.finding import Finding, Rule, Severity
from spinemsca.release.verify.fingerprint import CANDIDATE, DUPLICATE, likeness

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from spinemsca.release.layout import Entry

__all__ = ["RULES", "candidates", "check_identical", "check_near"]

IDENTICAL: Final = Rule(
    "identical-image",
    Severity.ERROR,
    "No two cases hold the same image",
    "Keep one of them; across splits, what is tested was trained on",
)
NEAR: Final = Rule(
    "near-duplicate",
    Severity.ERROR,
    f"No two cases of different patients or splits are alike by {DUPLICATE} or more, "
    "also when noisy, brighter, shifted, mirrored, turned or cropped a little",
    "Keep one of them, or give both the same patient and split in cases.csv",
)
SAME_LABEL: Final = Rule(
    "identical-label",
    Severity.WARNING,
    "No two cases hold the same label map",
    "Check which of the images the label map belongs to",
)
RULES: Final = (IDENTICAL, NEAR, SAME_LABEL)

# Chosen, not measured: rows of the matrix of all pairs that are held at a time.
_BLOCK: Final = 2048


def check_identical(
    entries: Sequence[Entry], digests: Mapping[int, bytes], *, label: bool = False
) -> Iterator[Finding]:
    """Names every case whose digest another had before it.

    Args:
        entries: The cases.
        digests: Digest of the image, or of the label map, by the case's index.
        label: Whether label maps are compared.
    """
    groups: dict[bytes, list[int]] = defaultdict(list)
    for index, digest in digests.items():
        groups[digest].append(index)
    rule, what = (SAME_LABEL, "label map") if label else (IDENTICAL, "image")
    for first, *copies in groups.values():
        for copy in copies:
            one, other = entries[first], entries[copy]
            yield rule.broken_by(other, f"same {what} as {_place(one, other)}", one)


def check_near(
    entries: Sequence[Entry],
    patients: Sequence[str],
    coarse: NDArray[np.float16],
    fine: NDArray[np.int8],
) -> Iterator[Finding]:
    """Finds near-duplicates between different patients or different splits.

    Args:
        entries: The `n` cases.
        patients: Their patients.
        coarse: `(n, COARSE_LENGTH)` coarse fingerprints.
        fine: `(n, SIDE, SIDE)` fine ones, in memory or mapped from a file.
    """
    for first, second in candidates(coarse):
        one, other = entries[first], entries[second]
        if one.split == other.split and patients[first] == patients[second]:
            continue
        alike = likeness(fine[first], fine[second])
        if alike >= DUPLICATE:
            yield NEAR.broken_by(other, f"{alike:.3f} alike to {_place(one, other)}", one)


def candidates(
    coarse: NDArray[np.float16], threshold: float = CANDIDATE
) -> Iterator[tuple[int, int]]:
    """All pairs of rows, first below second, that correlate by `threshold` or more.

    Works in blocks, so that memory does not grow with the square of their number.
    """
    count = len(coarse)
    for top in range(0, count, _BLOCK):
        rows: np.ndarray[Any, Any] = coarse[top : top + _BLOCK].astype(np.float32)
        for left in range(top, count, _BLOCK):
            columns = coarse[left : left + _BLOCK].astype(np.float32)
            for row, column in np.argwhere(rows @ columns.T >= threshold).tolist():
                if top + row < left + column:
                    yield top + row, left + column


def _place(one: Entry, other: Entry) -> str:
    if one.split == other.split:
        return one.name
    return f"{one.name} in {one.split.folder} (leaks across splits)"
