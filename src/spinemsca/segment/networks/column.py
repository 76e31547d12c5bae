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

from typing import TYPE_CHECKING, Final, Literal

from pydantic import Field
from torch import Tensor, nn

from spinemsca._util import Strict
from spinemsca.anatomy import NUMBER_OF_CLASSES
from spinemsca.segment.networks.blocks import (
    Block,
    Convolutions,
    GlobalAttention,
    Merge,
    StripAttention,
    SubpixelHead,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["STRIDE", "ColumnNet", "NetworkConfig"]

STRIDE: Final = 32
"""Rows and columns of the input must be multiples of this."""


class NetworkConfig(Strict):
    """Widths and depths; what a weights file has to say about its network.

    Attributes:
        kind: Tells it from the networks it is compared with.
        stem: Channels at a half and at a quarter of the resolution.
        widths: Channels at 1/8, 1/16 and 1/32; multiples of 8.
        depths: MSCA blocks at each of them on the way down; on the way up there is one.
        attention: Global attention blocks at 1/32.
        expansion: Hidden channels of a block's feed-forward part, as a multiple of its width.
    """

    kind: Literal["column"] = "column"
    stem: tuple[int, int] = (16, 32)
    widths: tuple[int, int, int] = (80, 144, 224)
    depths: tuple[int, int, int] = (2, 3, 2)
    attention: int = Field(default=2, ge=0)
    expansion: int = Field(default=3, ge=1)


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
        self.downs = nn.ModuleList(self._stages(widths))
        bottom = widths[-1]
        self.context = nn.Sequential(
            *(
                Block(bottom, GlobalAttention(bottom), config.expansion)
                for _ in range(config.attention)
            )
        )
        self.ups = nn.ModuleList(self._merges(widths))
        self.head = SubpixelHead(widths[0], NUMBER_OF_CLASSES)

    def _stages(self, widths: tuple[int, ...]) -> Iterator[nn.Module]:
        yield Convolutions(1, widths[0], 2)
        yield Convolutions(widths[0], widths[1], 2)
        for channels, width, depth in zip(
            widths[1:-1], widths[2:], self.config.depths, strict=True
        ):
            yield nn.Sequential(
                nn.Conv2d(channels, width, 3, stride=2, padding=1),
                *self._strip_blocks(width, depth),
            )

    def _strip_blocks(self, width: int, depth: int) -> Iterator[nn.Module]:
        return (Block(width, StripAttention(width), self.config.expansion) for _ in range(depth))

    def _merges(self, widths: tuple[int, ...]) -> Iterator[nn.Module]:
        for i in reversed(range(len(widths) - 1)):
            fine = widths[i]
            refine: nn.Module = Convolutions(fine, fine)
            if i >= len(self.config.stem):
                refine = nn.Sequential(*self._strip_blocks(fine, 1))
            yield Merge(widths[i + 1], fine, refine)

    def forward(self, image: Tensor) -> Tensor:
        """Computes the logits of every class for a batch of slices.

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
        logits: Tensor = self.head(x)
        return logits
