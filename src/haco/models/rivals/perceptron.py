"""A perceptron as a decoder: for what is one vector already, and not many image tokens."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from haco.models.decoder import Decoder
from haco.types import NUM_VERTICES


class PerceptronDecoder(Decoder):
    """Residual layers on one vector, which the tokens are joined to."""

    def __init__(self, *, context_dim: int, dim: int, depth: int = 2) -> None:
        """Draw the first weights.

        Args:
            context_dim: Numbers in all tokens together.
            dim: Width of the layers.
            depth: Residual blocks of two layers each.
        """
        super().__init__()
        self.dim = dim
        self.first = nn.Linear(context_dim, dim)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, dim), nn.GELU(), nn.Linear(dim, dim))
            for _ in range(depth)
        )
        self.norm = nn.LayerNorm(dim)
        self.vertices = nn.Linear(dim, NUM_VERTICES)
        self.offset = nn.Parameter(torch.zeros(1, NUM_VERTICES))

    def forward(
        self, context: Float[Tensor, "batch tokens channels"]
    ) -> tuple[Float[Tensor, "batch vertices"], Float[Tensor, "batch dim"]]:
        """Give the contact logits and the vector they were read from."""
        features = self.first(context.flatten(1))
        for block in self.blocks:
            features = features + block(features)
        features = self.norm(features)
        return self.vertices(features) + self.offset, features

    @property
    def head(self) -> tuple[nn.Linear, nn.Parameter]:
        """What makes logits of the features."""
        return self.vertices, self.offset
