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

__all__ = ["STRUCTURE_WEIGHT", "marginal_cross_entropy", "marginal_dice_loss", "segmentation_loss"]

STRUCTURE_WEIGHT: Final = 5.0
"""How much more a pixel of a structure counts in the cross-entropy than any other.

Structures fill a twelfth of a slice. Counted alike, "all background" is where training gets
stuck at first, since Dice has no slope where every structure's probability is near zero. Once it
is past that, 1 is the honest weight: a higher one draws every outline a pixel or two too wide.
"""

_SMOOTH: Final = 1.0


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
    allowed = _members(candidates)
    return _cross_entropy(logits, allowed, structure_weight) + _dice_loss(logits, allowed)


def marginal_cross_entropy(
    logits: Tensor, candidates: Tensor, structure_weight: float = STRUCTURE_WEIGHT
) -> Tensor:
    """Mean of −log of the summed probabilities of each pixel's candidates.

    Within a case it is the weighted mean over pixels, see `STRUCTURE_WEIGHT`.

    Args:
        logits: `(B, 12, H, W)` float.
        candidates: `(B, H, W)` int32 sets, none of them empty.
        structure_weight: See `STRUCTURE_WEIGHT`.

    Returns:
        A scalar, 0 at best; pixels that can be anything add 0.
    """
    return _cross_entropy(logits, _members(candidates), structure_weight)


def marginal_dice_loss(logits: Tensor, candidates: Tensor) -> Tensor:
    """1 − soft Dice, mean over the structures that each case shows, then over cases.

    For a structure only those pixels count that are known to be it or known not to be it.

    Args:
        logits: `(B, 12, H, W)` float.
        candidates: `(B, H, W)` int32 sets, none of them empty.

    Returns:
        A scalar in [0, 1]; a case that shows no structure adds 0.
    """
    return _dice_loss(logits, _members(candidates))


def _members(candidates: Tensor) -> Tensor:
    """`(B, 12, H, W)` bool: whether each pixel can be of each value."""
    values = torch.arange(NUMBER_OF_CLASSES, device=candidates.device, dtype=candidates.dtype)
    return ((candidates[:, None] >> values[:, None, None]) & 1).bool()


def _cross_entropy(logits: Tensor, allowed: Tensor, structure_weight: float) -> Tensor:
    possible = logits.masked_fill(~allowed, -torch.inf).logsumexp(1)
    cost = logits.logsumexp(1) - possible
    weight = torch.where(allowed[:, BACKGROUND], 1.0, structure_weight).to(logits.dtype)
    return ((cost * weight).flatten(1).sum(1) / weight.flatten(1).sum(1)).mean()


def _dice_loss(logits: Tensor, allowed: Tensor) -> Tensor:
    structures = slice(BACKGROUND + 1, None)
    certain = allowed.sum(1, keepdim=True) == 1
    truth = (allowed & certain)[:, structures].flatten(2).to(logits.dtype)
    known = (certain | ~allowed)[:, structures].flatten(2).to(logits.dtype)
    probability = logits.softmax(1)[:, structures].flatten(2) * known
    common = (probability * truth).sum(-1)
    total = probability.sum(-1) + truth.sum(-1)
    loss = 1 - (2 * common + _SMOOTH) / (total + _SMOOTH)
    shown = (truth.sum(-1) > 0).to(logits.dtype)
    return ((loss * shown).sum(1) / shown.sum(1).clamp(min=1)).mean()
