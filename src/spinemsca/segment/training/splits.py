"""Which patients train, which choose and which judge: drawn once, then read from a list."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np

from spinemsca._util import write_text
from spinemsca.release import Split, split_sizes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["draw_patients", "write_patients"]

_COLUMNS = ("patient", "split")


def draw_patients(
    patients: Iterable[str], seed: int, sizes: Mapping[Split, int] | None = None
) -> dict[str, Split]:
    """Gives every patient a split at random; the order of the patients does not matter.

    Args:
        patients: Their pseudonyms.
        seed: Same patients and seed, same splits.
        sizes: Patients in each split, in sum their number; `None` divides them as the
            published dataset does.
    """
    names = sorted(set(patients))
    sizes = sizes or split_sizes(len(names))
    splits = [split for split in Split for _ in range(sizes[split])]
    order = np.random.default_rng(seed).permutation(len(names))
    drawn = {names[i]: split for i, split in zip(order, splits, strict=True)}
    return {name: drawn[name] for name in names}


def write_patients(path: Path, splits: Mapping[str, Split]) -> None:
    """Writes a table with the columns `patient` and `split`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows((patient, split.value) for patient, split in splits.items())
    write_text(path, text.getvalue())
