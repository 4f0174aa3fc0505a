"""Contact from two views of one picture, its scene and its parts, after DECO (Tripathi et al.,
ICCV 2023).

As the paper describes it: one encoder learns to segment the scene, another the body's parts, each
through a head of its own that is used in training alone; attention goes across, each encoder's
tokens asking the other's; what both find is multiplied, normalised and pooled, and a perceptron
makes the contact of it. Written from the paper alone.

Ours: a hand's 36 named parts for a body's; masks from the picture engine, exact, for pseudo-labels
of other networks; no term that compares contact in pixels; the same keypoint task on both encoders'
joined features as every network here, whose 21 tokens join the others.
"""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from haco.models.contact_net import ContactNet
from haco.models.decoder import Decoder
from haco.models.rivals.perceptron import PerceptronDecoder
from haco.types import UNKNOWN_PIXEL, ContactLogits

MASK_WEIGHT = 0.3
"""Of each mask's cross-entropy in the loss."""
NUM_SEGMENTS, NUM_PARTS = 9, 37
"""Classes of the two masks, as `haco.synth.masks` draws them."""


class TwinEncoder(nn.Module):
    """Two encoders of the same picture; their channels are joined, the scene's first."""

    def __init__(self, scene: nn.Module, parts: nn.Module) -> None:
        super().__init__()
        self.scene = scene
        self.parts = parts

    def forward(
        self, image: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch channels rows columns"]:
        """Give both encoders' features."""
        return torch.cat([self.scene(image), self.parts(image)], dim=1)


class CrossedDecoder(Decoder):
    """Attention across two halves of the channels, and a perceptron on what both find."""

    def __init__(self, *, context_dim: int, dim: int, hidden_dim: int, num_heads: int = 8) -> None:
        """Draw the first weights.

        Args:
            context_dim: Channels of each half.
            dim: Width of the attention.
            hidden_dim: Width of the perceptron.
            num_heads: Of the attention.
        """
        super().__init__()
        self.dim = hidden_dim
        self.num_heads = num_heads
        self.scene = nn.Linear(context_dim, 3 * dim)
        self.parts = nn.Linear(context_dim, 3 * dim)
        self.norm = nn.LayerNorm(dim)
        self.perceptron = PerceptronDecoder(context_dim=dim, dim=hidden_dim)

    def forward(
        self, context: Float[Tensor, "batch tokens channels"]
    ) -> tuple[Float[Tensor, "batch vertices"], Float[Tensor, "batch dim"]]:
        """Give the contact logits and the perceptron's last features."""
        scene, parts = context.chunk(2, dim=-1)
        scene, parts = self._split(self.scene(scene)), self._split(self.parts(parts))
        attend = nn.functional.scaled_dot_product_attention
        of_parts = attend(scene[0], parts[1], parts[2])
        of_scene = attend(parts[0], scene[1], scene[2])
        joined = (of_parts * of_scene).transpose(1, 2).flatten(2)
        return self.perceptron(self.norm(joined).mean(dim=1, keepdim=True))

    def _split(self, tokens: Float[Tensor, "batch tokens channels"]) -> tuple[Tensor, ...]:
        """Part queries, keys and values, and the heads of each: (batch, heads, tokens, share)."""
        heads = tokens.unflatten(-1, (3, self.num_heads, -1))
        return tuple(each.transpose(1, 2) for each in heads.unbind(dim=2))

    @property
    def head(self) -> tuple[nn.Linear, nn.Parameter]:
        """What makes logits of the features."""
        return self.perceptron.head


class DecoNet(ContactNet):
    """Two encoders, taught by masks to see the scene and the hand's parts."""

    learns_from = ("masks",)

    def __init__(self, twins: TwinEncoder, decoder: CrossedDecoder, *, like: ContactNet) -> None:
        """Join the parts.

        Args:
            twins: The encoders.
            decoder: From their tokens to contact.
            like: The network whose context (for both encoders' channels) and normalisation it has.
        """
        super().__init__(
            twins, decoder, context=like.context, has_touch=True, normalisation=like.normalisation
        )
        self.num_channels = decoder.scene.in_features
        self.segments = _mask_head(self.num_channels, NUM_SEGMENTS)
        self.named_parts = _mask_head(self.num_channels, NUM_PARTS)

    def forward(
        self,
        image: Float[Tensor, "batch 3 height width"],
        masks: UInt8[Tensor, "batch 2 height width"] | None = None,
    ) -> ContactLogits:
        """Predict contact.

        Args:
            image: Crops of right hands, RGB, 0..1.
            masks: In training the masks of `haco.synth.masks`, `UNKNOWN_PIXEL` where unknown.
        """
        features = self.encode(image)
        logits = self.decode(features)
        if masks is None:
            return logits
        heads = {"segments": self.segments, "parts": self.named_parts}
        seen = zip(heads.items(), features.chunk(2, dim=1), masks.unbind(dim=1), strict=True)
        penalties = {
            name: MASK_WEIGHT * _mask_loss(head(half), mask) for (name, head), half, mask in seen
        }
        return logits._replace(penalties=penalties)


def _mask_head(channels: int, classes: int) -> nn.Sequential:
    """From features to logits of each class on a grid four times as fine."""
    return nn.Sequential(
        nn.Upsample(scale_factor=2),
        nn.Conv2d(channels, 64, 3, padding=1),
        nn.ReLU(),
        nn.Upsample(scale_factor=2),
        nn.Conv2d(64, classes, 1),
    )


def _mask_loss(
    logits: Float[Tensor, "batch classes rows columns"], mask: UInt8[Tensor, "batch height width"]
) -> Float[Tensor, ""]:
    """Average the cross-entropy over the known cells of the logits' grid; 0 if there is none."""
    resized = nn.functional.interpolate(mask[:, None].float(), logits.shape[-2:], mode="nearest")
    target = resized[:, 0].long()
    losses = nn.functional.cross_entropy(
        logits.float(), target, ignore_index=UNKNOWN_PIXEL, reduction="sum"
    )
    return losses / (target != UNKNOWN_PIXEL).sum().clamp(min=1)
