"""Starting weights for a backbone: from HaMeR, timm, torchvision, HRNet, HandOccNet, mediapipe."""

import math
from collections.abc import Mapping
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from haco.files import InputError
from haco.models.checkpoints import read_state
from haco.models.contact_net import ContactNet
from haco.models.hand_encoder import HandEncoder, installed_landmark_model
from haco.models.hrnet import HRNet
from haco.models.hub import fetch_file
from haco.models.resnet import ResNet
from haco.models.vit import ResizedVit
from haco.models.weights import check_tensors

PUBLIC = {
    "small": "timm/vit_small_patch14_dinov2.lvd142m",
    "base": "timm/vit_base_patch14_dinov2.lvd142m",
    "vit-l-16": "timm/vit_large_patch16_224.augreg_in21k_ft_in1k",
    "vit-b-16": "timm/vit_base_patch16_224.augreg2_in21k_ft_in1k",
    "vit-s-16": "timm/vit_small_patch16_224.augreg_in21k_ft_in1k",
    "hrnet-w48": "timm/hrnet_w48.ms_in1k",
    "hrnet-w32": "timm/hrnet_w32.ms_in1k",
    "resnet-152": "timm/resnet152.tv_in1k",
    "resnet-101": "timm/resnet101.tv_in1k",
    "resnet-50": "timm/resnet50.tv_in1k",
    "resnet-34": "timm/resnet34.tv_in1k",
    "resnet-18": "timm/resnet18.tv_in1k",
}
"""Repositories of the Hugging Face hub with ImageNet weights, for `small` and
`base` DINOv2's. HaMeR's and HandOccNet's weights
come from their authors' own pages, as files."""

Renames = tuple[tuple[str, str | None], ...]

_RENAMES: dict[type[nn.Module], Renames] = {
    ResNet: (("fc.", None),),
    # DINOv2 trained with a token for hidden patches; nothing else needs it.
    ResizedVit: (("vit.", "vit."), ("head.", None), ("mask_token", None), ("", "vit.")),
    # mmpose's copies of the ImageNet weights call the classification head by number.
    HRNet: (
        ("head.0.", "incre_modules."),
        ("head.1.", "downsamp_modules."),
        ("head.2.", "final_layer."),
        ("fc.", "classifier."),
    ),
}
"""A key's first fitting prefix is replaced, or the key dropped: heads for other tasks."""

PLACES = "vit.pos_embed"


def initialise_backbone(model: ContactNet, source: str | Path | Mapping[str, object]) -> None:
    """Give a network's backbone public weights to start from; the decoder stays as it is.

    Takes HaMeR's and HandOccNet's checkpoints, timm's ViTs, ResNets and HRNets, DINOv2's ViTs,
    torchvision's ResNets, the HRNet files of mmpose and of its authors, released HACO checkpoints,
    and for `tiny` mediapipe's hand landmark model. Every weight that the features depend on must
    be there, with the right shape; only a ViT's table of places is resized, where it was made for
    larger images, and `tiny` has two layers more than its model.

    Args:
        model: The network.
        source: A file, or what was read from one.

    Raises:
        InputError: The file cannot be read, or does not fit the backbone.
    """
    is_path = not isinstance(source, Mapping)
    if is_path and isinstance(model.backbone, HandEncoder) and Path(source).suffix == ".tflite":
        model.backbone.start_from(Path(source))
        return
    where, found = read_state(source)
    inside = "backbone."
    if any(key.startswith(inside) for key in found):
        found = {k.removeprefix(inside): v for k, v in found.items() if k.startswith(inside)}
    state = _renamed(found, _RENAMES.get(type(model.backbone), ()))
    expected = model.backbone.state_dict()
    table = state.get(PLACES)
    if table is not None and PLACES in expected:
        state[PLACES] = _resized_places(table, expected[PLACES].shape[1])
    for key, value in expected.items():
        # Old files do not count batches, and no feature depends on HRNet's classifier.
        if key.endswith("num_batches_tracked") or key.startswith("classifier."):
            state.setdefault(key, value)
    check_tensors(where, expected, state)
    model.backbone.load_state_dict(state)


def _resized_places(
    table: Float[Tensor, "1 old dim"], num_tokens: int
) -> Float[Tensor, "1 new dim"]:
    """Fit a square table of place codes to a grid of another size; the class token's code stays."""
    old, new = (math.isqrt(count - 1) for count in (table.shape[1], num_tokens))
    if old == new or old**2 != table.shape[1] - 1:
        return table
    grid = table[:, 1:].unflatten(1, (old, old)).permute(0, 3, 1, 2)
    grid = nn.functional.interpolate(grid, size=(new, new), mode="bicubic", antialias=True)
    return torch.cat([table[:, :1], grid.flatten(2).transpose(1, 2)], dim=1)


def fetch_public(name: str) -> Path:
    """Download public weights for a network's backbone, or find them in the cache.

    Those of `tiny` lie in the installed mediapipe, the others are on the hub.

    Raises:
        InputError: There are none for this network, or the hub cannot be reached.
    """
    if name == "tiny":
        return installed_landmark_model()
    if name not in PUBLIC:
        raise InputError(
            f"no public weights are known for '{name}' (there are for tiny, {', '.join(PUBLIC)}); "
            "give a file"
        )
    return fetch_file(PUBLIC[name], "model.safetensors")


def _renamed(state: dict[str, Tensor], renames: Renames) -> dict[str, Tensor]:
    renamed = {}
    for key, value in state.items():
        new = next((_replaced(key, old, new) for old, new in renames if key.startswith(old)), key)
        if new is not None:
            renamed[new] = value
    return renamed


def _replaced(key: str, old: str, new: str | None) -> str | None:
    return None if new is None else new + key.removeprefix(old)
