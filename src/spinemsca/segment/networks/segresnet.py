"""SegResNet (Myronenko, BrainLes 2018) without its autoencoder branch, from MONAI."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor, nn

from spinemsca._util import Strict, optional
from spinemsca.anatomy import NUMBER_OF_CLASSES

__all__ = ["SegResNet", "SegResNetConfig"]


class SegResNetConfig(Strict):
    """Width and depths of SegResNet; the defaults are the publication's.

    Attributes:
        kind: Tells it from the other networks.
        width: Channels at the full resolution, a multiple of 8; doubled each time it is halved.
        depths: Residual blocks at each resolution on the way down; on the way up there is one.
    """

    kind: Literal["segresnet"] = "segresnet"
    width: int = Field(default=32, multiple_of=8, gt=0)
    depths: Annotated[tuple[int, ...], Field(min_length=2, max_length=6)] = (1, 2, 2, 4)


class SegResNet(nn.Module):
    """MONAI's SegResNet.

    Args:
        config: Width and depths.

    Attributes:
        config: As given.

    Raises:
        MissingDependencyError: If MONAI is not installed.
    """

    def __init__(self, config: SegResNetConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or SegResNetConfig()
        self.network: nn.Module = optional("monai.networks.nets").SegResNet(
            spatial_dims=2,
            init_filters=config.width,
            in_channels=1,
            out_channels=NUMBER_OF_CLASSES,
            blocks_down=config.depths,
            blocks_up=(1,) * (len(config.depths) - 1),
        )

    def forward(self, image: Tensor) -> Tensor:
        """Takes `(B, 1, H, W)`, H and W multiples of 32, to logits `(B, 12, H, W)`."""
        logits: Tensor = self.network(image)
        return logits
