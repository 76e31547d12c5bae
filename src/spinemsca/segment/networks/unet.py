"""A plain U-Net (Ronneberger et al., MICCAI 2015), with padding and normalisation.

The original crops its maps and does not normalise; here the convolutions keep the size and
instance normalisation follows them, as in nearly every later use. Five levels as published, at
half of the published width, which trains several times faster on a CPU.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from spinemsca._util import Strict
from spinemsca.anatomy import NUMBER_OF_CLASSES

__all__ = ["UNet", "UNetConfig"]


class UNetConfig(Strict):
    """Widths of a U-Net.

    Attributes:
        kind: Tells it from the other networks.
        widths: Channels from the full resolution down, halving it each time; up to six.
    """

    kind: Literal["unet"] = "unet"
    widths: Annotated[tuple[int, ...], Field(min_length=2, max_length=6)] = (32, 64, 128, 256, 512)


class UNet(nn.Module):
    """Convolutions on the way down, the same on the way up, joined at every level.

    Args:
        config: Widths.

    Attributes:
        config: As given.
    """

    def __init__(self, config: UNetConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or UNetConfig()
        widths = config.widths
        self.downs = nn.ModuleList(_pair(a, b) for a, b in pairwise((1, *widths)))
        steps = list(pairwise(reversed(widths)))
        self.ups = nn.ModuleList(nn.ConvTranspose2d(a, b, 2, stride=2) for a, b in steps)
        self.joins = nn.ModuleList(_pair(2 * b, b) for _, b in steps)
        self.shrink = nn.MaxPool2d(2)
        self.head = nn.Conv2d(widths[0], NUMBER_OF_CLASSES, 1)

    def forward(self, image: Tensor) -> Tensor:
        """Takes `(B, 1, H, W)`, H and W multiples of 32, to logits `(B, 12, H, W)`."""
        x, skips = image, []
        for i, down in enumerate(self.downs):
            x = down(self.shrink(x) if i else x)
            skips.append(x)
        for up, join, skip in zip(self.ups, self.joins, reversed(skips[:-1]), strict=True):
            x = join(torch.cat([skip, up(x)], dim=1))
        logits: Tensor = self.head(x)
        return logits


def _pair(channels: int, out: int) -> nn.Sequential:
    return nn.Sequential(*_convolution(channels, out), *_convolution(out, out))


def _convolution(channels: int, out: int) -> tuple[nn.Module, ...]:
    return (
        nn.Conv2d(channels, out, 3, padding=1, bias=False),
        nn.InstanceNorm2d(out, affine=True),
        nn.ReLU(inplace=True),
    )
