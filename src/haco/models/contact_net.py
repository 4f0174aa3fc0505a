"""The contact network: normalise, encode, decode, and read the coarse levels off the logits."""

from collections.abc import Sequence
from typing import ClassVar, Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from haco.files import InputError
from haco.models.context import KeypointContext
from haco.models.decoder import Decoder
from haco.types import NUM_VERTICES, ContactLogits, Crop


class Normalisation(NamedTuple):
    """What is done to R, G and B in 0..1 before a backbone sees them."""

    mean: tuple[float, float, float]
    """Subtracted."""
    std: tuple[float, float, float]
    """Divides what remains."""


IMAGENET = Normalisation((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
RAW = Normalisation((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
"""Pixels in 0..1 go in as they are."""


class ContactNet(nn.Module):
    """A backbone, a decoder and optional heads.

    The state dict has the prefixes `backbone.` and `decoder.`, and `context.` and `touch.` where
    those parts exist. Constants are buffers outside it.
    """

    sees: ClassVar[Literal["image", "keypoints", "vertices"]] = "image"
    """The field of a `Crop` that it predicts from."""
    learns_from: ClassVar[tuple[str, ...]] = ()
    """Fields of a `Crop` that `forward` also takes in training, for terms of its own."""
    mean: Tensor
    std: Tensor

    def __init__(
        self,
        backbone: nn.Module,
        decoder: Decoder,
        *,
        context: KeypointContext | None = None,
        has_touch: bool = False,
        normalisation: Normalisation = IMAGENET,
    ) -> None:
        """Join the parts.

        Args:
            backbone: From normalised images to features (B, C, H, W).
            decoder: From tokens to contact logits.
            context: From features to (tokens, keypoints); None flattens the features.
            has_touch: Whether a head says if the hand touches anything.
            normalisation: Applied to the images.
        """
        super().__init__()
        self.backbone = backbone
        self.decoder = decoder
        self.context = context
        self.touch = nn.Linear(decoder.dim, 1) if has_touch else None
        self.num_levels = 0
        self.set_normalisation(normalisation)

    def forward(self, image: Float[Tensor, "batch 3 height width"]) -> ContactLogits:
        """Predict contact.

        Args:
            image: Crops of right hands, RGB, 0..1.
        """
        return self.decode(self.encode(image))

    def encode(
        self, image: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch channels rows columns"]:
        """Give the backbone's features.

        Args:
            image: Crops of right hands, RGB, 0..1.
        """
        if self.normalisation != RAW:
            image = (image - self.mean).div_(self.std)
        return self.backbone(image)

    def decode(self, features: Float[Tensor, "batch channels rows columns"]) -> ContactLogits:
        """Give the logits that belong to the backbone's features."""
        if self.context is None:
            tokens, keypoints = features.flatten(2).transpose(1, 2), None
        else:
            tokens, keypoints = self.context(features)
        vertices, query = self.decoder(tokens)
        touch = None if self.touch is None else self.touch(query)[:, 0]
        coarse = tuple(vertices @ level.T for level in self.levels)
        return ContactLogits(vertices, coarse, touch, keypoints)

    def set_normalisation(self, normalisation: Normalisation) -> None:
        """Choose what is done to images before the backbone sees them."""
        mean, std = (torch.tensor(values).view(3, 1, 1) for values in normalisation)
        self.normalisation = normalisation
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("std", std, persistent=False)

    def reset_constants(self) -> None:
        """Make again what is neither weight nor level, after the memory was replaced."""
        self.set_normalisation(self.normalisation)
        if self.context is not None:
            self.context.reset_constants()

    @property
    def levels(self) -> tuple[Float[Tensor, "_ vertices"], ...]:
        """The matrices set by `set_levels`, finest first; empty before."""
        return tuple(self.get_buffer(f"level_{index}") for index in range(self.num_levels))

    def set_levels(self, levels: Sequence[Float[Tensor, "_ vertices"]]) -> None:
        """Fix the matrices that take vertex logits to the coarse levels.

        They are constants of a hand, not weights, and stay out of the state dict.

        Args:
            levels: One matrix a level, finest first; each row is a weighted mean of vertices.
        """
        for level in levels:
            if level.ndim != 2 or level.shape[1] != NUM_VERTICES:
                raise InputError(
                    f"a level has shape {tuple(level.shape)}; give matrices (K, {NUM_VERTICES})"
                )
        for index in range(self.num_levels):
            delattr(self, f"level_{index}")
        self.num_levels = len(levels)
        for index, level in enumerate(levels):
            matrix = level.detach().to(device=self.mean.device, dtype=self.mean.dtype, copy=True)
            self.register_buffer(f"level_{index}", matrix, persistent=False)


def seen_by(network: nn.Module, crop: Crop) -> Tensor:
    """Give what a network takes of a batch: the picture in 0..1, or the hand's pose.

    Raises:
        InputError: The batch does not have it.
    """
    sees = getattr(network, "sees", "image")
    return crop.image.float() / 255 if sees == "image" else _need(crop, sees)


def learned_from(network: ContactNet, crop: Crop) -> tuple[Tensor, ...]:
    """Give what a network takes of a batch in training beside what it sees.

    Raises:
        InputError: The batch does not have it.
    """
    return tuple(_need(crop, name) for name in network.learns_from)


def _need(crop: Crop, name: str) -> Tensor:
    value = getattr(crop, name)
    if value is None:
        raise InputError(
            f"this network needs {name}, which the dataset does not give; haco compare draws them "
            "beside its packs of made pictures"
        )
    return value
