"""Marginal cross-entropy and Dice: losses for data that is labelled in part.

Where a case cannot tell some values apart, their probabilities are summed before they are
judged (Shi et al., *Marginal loss and exclusion loss for partially supervised multi-organ
segmentation*, Medical Image Analysis 70, 2021). So a case without S1 says "background or S1" and
never that S1 is nothing. Both losses are means over the cases of a batch, so that a batch cut
into equal parts, in time or over devices, has the mean of its parts' losses.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from spinemsca.anatomy import BACKGROUND, NUMBER_OF_CLASSES

__all__ = [
    "STRUCTURE_WEIGHT",
    "marginal_cross_entropy",
    "marginal_dice_loss",
    "members",
    "segmentation_loss",
]

STRUCTURE_WEIGHT: Final = 5.0
"""How much more a pixel of a structure counts in the cross-entropy than any other.

Structures fill a twelfth of a slice. Counted alike, "all background" is where training gets
stuck at first, since Dice has no slope where every structure's probability is near zero. Once it
is past that, 1 is the honest weight: a higher one draws every outline a pixel or two too wide.
"""

# Pixels added to both sides of the Dice, as is usual, so that it is defined where nothing is.
_SMOOTH: Final = 1.0

_LEAST: Final = 1e-30
"""Probability below which the cross-entropy grows no further; its logarithm is finite."""


def segmentation_loss(
    logits: Tensor, candidates: Tensor, structure_weight: float = STRUCTURE_WEIGHT
) -> Tensor:
    """Marginal cross-entropy plus marginal Dice loss.

    Args:
        logits: `(B, 12, H, W)` float.
        candidates: `(B, H, W)` int32; bit `v` is set where the pixel can be of value `v`.
        structure_weight: See `STRUCTURE_WEIGHT`.

    Returns:
        A scalar, 0 at best.
    """
    probability, allowed = logits.softmax(1), members(candidates, logits.dtype)
    entropy = marginal_cross_entropy(probability, allowed, structure_weight)
    return entropy + marginal_dice_loss(probability, allowed)


def members(candidates: Tensor, dtype: torch.dtype) -> Tensor:
    """`(B, 12, H, W)` of a dtype: 1 where a pixel can be of a value, 0 where it cannot.

    Args:
        candidates: `(B, H, W)` int32 sets.
        dtype: Of the result.
    """
    values = torch.arange(NUMBER_OF_CLASSES, device=candidates.device, dtype=candidates.dtype)
    return ((candidates[:, None] >> values[:, None, None]) & 1).to(dtype)


def marginal_cross_entropy(
    probability: Tensor, allowed: Tensor, structure_weight: float = STRUCTURE_WEIGHT
) -> Tensor:
    """Mean of −log of the summed probabilities of each pixel's candidates.

    Within a case it is the weighted mean over pixels, see `STRUCTURE_WEIGHT`.

    Args:
        probability: `(B, 12, H, W)` float, sums of 1.
        allowed: `(B, 12, H, W)`, from `members`; every pixel can be something.
        structure_weight: See `STRUCTURE_WEIGHT`.

    Returns:
        A scalar, 0 at best; pixels that can be anything add 0.
    """
    cost = -(probability * allowed).sum(1).clamp(min=_LEAST).log()
    weight = structure_weight + (1 - structure_weight) * allowed[:, BACKGROUND]
    return ((cost * weight).flatten(1).sum(1) / weight.flatten(1).sum(1)).mean()


def marginal_dice_loss(probability: Tensor, allowed: Tensor) -> Tensor:
    """1 − soft Dice, mean over the structures that each case shows, then over cases.

    For a structure only those pixels count that are known to be it or known not to be it.

    Args:
        probability: `(B, 12, H, W)` float, sums of 1.
        allowed: `(B, 12, H, W)`, from `members`; every pixel can be something.

    Returns:
        A scalar in [0, 1]; a case that shows no structure adds 0.
    """
    certain = (allowed.sum(1, keepdim=True) == 1).to(allowed.dtype)
    allowed, probability = (x[:, BACKGROUND + 1 :] for x in (allowed, probability))
    truth = allowed * certain
    known = truth + 1 - allowed
    common = (probability * truth).sum((2, 3))
    area = truth.sum((2, 3))
    total = (probability * known).sum((2, 3)) + area
    loss = 1 - (2 * common + _SMOOTH) / (total + _SMOOTH)
    shown = (area > 0).to(loss.dtype)
    return ((loss * shown).sum(1) / shown.sum(1).clamp(min=1)).mean()
