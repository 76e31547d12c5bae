"""Spine-DCAN, reimplemented from its description in words.

Its authors describe a dual-branch encoder: at each stage one branch of residual convolutions
keeps the structures' continuity, and beside it a multi-scale context reweighting module enhances
places and channels by multi-scale convolutions (MSCA); between encoder and decoder a
hierarchical feature fusion module integrates low-level detail with high-level meaning. Published
are 39.4 M parameters and 240 GFLOP at 512×512. What the description leaves open is chosen here
in the plainest way that comes near these two figures: widths, how branches are joined (a 1×1
convolution over both), how channels are reweighted (squeeze and excitation), what is fused (all
levels, brought to the size of the one that they go to) and the decoder (U-Net's). Hence it is a
stand-in for the published network and not that network.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from spinemsca._util import Strict
from spinemsca.anatomy import NUMBER_OF_CLASSES
from spinemsca.segment.networks.blocks import StripAttention, doubled

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["SpineDCAN", "SpineDCANConfig"]


class SpineDCANConfig(Strict):
    """Widths of the Spine-DCAN reimplementation.

    Attributes:
        kind: Tells it from the other networks.
        widths: Channels from the full resolution down, halving it each time; multiples of 8.
        fusion: Channels that each level gives to the fusion of all.
    """

    kind: Literal["spine-dcan"] = "spine-dcan"
    widths: Annotated[tuple[int, ...], Field(min_length=2, max_length=6)] = (
        *(32, 64, 128),
        *(256, 512, 784),
    )
    fusion: int = Field(default=36, ge=1)


class SpineDCAN(nn.Module):
    """Dual-branch encoder, fusion of all levels, U-Net's decoder.

    Args:
        config: Widths.

    Attributes:
        config: As given.
    """

    def __init__(self, config: SpineDCANConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or SpineDCANConfig()
        widths = config.widths
        self.stages = nn.ModuleList(_DualBranch(a, b) for a, b in pairwise((1, *widths)))
        self.fusions = nn.ModuleList(_Fusion(widths, width, config.fusion) for width in widths)
        steps = pairwise(reversed(widths))
        self.ups = nn.ModuleList(_Residual(a + b, b) for a, b in steps)
        self.shrink = nn.MaxPool2d(2)
        self.head = nn.Conv2d(widths[0], NUMBER_OF_CLASSES, 1)

    def forward(self, image: Tensor) -> Tensor:
        """Takes `(B, 1, H, W)`, H and W multiples of 32, to logits `(B, 12, H, W)`."""
        x, levels = image, []
        for i, stage in enumerate(self.stages):
            x = stage(self.shrink(x) if i else x)
            levels.append(x)
        *skips, x = (fuse(levels, i) for i, fuse in enumerate(self.fusions))
        for up, skip in zip(self.ups, reversed(skips), strict=True):
            x = up(torch.cat([doubled(x), skip], dim=1))
        logits: Tensor = self.head(x)
        return logits


class _DualBranch(nn.Module):
    """Dual-branch context extraction: residual convolutions beside reweighted context."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.residual = _Residual(channels, out)
        self.context = nn.Sequential(*_convolution(channels, out), _Reweighting(out))
        self.join = nn.Sequential(*_convolution(2 * out, out, size=1))

    def forward(self, x: Tensor) -> Tensor:
        joined: Tensor = self.join(torch.cat([self.residual(x), self.context(x)], dim=1))
        return joined


class _Residual(nn.Module):
    """Two 3×3 convolutions beside a 1×1 convolution."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(*_convolution(channels, out), *_convolution(out, out))
        self.short = nn.Conv2d(channels, out, 1)

    def forward(self, x: Tensor) -> Tensor:
        added: Tensor = self.convolutions(x) + self.short(x)
        return added


class _Reweighting(nn.Module):
    """Multi-scale context reweighting: places by MSCA, then channels by their means."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.places = StripAttention(channels)
        self.channels = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, channels // 4, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels // 4, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        placed = self.places(x)
        weighted: Tensor = x + placed * self.channels(placed)
        return weighted


class _Fusion(nn.Module):
    """Hierarchical feature fusion: all levels brought to one, beside that level itself."""

    def __init__(self, widths: Sequence[int], width: int, fusion: int) -> None:
        super().__init__()
        self.give = nn.ModuleList(nn.Conv2d(w, fusion, 1) for w in widths)
        self.join = nn.Sequential(*_convolution(len(widths) * fusion, width))

    def forward(self, levels: Sequence[Tensor], own: int) -> Tensor:
        size = levels[own].shape[-2:]
        given = [
            functional.interpolate(give(x), size, mode="bilinear", align_corners=False)
            for give, x in zip(self.give, levels, strict=True)
        ]
        fused: Tensor = levels[own] + self.join(torch.cat(given, dim=1))
        return fused


def _convolution(channels: int, out: int, size: int = 3) -> tuple[nn.Module, ...]:
    return (
        nn.Conv2d(channels, out, size, padding=size // 2, bias=False),
        nn.GroupNorm(8, out),
        nn.ReLU(inplace=True),
    )
