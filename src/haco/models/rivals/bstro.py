"""Contact by one query a coarse vertex, after BSTRO (Huang et al., CVPR 2022).

As the paper describes it: each vertex of a coarse template is a query that carries its template
position and the picture's global feature; the queries and the tokens of the image grid go through
three transformer blocks together; a linear layer reads one value off each query, and learned linear
maps take the coarse mesh to the full one. Written from the paper alone.

Ours: a hand of 84 coarse vertices for a body of 431; a global feature that is the mean of the
tokens; up-sampling maps that start as the hand's levels (a vertex says what its cluster says); the
last bias starts at the mean contact, as in every network here; the touch head reads the mean query.
The paper's masking of queries in training is left out.
"""

import itertools

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from haco.hands.open_hand import open_hand_arrays
from haco.models.decoder import Decoder
from haco.models.vit import Block
from haco.types import NUM_VERTICES

NUM_BLOCKS = 3


class MeshQueryDecoder(Decoder):
    """One query a coarse vertex, through transformer blocks beside the image tokens."""

    places: Tensor

    def __init__(
        self, *, context_dim: int, dim: int, layers: int = 1, num_heads: int = 8, level: int = 84
    ) -> None:
        """Draw the first weights.

        Args:
            context_dim: Width of the image tokens.
            dim: Width of the transformer.
            layers: Layers of each of the three blocks.
            num_heads: Of its attention.
            level: Coarse vertices with a query each: 84 or 336.
        """
        super().__init__()
        sizes = [size for size in (84, 336) if size >= level]
        clusters = {84: open_hand_arrays().cluster_84, 336: open_hand_arrays().cluster_336}
        finer = [*(clusters[size] for size in sizes), np.arange(NUM_VERTICES)]
        self.dim = dim
        places = torch.zeros(level, 3)
        if not places.is_meta:
            places = _centres(finer[0])
        self.register_buffer("places", places)
        self.query = nn.Linear(3 + context_dim, dim)
        self.token = nn.Linear(context_dim, dim)
        self.blocks = nn.Sequential(*(Block(dim, num_heads) for _ in range(NUM_BLOCKS * layers)))
        self.norm = nn.LayerNorm(dim)
        self.logit = nn.Linear(dim, 1)
        self.rise = nn.Sequential(*(_rise(low, high) for low, high in itertools.pairwise(finer)))
        self.offset = nn.Parameter(torch.zeros(1, NUM_VERTICES))

    def forward(
        self, context: Float[Tensor, "batch tokens channels"]
    ) -> tuple[Float[Tensor, "batch vertices"], Float[Tensor, "batch dim"]]:
        """Give the contact logits, and the mean of the queries they were read from."""
        whole = context.mean(dim=1, keepdim=True).expand(-1, len(self.places), -1)
        places = self.places.expand(len(context), -1, -1)
        queries = self.query(torch.cat([places, whole], dim=-1))
        mixed = self.blocks(torch.cat([queries, self.token(context)], dim=1))
        read = self.norm(mixed[:, : len(self.places)])
        return self.rise(self.logit(read)[..., 0]) + self.offset, read.mean(dim=1)

    @property
    def head(self) -> tuple[nn.Linear, nn.Parameter]:
        """What makes logits of the features."""
        return self.logit, self.offset


def _centres(cluster: np.ndarray) -> Float[Tensor, "clusters 3"]:
    """Where each cluster lies on the hand at rest, in half hand lengths from the hand's middle."""
    template = open_hand_arrays().template.astype(np.float64)
    size = np.ptp(template, axis=0).max() / 2
    scaled = (template - (template.max(axis=0) + template.min(axis=0)) / 2) / size
    sums = np.zeros((cluster.max() + 1, 3))
    np.add.at(sums, cluster, scaled)
    return torch.from_numpy(sums / np.bincount(cluster)[:, None]).float()


def _rise(low: np.ndarray, high: np.ndarray) -> nn.Linear:
    """Map the clusters of one level to those of a finer one.

    At first each finer cluster averages the coarse ones that its vertices lie in: one, or two
    where the levels' borders cross.
    """
    layer = nn.Linear(low.max() + 1, high.max() + 1)
    if not layer.weight.is_meta:
        shares = np.zeros(layer.weight.shape)
        np.add.at(shares, (high, low), 1)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(shares / shares.sum(axis=1, keepdims=True)))
            layer.bias.zero_()
    return layer
