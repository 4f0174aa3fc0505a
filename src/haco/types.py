"""The words that every layer shares: sides, samples, crops and logits."""

import dataclasses
from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float32, UInt8
from torch import Tensor

Side = Literal["left", "right"]
Split = Literal["train", "val", "test"]
SIDES: tuple[Side, Side] = ("left", "right")
NUM_VERTICES = 778
"""Vertices of the label mesh; the open hand and MANO share this number."""
UNKNOWN_PIXEL = 255
"""In masks: nothing is known of this pixel."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sample:
    """One hand in one whole image, as a reader gives it: numpy, our units, our frames.

    A hand whose distances are known has `distance`; where only bits were ever given it has
    `contact`; a hand without labels has neither. `valid` says for which vertices the truth speaks.
    """

    key: str
    """Stable unique name, such as `synthetic/full/0/17`."""
    image: UInt8[np.ndarray, "height width 3"]
    """RGB."""
    box: Float32[np.ndarray, "4"]
    """The hand's tight box, xyxy in pixels, far edge outside; it may leave the image."""
    side: Side
    """Anatomical side of the hand, as it is in the image."""
    distance: Float32[np.ndarray, " vertices"] | None = None
    """Signed distance of each vertex to the touched surface, metres, negative inside."""
    contact: Bool[np.ndarray, " vertices"] | None = None
    """True where the source says that the vertex touches, if it gives bits instead of distances."""
    valid: Bool[np.ndarray, " vertices"] | None = None
    """True where the truth is known; None means everywhere."""
    vertices: Float32[np.ndarray, "vertices 3"] | None = None
    """Hand surface in the camera frame (x right, y down, z forward), metres."""
    keypoints: Float32[np.ndarray, "21 2"] | None = None
    """Wrist, then thumb, index, middle, ring and little from base to tip; pixels."""
    K: Float32[np.ndarray, "3 3"] | None = None
    """Pinhole intrinsics of `image`, pixels."""
    masks: UInt8[np.ndarray, "2 height width"] | None = None
    """What each pixel sees, where the engine told: a kind of thing, and a named part of the hand
    (`haco.synth.masks`)."""
    interaction: str = "unknown"
    """What the hand does, in the source's words: `power`, `pinch`, `free`, ..."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Crop:
    """One right-hand crop for a network, or a batch of them: torch, ready to stack.

    A left hand has been mirrored, so vertex i means the same place on either side.
    """

    image: UInt8[Tensor, "*batch 3 size size"]
    """RGB; the network does its own scaling and normalisation."""
    contact: Bool[Tensor, "*batch vertices"]
    """The truth under one named contact protocol."""
    valid: Bool[Tensor, "*batch vertices"]
    """True where `contact` speaks."""
    keypoints: Float32[Tensor, "*batch 21 2"]
    """Crop pixels divided by the crop's size, so 0..1 inside; NaN where unknown."""
    vertices: Float32[Tensor, "*batch vertices 3"] | None = None
    """The right hand's surface in the camera's frame, metres; NaN where unknown. None if no sample
    has it."""
    masks: UInt8[Tensor, "*batch 2 size size"] | None = None
    """As in `Sample`; `UNKNOWN_PIXEL` beside the picture and where unknown. None if no sample has
    them."""


class ContactLogits(NamedTuple):
    """What a contact network says: logits, before any sigmoid."""

    vertices: Float[Tensor, "batch vertices"]
    coarse: tuple[Float[Tensor, "batch _"], ...]
    """One tensor a coarse level, finest first (336, 84, 21 for a standard hand)."""
    touch: Float[Tensor, " batch"] | None
    """Whether the hand touches anything, where the network has a head for it."""
    keypoints: Float[Tensor, "batch 21 2"] | None = None
    """Side task: where the joints are, as fractions of the crop; None where not trained for it."""
    penalties: Mapping[str, Float[Tensor, ""]] | None = None
    """In training: terms of the loss that are the network's own, by name, already weighed."""
