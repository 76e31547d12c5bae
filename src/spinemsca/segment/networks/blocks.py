"""What the network is made of: strip and global attention, convolutions and merging."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = [
    "Block",
    "Convolutions",
    "GlobalAttention",
    "Merge",
    "StripAttention",
    "SubpixelHead",
    "doubled",
]

# As in MSCA's publication (Guo et al., *SegNeXt*, NeurIPS 2022).
_STRIPS: Final = (7, 11, 21)

_BETWEEN: Final = ((0.25, 0.75, 0.0), (0.0, 0.75, 0.25))
"""Weights of the place before, the place itself and the one after in its two halves."""


def _norm(channels: int) -> nn.Module:
    # Independent of the batch, so that accumulated or spread batches give the same gradient.
    return nn.GroupNorm(8, channels)


class StripAttention(nn.Module):
    """Multi-scale convolutional attention: weighs its input by what lies around it.

    Args:
        channels: Of input and output.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.square = _depthwise(channels, (5, 5))
        self.strips = nn.ModuleList(
            nn.Sequential(_depthwise(channels, (1, n)), _depthwise(channels, (n, 1)))
            for n in _STRIPS
        )
        self.mix = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Takes `(B, C, H, W)` to the same shape."""
        square = self.square(x)
        weights = square
        for strip in self.strips:
            weights = weights + strip(square)
        weighted: Tensor = x * self.mix(weights)
        return weighted


def _depthwise(channels: int, size: tuple[int, int]) -> nn.Conv2d:
    rows, columns = size
    return nn.Conv2d(channels, channels, size, padding=(rows // 2, columns // 2), groups=channels)


class GlobalAttention(nn.Module):
    """Self-attention between all places; positions come from a depth-wise 3×3 convolution.

    Args:
        channels: Of input and output, a multiple of `heads`.
        heads: Attention heads.
    """

    def __init__(self, channels: int, heads: int = 8) -> None:
        super().__init__()
        self.heads = heads
        self.position = _depthwise(channels, (3, 3))
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.out = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Takes `(B, C, H, W)` to the same shape."""
        x = x + self.position(x)
        batch, channels, rows, columns = x.shape
        tokens = self.qkv(x).view(batch, 3, self.heads, channels // self.heads, rows * columns)
        query, key, value = tokens.transpose(-1, -2).unbind(1)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        joined: Tensor = self.out(mixed.transpose(-1, -2).reshape(batch, channels, rows, columns))
        return joined


class Block(nn.Module):
    """Attention and a feed-forward part, each added to its input after a learned scale.

    Args:
        channels: Of input and output.
        attention: Maps `(B, C, H, W)` to the same shape.
        expansion: Hidden channels of the feed-forward part, as a multiple of `channels`.
    """

    def __init__(self, channels: int, attention: nn.Module, expansion: int) -> None:
        super().__init__()
        hidden = expansion * channels
        self.attend = nn.Sequential(
            _norm(channels),
            nn.Conv2d(channels, channels, 1),
            nn.GELU(),
            attention,
            nn.Conv2d(channels, channels, 1),
        )
        self.feed = nn.Sequential(
            _norm(channels),
            nn.Conv2d(channels, hidden, 1),
            _depthwise(hidden, (3, 3)),
            nn.GELU(),
            nn.Conv2d(hidden, channels, 1),
        )
        self.scale = nn.Parameter(torch.full((2, channels, 1, 1), 0.1))

    def forward(self, x: Tensor) -> Tensor:
        """Takes `(B, C, H, W)` to the same shape."""
        attended: Tensor = x + self.scale[0] * self.attend(x)
        fed: Tensor = attended + self.scale[1] * self.feed(attended)
        return fed


class Convolutions(nn.Sequential):
    """Two 3×3 convolutions, the first with `stride`, each followed by norm and GELU."""

    def __init__(self, channels: int, out: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(channels, out, 3, stride=stride, padding=1, bias=False),
            _norm(out),
            nn.GELU(),
            nn.Conv2d(out, out, 3, padding=1, bias=False),
            _norm(out),
            nn.GELU(),
        )


class Merge(nn.Module):
    """Doubles the coarse map and joins it with the fine one, then refines by `refine`.

    A 1×1 convolution and doubling can change places, so the coarse map is narrowed before it is
    doubled: the same answer as from both maps side by side, without copying them there.
    """

    def __init__(self, coarse: int, fine: int, refine: nn.Module) -> None:
        super().__init__()
        self.join = nn.Sequential(nn.Conv2d(coarse + fine, fine, 1, bias=False), _norm(fine))
        self.refine = refine

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        """Takes `(B, C, H/2, W/2)` and `(B, F, H, W)` to `(B, F, H, W)`."""
        weight = self.join.get_parameter("0.weight")
        first = coarse.shape[1]
        narrowed = doubled(functional.conv2d(coarse, weight[:, :first]))
        joined = self.join[1](narrowed + functional.conv2d(fine, weight[:, first:]))
        refined: Tensor = self.refine(joined)
        return refined


class SubpixelHead(nn.Module):
    """Logits at twice the resolution of their features, each from features around it.

    The gap between a disc and a vertebra is often a single pixel, which logits interpolated
    from half of the resolution cannot show. It begins as that interpolation and learns from
    there (sub-pixel convolution: Shi et al., *Real-Time Single Image and Video Super-Resolution*,
    CVPR 2016).

    Args:
        channels: Of the features.
        classes: Of the logits.
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.around = nn.Conv2d(channels, 4 * classes, 3, padding=1)
        between = torch.tensor(_BETWEEN)
        stencils = torch.einsum("ik,jl->ijkl", between, between).reshape(4, 1, 3, 3)
        alone = nn.Conv2d(channels, classes, 1).state_dict()
        self.around.load_state_dict(
            {
                "weight": (alone["weight"][:, None] * stencils).flatten(0, 1),
                "bias": alone["bias"].repeat_interleave(4),
            }
        )

    def forward(self, x: Tensor) -> Tensor:
        """Takes `(B, C, H, W)` to `(B, K, 2H, 2W)`."""
        return functional.pixel_shuffle(self.around(x), 2)


def doubled(x: Tensor) -> Tensor:
    """Doubles the resolution bilinearly: `(B, C, H, W)` to `(B, C, 2H, 2W)`."""
    return functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
