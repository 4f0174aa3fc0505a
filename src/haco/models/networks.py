"""The networks by name, and what each does with its input."""

import functools
from collections.abc import Callable
from typing import Literal, get_args

import torch

from haco.files import InputError
from haco.models.contact_net import IMAGENET, RAW, ContactNet, Normalisation
from haco.models.decoder import ContactDecoder
from haco.models.fpn import GatedPyramid
from haco.models.hrnet import HRNet
from haco.models.lab import lab
from haco.models.resnet import DEPTHS, ResNet
from haco.models.rivals.family import RIVALS, SIZES, rival_name
from haco.models.tiny import tiny
from haco.models.vit import HamerVit, ResizedVit, VisionTransformer

Handling = Literal["fixed", "reference"]
"""`reference`: input and token layout of the released checkpoints; `fixed`: what we train with."""
HANDLINGS: tuple[Handling, ...] = get_args(Handling)

HALF = Normalisation((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
"""The statistics with which the public ViT weights were made."""


def _ours(handling: Handling, *, name: str, build: Callable[[], ContactNet]) -> ContactNet:
    if handling == "reference":
        raise InputError(f"'{name}' is ours and was never released with HACO; use handling 'fixed'")
    return build()


def _rival(handling: Handling, *, rival: str, encoder: str) -> ContactNet:
    def build() -> ContactNet:
        return RIVALS[rival](lambda: NETWORKS[encoder]("fixed"), SIZES[encoder])

    return _ours(handling, name=rival_name(rival, encoder), build=build)


def _dino(handling: Handling, *, name: str, dim: int, num_heads: int) -> ContactNet:
    """Build DINOv2's ViT on 14-pixel patches, a decoder of half the usual width, a touch head."""
    if handling == "reference":
        raise InputError(f"'{name}' is ours and was never released with HACO; use handling 'fixed'")
    vit = VisionTransformer(dim=dim, depth=12, num_heads=num_heads, patch=14, has_layer_scale=True)
    decoder = ContactDecoder(
        context_dim=dim, dim=512, depth=4, num_heads=8, head_dim=64, hidden_dim=1024
    )
    return ContactNet(
        ResizedVit(vit, is_reference=False), decoder, has_touch=True, normalisation=IMAGENET
    )


def _hamer(_: Handling) -> ContactNet:  # both normalise the same way
    return ContactNet(HamerVit(), ContactDecoder(context_dim=1280), normalisation=IMAGENET)


def _vit(handling: Handling, *, dim: int, depth: int, num_heads: int) -> ContactNet:
    vit = VisionTransformer(dim=dim, depth=depth, num_heads=num_heads)
    is_reference = handling == "reference"
    return ContactNet(
        ResizedVit(vit, is_reference=is_reference),
        ContactDecoder(context_dim=dim),
        normalisation=IMAGENET if is_reference else HALF,
    )


def _handoccnet(_: Handling) -> ContactNet:  # HandOccNet's own weights take raw pixels too
    return ContactNet(GatedPyramid(), ContactDecoder(context_dim=256), normalisation=RAW)


def _hrnet(_: Handling, *, width: int) -> ContactNet:
    # As in training; only the released demo forgot to normalise.
    return ContactNet(HRNet(width), ContactDecoder(context_dim=2048), normalisation=IMAGENET)


def _resnet(handling: Handling, *, name: str) -> ContactNet:
    backbone = ResNet(name)
    statistics = RAW if handling == "reference" else IMAGENET
    decoder = ContactDecoder(context_dim=backbone.channels)
    return ContactNet(backbone, decoder, normalisation=statistics)


NETWORKS: dict[str, Callable[[Handling], ContactNet]] = {
    "tiny": functools.partial(_ours, name="tiny", build=tiny),
    "small": functools.partial(_dino, name="small", dim=384, num_heads=6),
    "base": functools.partial(_dino, name="base", dim=768, num_heads=12),
    "lab": functools.partial(_ours, name="lab", build=lab),
    "hamer": _hamer,
    "vit-l-16": functools.partial(_vit, dim=1024, depth=24, num_heads=16),
    "vit-b-16": functools.partial(_vit, dim=768, depth=12, num_heads=12),
    "vit-s-16": functools.partial(_vit, dim=384, depth=12, num_heads=6),
    "handoccnet": _handoccnet,
    "hrnet-w48": functools.partial(_hrnet, width=48),
    "hrnet-w32": functools.partial(_hrnet, width=32),
    **{name: functools.partial(_resnet, name=name) for name in reversed(DEPTHS)},
    **{
        rival_name(rival, encoder): functools.partial(_rival, rival=rival, encoder=encoder)
        for rival in RIVALS
        for encoder in SIZES
    },
}


def create_model(name: str, *, handling: Handling = "fixed") -> ContactNet:
    """Build an untrained network.

    Args:
        name: A key of `NETWORKS`.
        handling: `reference` for weights that were released with the paper, else `fixed`.

    Raises:
        InputError: No network has this name, or not this handling.
    """
    if name not in NETWORKS:
        raise InputError(f"no network is called '{name}'; choose one of {', '.join(NETWORKS)}")
    if handling not in HANDLINGS:
        raise InputError(f"no handling is called '{handling}'; one of {', '.join(HANDLINGS)}")
    return NETWORKS[name](handling)


def create_unfilled(name: str, *, handling: Handling = "fixed") -> ContactNet:
    """Build a network whose weights are about to be loaded, without drawing random ones first.

    Drawing them takes ten seconds for the largest. Every weight is undefined until it is loaded.
    """
    with torch.device("meta"):
        model = create_model(name, handling=handling)
    model.to_empty(device="cpu")
    model.reset_constants()
    return model
