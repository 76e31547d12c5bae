"""Which network: ours or one that it is compared with, told by its configuration's `kind`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

from pydantic import Discriminator, Tag, TypeAdapter

from spinemsca.segment.networks.column import ColumnNet, NetworkConfig
from spinemsca.segment.networks.dynunet import DynUNet, DynUNetConfig
from spinemsca.segment.networks.segresnet import SegResNet, SegResNetConfig
from spinemsca.segment.networks.spine_dcan import SpineDCAN, SpineDCANConfig
from spinemsca.segment.networks.unet import UNet, UNetConfig

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["AnyConfig", "Network", "build_network", "network_config"]

Network: TypeAlias = ColumnNet | UNet | DynUNet | SegResNet | SpineDCAN
"""A network; each has its configuration as `config`."""


def _kind(value: Any) -> str:
    # Configurations written before there was a choice have no kind, and mean ours.
    if isinstance(value, Mapping):
        return str(value.get("kind", "column"))
    return str(getattr(value, "kind", "column"))


AnyConfig = Annotated[
    Annotated[NetworkConfig, Tag("column")]
    | Annotated[UNetConfig, Tag("unet")]
    | Annotated[DynUNetConfig, Tag("dynunet")]
    | Annotated[SegResNetConfig, Tag("segresnet")]
    | Annotated[SpineDCANConfig, Tag("spine-dcan")],
    Discriminator(_kind),
]
"""Configuration of any network; without a `kind` it is ours."""

# Reads what `AnyConfig` describes.
_CONFIG: Final[TypeAdapter[AnyConfig]] = TypeAdapter(AnyConfig)

# One a `kind` of `AnyConfig`; each module says where its network comes from.
_NETWORKS: Final[Mapping[str, Callable[[Any], Network]]] = {
    "column": ColumnNet,
    "unet": UNet,
    "dynunet": DynUNet,
    "segresnet": SegResNet,
    "spine-dcan": SpineDCAN,
}


def build_network(config: AnyConfig) -> Network:
    """The network of a configuration, its weights drawn at random.

    Raises:
        MissingDependencyError: If its package is not installed.
    """
    return _NETWORKS[config.kind](config)


def network_config(text: str) -> AnyConfig:
    """Reads a network's configuration from JSON.

    Raises:
        pydantic.ValidationError: If it is none.
    """
    return _CONFIG.validate_json(text)
