"""Judging a network during training: Dice at the network's own resolution, and levels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from spinemsca.anatomy import STRUCTURES
from spinemsca.segment.training.data import Example, plain_batch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import nn

__all__ = ["case_dice", "validate"]

# Chosen: a structure under its neighbour's name shares next to no pixels with its truth.
_LEVEL_RIGHT: Final = 0.5


def validate(network: nn.Module, cases: Sequence[Example], size: int) -> dict[str, Any]:
    """Segments every case as it is and compares it with what is known of it.

    Args:
        network: Maps `(1, 1, S, S)` to logits `(1, 12, S, S)`; left in evaluation mode.
        cases: Of patients not trained on.
        size: S, a multiple of 32.

    Returns:
        `dice`, the mean over cases of the mean over their structures; `levels_right`, the share
        of cases with a Dice above 0.5 in each structure; `structures`, the mean Dice of each.
    """
    network.eval()
    device = next(network.parameters()).device
    rows = []
    for case in cases:
        batch = plain_batch([case], size)
        with torch.inference_mode():
            logits = network(batch.images.to(device))
        label = logits.argmax(1)[0].to(torch.uint8).cpu().numpy()
        rows.append(case_dice(label, batch.candidates[0].numpy()))
    return _summary(np.array(rows).reshape(-1, len(STRUCTURES)))


def case_dice(label: NDArray[np.uint8], candidates: NDArray[np.int32]) -> NDArray[np.float64]:
    """Dice of each structure over the pixels where it is known to be or known not to be.

    Args:
        label: `(H, W)` uint8, 0 to 11.
        candidates: `(H, W)` sets, see `candidate_sets`.

    Returns:
        `(11,)`, NaN for structures that the case does not show.
    """
    scores = np.full(len(STRUCTURES), np.nan)
    for i, structure in enumerate(STRUCTURES):
        truth = candidates == 1 << structure.value
        if truth.any():
            possible = (candidates >> structure.value) & 1 == 1
            found = (label == structure.value) & (truth | ~possible)
            scores[i] = 2 * (found & truth).sum() / (found.sum() + truth.sum())
    return scores


def _summary(dice: NDArray[np.float64]) -> dict[str, Any]:
    shown = ~np.isnan(dice)
    cases = dice[shown.any(1)]
    if not len(cases):
        return {"dice": 0.0, "levels_right": 0.0, "structures": {}}
    right = [row[~np.isnan(row)].min() > _LEVEL_RIGHT for row in cases]
    means = {
        s.name: float(np.nanmean(column))
        for s, column in zip(STRUCTURES, dice.T, strict=True)
        if not np.isnan(column).all()
    }
    return {
        "dice": float(np.mean([np.nanmean(row) for row in cases])),
        "levels_right": float(np.mean(right)),
        "structures": means,
    }
