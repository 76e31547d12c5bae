"""nnU-Net's 2-D architecture, as MONAI's DynUNet builds it.

nnU-Net (Isensee et al., Nature Methods 18, 2021) plans its network from the patch: 3×3
convolutions, halving until an edge is four pixels, which for 512×512 makes eight stages; 32
features, doubled at each stage up to 512; instance normalisation, leaky ReLU. Deep supervision
is off, so that every network compared has the same loss.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from spinemsca._util import Strict, optional
from spinemsca.anatomy import NUMBER_OF_CLASSES

__all__ = ["DynUNet", "DynUNetConfig"]


class DynUNetConfig(Strict):
    """Features of nnU-Net's architecture.

    Attributes:
        kind: Tells it from the other networks.
        features: Channels from the full resolution down, halving it each time.
    """

    kind: Literal["dynunet"] = "dynunet"
    features: Annotated[tuple[int, ...], Field(min_length=3, max_length=8)] = (
        *(32, 64, 128, 256),
        *(512, 512, 512, 512),
    )


class DynUNet(nn.Module):
    """MONAI's DynUNet; slices are padded to what its strides ask for.

    Args:
        config: Features.

    Attributes:
        config: As given.

    Raises:
        MissingDependencyError: If MONAI is not installed.
    """

    def __init__(self, config: DynUNetConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or DynUNetConfig()
        stages = len(config.features)
        self.network: nn.Module = optional("monai.networks.nets").DynUNet(
            spatial_dims=2,
            in_channels=1,
            out_channels=NUMBER_OF_CLASSES,
            kernel_size=[3] * stages,
            strides=[1] + [2] * (stages - 1),
            upsample_kernel_size=[2] * (stages - 1),
            filters=config.features,
            norm_name=("instance", {"affine": True}),
            deep_supervision=False,
        )

    def forward(self, image: Tensor) -> Tensor:
        """Takes `(B, 1, H, W)` to logits `(B, 12, H, W)`."""
        rows, columns = image.shape[-2:]
        step = 2 ** (len(self.config.features) - 1)
        right, below = _missing(columns, step), _missing(rows, step)
        logits: Tensor = self.network(functional.pad(image, (0, right, 0, below)))
        return logits[..., :rows, :columns]


def _missing(pixels: int, step: int) -> int:
    """Pixels up to a multiple of `step`; twice of it at least, as one value has no variance."""
    return max(2, -(-pixels // step)) * step - pixels
