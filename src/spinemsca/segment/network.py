"""A light encoder–decoder around multi-scale convolutional attention (MSCA).

MSCA follows the description of Guo et al., *SegNeXt: Rethinking Convolutional Attention Design
for Semantic Segmentation*, NeurIPS 2022: a depth-wise 5×5 convolution, three pairs of depth-wise
strips on top of it, their sum mixed by a 1×1 convolution and multiplied with the input. Strips
suit a tall narrow column, and at an eighth of the resolution a strip of 21 spans three levels.

Telling L1 from L3 takes the whole column down to the sacrum, so the bottom of the network, where
a 512×512 slice is 16×16, lets every place attend to every other. Only plain convolutions run
at a half and a quarter of the resolution; that is what makes it quick on a CPU.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn import functional

from spinemsca.anatomy import NUMBER_OF_CLASSES

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["STRIDE", "ColumnNet", "NetworkConfig"]

STRIDE: Final = 32
"""Rows and columns of the input must be multiples of this."""

_STRIPS: Final = (7, 11, 21)


class NetworkConfig(BaseModel):
    """Widths and depths; what a weights file has to say about its network.

    Attributes:
        stem: Channels at a half and at a quarter of the resolution.
        widths: Channels at 1/8, 1/16 and 1/32; multiples of 8.
        depths: MSCA blocks at each of them on the way down; on the way up there is one.
        attention: Global attention blocks at 1/32.
        expansion: Hidden channels of a block's feed-forward part, as a multiple of its width.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    stem: tuple[int, int] = (16, 32)
    widths: tuple[int, int, int] = (80, 144, 224)
    depths: tuple[int, int, int] = (2, 3, 2)
    attention: int = Field(default=2, ge=0)
    expansion: int = Field(default=3, ge=1)


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
        """`(B, C, H, W)` to the same shape."""
        square = self.square(x)
        weights = square
        for strip in self.strips:
            weights = weights + strip(square)
        return x * self.mix(weights)


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
        """`(B, C, H, W)` to the same shape."""
        x = x + self.position(x)
        batch, channels, rows, columns = x.shape
        tokens = self.qkv(x).view(batch, 3, self.heads, channels // self.heads, rows * columns)
        query, key, value = tokens.transpose(-1, -2).unbind(1)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        return self.out(mixed.transpose(-1, -2).reshape(batch, channels, rows, columns))


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
        """`(B, C, H, W)` to the same shape."""
        x = x + self.scale[0] * self.attend(x)
        x = x + self.scale[1] * self.feed(x)
        return x


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
    """Doubles the coarse map and joins it with the fine one, then refines by `refine`."""

    def __init__(self, coarse: int, fine: int, refine: nn.Module) -> None:
        super().__init__()
        self.join = nn.Sequential(nn.Conv2d(coarse + fine, fine, 1, bias=False), _norm(fine))
        self.refine = refine

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        """`(B, C, H/2, W/2)` and `(B, F, H, W)` to `(B, F, H, W)`."""
        refined: Tensor = self.refine(self.join(torch.cat([_doubled(coarse), fine], dim=1)))
        return refined


def _doubled(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


class ColumnNet(nn.Module):
    """Segments a lumbar MR slice into background and eleven structures.

    Args:
        config: Widths and depths.

    Attributes:
        config: As given.
    """

    def __init__(self, config: NetworkConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or NetworkConfig()
        widths = (*config.stem, *config.widths)
        downs: list[nn.Module] = [Convolutions(1, widths[0], 2), Convolutions(*widths[:2], 2)]
        for i, depth in enumerate(config.depths):
            downs.append(
                nn.Sequential(
                    nn.Conv2d(*widths[i + 1 : i + 3], 3, stride=2, padding=1),
                    *self._strip_blocks(widths[i + 2], depth),
                )
            )
        self.downs = nn.ModuleList(downs)
        bottom = widths[-1]
        self.context = nn.Sequential(
            *(
                Block(bottom, GlobalAttention(bottom), config.expansion)
                for _ in range(config.attention)
            )
        )
        self.ups = nn.ModuleList(self._merges(widths))
        self.head = nn.Conv2d(widths[0], NUMBER_OF_CLASSES, 1)

    def _strip_blocks(self, width: int, depth: int) -> Iterable[nn.Module]:
        return (Block(width, StripAttention(width), self.config.expansion) for _ in range(depth))

    def _merges(self, widths: tuple[int, ...]) -> Iterable[nn.Module]:
        for i in reversed(range(len(widths) - 1)):
            fine = widths[i]
            refine: nn.Module = Convolutions(fine, fine)
            if i >= len(self.config.stem):
                refine = nn.Sequential(*self._strip_blocks(fine, 1))
            yield Merge(widths[i + 1], fine, refine)

    def forward(self, image: Tensor) -> Tensor:
        """Logits of every class.

        Args:
            image: `(B, 1, H, W)` float, H and W multiples of 32; a slice windowed to [0, 1].

        Returns:
            `(B, 12, H, W)` float.
        """
        features = []
        x = image
        for down in self.downs:
            x = down(x)
            features.append(x)
        x = self.context(x)
        for up, fine in zip(self.ups, reversed(features[:-1]), strict=True):
            x = up(x, fine)
        return _doubled(self.head(x))
