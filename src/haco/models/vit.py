"""Vision transformers: ViT-S/B/L with timm's parameter names, and HaMeR's ViT-H with its own.

Dosovitskiy et al. 2021; Xu et al., ViTPose, 2022; Oquab et al., DINOv2, 2023; Pavlakos et al.,
HaMeR, 2024.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from haco.files import InputError
from haco.models.initialise import draw_normal

NORM_EPSILON = 1e-6
PATCH = 16


class Attention(nn.Module):
    """Self-attention with one fused projection to queries, keys and values."""

    def __init__(self, dim: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(
        self, tokens: Float[Tensor, "batch tokens dim"]
    ) -> Float[Tensor, "batch tokens dim"]:
        """Let every token look at every other."""
        split = self.qkv(tokens).unflatten(-1, (3, self.num_heads, -1))
        queries, keys, values = split.permute(2, 0, 3, 1, 4)
        seen = nn.functional.scaled_dot_product_attention(queries, keys, values)
        return self.proj(seen.transpose(1, 2).flatten(2))


class Mlp(nn.Module):
    """Two linear layers with an exact GELU between them."""

    def __init__(self, dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden_dim)
        self.fc2 = nn.Linear(hidden_dim, dim)

    def forward(
        self, tokens: Float[Tensor, "batch tokens dim"]
    ) -> Float[Tensor, "batch tokens dim"]:
        """Apply both layers."""
        return self.fc2(nn.functional.gelu(self.fc1(tokens)))


class LayerScale(nn.Module):
    """One learned factor a channel, as DINOv2 puts behind each branch."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(dim))

    def forward(self, branch: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
        """Scale every channel."""
        return branch * self.gamma


class Block(nn.Module):
    """Attention and MLP, each after a norm and around a shortcut."""

    def __init__(
        self, dim: int, num_heads: int, *, drop_path: float = 0.0, has_layer_scale: bool = False
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=NORM_EPSILON)
        self.attn = Attention(dim, num_heads)
        self.ls1 = LayerScale(dim) if has_layer_scale else nn.Identity()
        self.norm2 = nn.LayerNorm(dim, eps=NORM_EPSILON)
        self.mlp = Mlp(dim, 4 * dim)
        self.ls2 = LayerScale(dim) if has_layer_scale else nn.Identity()
        self.drop_path = drop_path

    def forward(
        self, tokens: Float[Tensor, "batch tokens dim"]
    ) -> Float[Tensor, "batch tokens dim"]:
        """Run both branches; in training, either may be dropped for a whole sample."""
        tokens = tokens + self._maybe_dropped(self.ls1(self.attn(self.norm1(tokens))))
        return tokens + self._maybe_dropped(self.ls2(self.mlp(self.norm2(tokens))))

    def _maybe_dropped(self, branch: Tensor) -> Tensor:
        if not self.training or self.drop_path == 0:
            return branch
        keep = 1 - self.drop_path
        return branch * branch.new_empty(len(branch), 1, 1).bernoulli_(keep).div_(keep)


class PatchEmbedding(nn.Module):
    """One token for each square patch, row by row."""

    def __init__(self, dim: int, *, patch: int = PATCH, padding: int = 0) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, dim, patch, stride=patch, padding=padding)

    def forward(
        self, image: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch tokens dim"]:
        """Cut the image into tokens."""
        return self.proj(image).flatten(2).transpose(1, 2)


class VisionTransformer(nn.Module):
    """A ViT on 224-pixel images, with a class token that is dropped at the end."""

    side = 224

    def __init__(
        self,
        *,
        dim: int,
        depth: int,
        num_heads: int,
        patch: int = PATCH,
        has_layer_scale: bool = False,
    ) -> None:
        super().__init__()
        self.grid = self.side // patch
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + self.grid**2, dim))
        self.patch_embed = PatchEmbedding(dim, patch=patch)
        self.blocks = nn.Sequential(
            *[Block(dim, num_heads, has_layer_scale=has_layer_scale) for _ in range(depth)]
        )
        self.norm = nn.LayerNorm(dim, eps=NORM_EPSILON)
        _initialise(self)

    def forward(
        self, image: Float[Tensor, "batch 3 224 224"]
    ) -> Float[Tensor, "batch patches dim"]:
        """Give the patch tokens after the final norm."""
        patches = self.patch_embed(image)
        first = self.cls_token.expand(patches.shape[0], -1, -1)
        tokens = torch.cat([first, patches], dim=1) + self.pos_embed
        return self.norm(self.blocks(tokens))[:, 1:]


class ResizedVit(nn.Module):
    """A ViT behind a resize to its own image size, with its tokens laid out as a feature map."""

    def __init__(self, vit: VisionTransformer, *, is_reference: bool) -> None:
        """Join the parts.

        Args:
            vit: The transformer.
            is_reference: Do as the released checkpoints were trained to expect: resize without
                antialiasing, and read the memory of the (patch, channel) tokens as (channel, row,
                column), which mixes many patches into each place. Otherwise the image is
                antialiased and every patch keeps its place.
        """
        super().__init__()
        self.vit = vit
        self.is_reference = is_reference

    def forward(
        self, image: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch channels rows columns"]:
        """Give the features of square crops of any size."""
        side = self.vit.side
        resized = nn.functional.interpolate(
            image,
            size=(side, side),
            mode="bilinear",
            align_corners=False,
            antialias=not self.is_reference,
        )
        tokens = self.vit(resized)
        if self.is_reference:
            tokens = tokens.reshape(tokens.shape[0], tokens.shape[2], -1)
        else:
            tokens = tokens.transpose(1, 2)
        return tokens.unflatten(2, (self.vit.grid, self.vit.grid))


class HamerVit(nn.Module):
    """The ViT of HaMeR on 256-pixel crops, of which it sees the middle 192 columns."""

    rows, columns = 16, 12
    border = 32

    def __init__(
        self, *, dim: int = 1280, depth: int = 32, num_heads: int = 16, drop_path: float = 0.55
    ) -> None:
        super().__init__()
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + self.rows * self.columns, dim))
        self.patch_embed = PatchEmbedding(dim, padding=2)
        rates = [drop_path * index / max(depth - 1, 1) for index in range(depth)]
        self.blocks = nn.Sequential(*[Block(dim, num_heads, drop_path=rate) for rate in rates])
        self.last_norm = nn.LayerNorm(dim, eps=NORM_EPSILON)
        _initialise(self)

    def forward(
        self, image: Float[Tensor, "batch 3 256 256"]
    ) -> Float[Tensor, "batch channels 16 12"]:
        """Give the features of the middle of each crop."""
        patches = self.patch_embed(image[..., self.border : -self.border])
        # Row 0 once belonged to a class token; its place code now goes to every patch.
        tokens = patches + self.pos_embed[:, 1:] + self.pos_embed[:, :1]
        tokens = self.last_norm(self.blocks(tokens))
        return tokens.transpose(1, 2).unflatten(2, (self.rows, self.columns))


def _initialise(module: nn.Module) -> None:
    for name, parameter in module.named_parameters():
        if parameter.ndim >= 2:
            draw_normal(parameter, std=0.02)
        elif name.endswith("bias"):
            nn.init.zeros_(parameter)


def set_drop_path(backbone: nn.Module, rate: float) -> None:
    """Let the last block of a vision transformer be skipped this often, earlier ones less.

    Args:
        backbone: Of a network.
        rate: Share of crops that skip the last block in training; it grows evenly from 0.

    Raises:
        InputError: The backbone is no vision transformer.
    """
    blocks = [part for part in backbone.modules() if isinstance(part, Block)]
    if not blocks:
        raise InputError("drop_path is for vision transformers, and this network is none")
    for index, block in enumerate(blocks):
        block.drop_path = rate * index / max(len(blocks) - 1, 1)
