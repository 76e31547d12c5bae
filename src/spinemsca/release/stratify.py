"""Drawing splits so that both sexes are spread over all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spinemsca.release.split import Split, split_sizes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spinemsca.case import Sex

__all__ = ["stratified_splits"]


def stratified_splits(sexes: Sequence[Sex | None], seed: int) -> list[Split]:
    """The split of each patient: sizes as published, both sexes spread over all splits.

    Args:
        sexes: Of the patients; unknown ones are a stratum of their own.
        seed: Of the shuffle within a sex.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0, 0)))
    shuffled = rng.permutation(len(sexes))
    left = sorted(shuffled.tolist(), key=lambda i: sexes[i] or "")
    out = [Split.TRAIN] * len(sexes)
    sizes = split_sizes(len(sexes))
    for split in (Split.VAL, Split.TEST):
        count = sizes[split]
        chosen = [left[int((k + 0.5) * len(left) / count)] for k in range(count)]
        for i in chosen:
            out[i] = split
        left = [i for i in left if i not in set(chosen)]
    return out
