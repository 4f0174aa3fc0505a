"""The checkpoints that were released with the paper, and others of the same layout."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from haco.files import InputError
from haco.models.checkpoints import read_state
from haco.models.contact_net import ContactNet
from haco.models.networks import NETWORKS, create_unfilled
from haco.models.weights import WeightsMeta, check_tensors

THRESHOLDS = {
    "hamer": 0.5,
    "vit-l-16": 0.55,
    "vit-b-16": 0.5,
    "vit-s-16": 0.5,
    "handoccnet": 0.95,
    "hrnet-w48": 0.5,
    "hrnet-w32": 0.5,
    "resnet-152": 0.55,
    "resnet-101": 0.5,
    "resnet-50": 0.5,
    "resnet-34": 0.5,
    "resnet-18": 0.5,
}
"""Probability from which the paper's evaluation counts a vertex as touching."""

_SIGNATURES = {
    "hamer": ("backbone.last_norm.weight", 1280),
    "vit-l-16": ("backbone.vit.norm.weight", 1024),
    "vit-b-16": ("backbone.vit.norm.weight", 768),
    "vit-s-16": ("backbone.vit.norm.weight", 384),
    "handoccnet": ("backbone.attention_module.spatial.conv.weight", 1),
    "hrnet-w48": ("backbone.transition1.0.0.weight", 48),
    "hrnet-w32": ("backbone.transition1.0.0.weight", 32),
    "resnet-152": ("backbone.layer3.35.conv3.weight", 1024),
    "resnet-101": ("backbone.layer3.22.conv3.weight", 1024),
    "resnet-50": ("backbone.layer3.5.conv3.weight", 1024),
    "resnet-34": ("backbone.layer3.5.conv2.weight", 256),
    "resnet-18": ("backbone.layer3.1.conv2.weight", 256),
}
"""A key that tells the networks apart, and its first size; the first that fits is the one."""


def load(source: str | Path | Mapping[str, object], backbone: str | None = None) -> ContactNet:
    """Load a checkpoint of the released layout, strictly, in evaluation mode on the CPU.

    The network treats its input as the released one did in training (`reference`).

    Args:
        source: The checkpoint file, or a state dict. Wrappers of Lightning and DataParallel and
            half precision are undone.
        backbone: Name of the network; None reads it off the keys.

    Raises:
        InputError: The file cannot be read, or its weights do not fit that network exactly.
    """
    return load_named(source, backbone)[1]


def load_named(
    source: str | Path | Mapping[str, object], backbone: str | None = None
) -> tuple[str, ContactNet]:
    """Load as `load` does, and say which network it is."""
    where, state = read_state(source)
    guess = guess_backbone(state)
    name = backbone or guess
    if name is None:
        raise InputError(
            f"{where}: no HACO network has such keys (the first is '{next(iter(state))}'); name "
            "the network to see what is missing; starting weights of a backbone alone go through "
            "initialise_backbone"
        )
    if name not in THRESHOLDS:
        raise InputError(f"no released network is called '{name}'; one of {', '.join(THRESHOLDS)}")
    if guess not in (None, name):
        raise InputError(f"{where}: is a checkpoint of '{guess}', not of '{name}'; name that one")
    model = create_unfilled(name, handling="reference")
    check_tensors(where, model.state_dict(), state)
    model.load_state_dict(state)
    return name, model.eval()


def guess_backbone(state: Mapping[str, Tensor]) -> str | None:
    """Tell from a state dict which released network it belongs to; None if to none."""
    for name, (key, size) in _SIGNATURES.items():
        if key in state and state[key].shape[:1] == (size,):
            return name
    return None


def describe(
    backbone: str, *, source: str, command: str = "", licence: str = "that of the source"
) -> WeightsMeta:
    """Say what there is to know about a released checkpoint, for our own file of it.

    Args:
        backbone: Name of the network.
        source: Where the weights came from.
        command: The command that converts them.
        licence: Licence of the weights.
    """
    assert backbone in NETWORKS
    return WeightsMeta(
        network=backbone,
        handling="reference",
        topology="mano",
        threshold=THRESHOLDS[backbone],
        protocol="paper",
        source=source,
        command=command,
        licence=licence,
    )
