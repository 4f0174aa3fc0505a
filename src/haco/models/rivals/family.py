"""The rivals by name: each on the encoder of one of our networks, none smaller than its decoder."""

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType

from haco.models.contact_net import ContactNet
from haco.models.context import KeypointContext
from haco.models.rivals.bstro import MeshQueryDecoder
from haco.models.rivals.deco import CrossedDecoder, DecoNet, TwinEncoder
from haco.models.rivals.landmarks import LandmarkNet
from haco.models.rivals.posa import PosaNet


@dataclasses.dataclass(frozen=True, kw_only=True)
class Size:
    """How large the rivals of one of our networks are."""

    channels: int
    """Of the encoder's features."""
    dim: int
    """Width of a transformer."""
    layers: int
    """Layers of each of its blocks."""
    hidden: int
    """Width of layers on a single vector."""


SIZES: Mapping[str, Size] = MappingProxyType(
    {
        "lab": Size(channels=128, dim=192, layers=1, hidden=640),
        "tiny": Size(channels=192, dim=256, layers=2, hidden=1024),
        "small": Size(channels=384, dim=448, layers=2, hidden=1792),
        "base": Size(channels=768, dim=512, layers=2, hidden=2048),
    }
)
"""By the network whose encoder they share."""


Build = Callable[[], ContactNet]


def _bstro_like(build: Build, size: Size) -> ContactNet:
    ours = build()
    return ContactNet(
        ours.backbone,
        MeshQueryDecoder(context_dim=size.channels, dim=size.dim, layers=size.layers),
        context=ours.context,
        has_touch=True,
        normalisation=ours.normalisation,
    )


def _deco_like(build: Build, size: Size) -> ContactNet:
    ours, other = build(), build()
    if ours.context is not None:
        ours.context = KeypointContext(2 * size.channels, size=ours.context.position.shape[-1])
    decoder = CrossedDecoder(context_dim=size.channels, dim=size.dim, hidden_dim=size.hidden)
    return DecoNet(TwinEncoder(ours.backbone, other.backbone), decoder, like=ours)


def _posa_like(build: Build, size: Size) -> ContactNet:
    del build  # it sees no picture
    return PosaNet(dim=size.hidden)


def _landmarks_only(build: Build, size: Size) -> ContactNet:
    del build  # it sees no picture
    return LandmarkNet(dim=size.hidden)


RIVALS: Mapping[str, Callable[[Build, Size], ContactNet]] = MappingProxyType(
    {
        "bstro-like": _bstro_like,
        "deco-like": _deco_like,
        "posa-like": _posa_like,
        "landmarks-only": _landmarks_only,
    }
)
"""Takes what builds one of our networks, and gives the rival on its encoder."""


def rival_name(rival: str, encoder: str) -> str:
    """Name a rival on the encoder of one of our networks, as `create_model` knows it."""
    return f"{rival}-{encoder}"
