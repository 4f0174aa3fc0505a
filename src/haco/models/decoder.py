"""The decoder: one query reads the image tokens and becomes one contact logit a vertex.

HACO (arXiv 2505.11152) §3 and figure 2, with the parameter names of its released checkpoints. Two
sublayers are written in a cheaper form that equals the textbook one:

- A softmax over a single query is 1, so self-attention is its value projection alone.
- With one query, keys need never be formed: q · (W x) = (Wᵀ q) · x. Each head takes its query
  through its own key matrix and then all heads attend to the raw tokens at once.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from haco.models.initialise import draw_normal
from haco.types import NUM_VERTICES


class Decoder(nn.Module):
    """What a contact network needs of the part that turns tokens into contact."""

    dim: int
    """Width of the vector that the touch head reads."""

    def forward(
        self, context: Float[Tensor, "batch tokens channels"]
    ) -> tuple[Float[Tensor, "batch vertices"], Float[Tensor, "batch dim"]]:
        """Give the contact logits, and a vector that says all of the hand."""
        raise NotImplementedError

    @property
    def head(self) -> tuple[nn.Linear, nn.Parameter]:
        """The last layer, and what is then added to the logits: one number a vertex."""
        raise NotImplementedError

    @torch.no_grad()
    def start_from_mean(self, mean: Float[Tensor, " vertices"]) -> None:
        """Let an untrained decoder answer with the mean contact of a data set.

        The last layer is shrunk, so the first predictions lie near that mean.

        Args:
            mean: How often each vertex touches, 0..1.
        """
        last, offset = self.head
        offset.copy_(torch.logit(mean, eps=1e-3)[None])
        last.weight.mul_(0.1)
        last.bias.zero_()

    @torch.no_grad()
    def leave_out_start(self) -> None:
        """Hold what is added to the logits at zero, so that training goes without it."""
        _, offset = self.head
        offset.zero_()
        offset.requires_grad = False


class SelfAttention(nn.Module):
    """Attention of one token to itself."""

    def __init__(self, dim: int, *, num_heads: int, head_dim: int) -> None:
        super().__init__()
        inner = num_heads * head_dim
        self.to_qkv = nn.Linear(dim, 3 * inner, bias=False)
        self.to_out = nn.Sequential(nn.Linear(inner, dim))

    def forward(self, token: Float[Tensor, "batch dim"]) -> Float[Tensor, "batch dim"]:
        """Give what the softmax over one element gives: the projected value."""
        value_rows = self.to_qkv.weight.chunk(3)[2]
        return self.to_out(nn.functional.linear(token, value_rows))


class CrossAttention(nn.Module):
    """Attention of one token to the image tokens."""

    def __init__(self, dim: int, *, context_dim: int, num_heads: int, head_dim: int) -> None:
        super().__init__()
        inner = num_heads * head_dim
        self.num_heads = num_heads
        self.scale = head_dim**-0.5
        self.to_kv = nn.Linear(context_dim, 2 * inner, bias=False)
        self.to_q = nn.Linear(dim, inner, bias=False)
        self.to_out = nn.Sequential(nn.Linear(inner, dim))

    def forward(
        self, token: Float[Tensor, "batch dim"], context: Float[Tensor, "batch tokens channels"]
    ) -> Float[Tensor, "batch dim"]:
        """Let every head look at the context and project what it saw."""
        queries = self.to_q(token).unflatten(-1, (self.num_heads, -1))
        key_rows, value_rows = self.to_kv.weight.unflatten(0, (2, self.num_heads, -1))
        queries = torch.einsum("bhd,hdc->bhc", queries, key_rows)
        # The heads stand where queries usually do: all of them read the same keys and values.
        tokens = context[:, None]
        seen = nn.functional.scaled_dot_product_attention(
            queries[:, None], tokens, tokens, scale=self.scale
        )
        values = torch.einsum("bhc,hdc->bhd", seen[:, 0], value_rows)
        return self.to_out(values.flatten(1))


class FeedForward(nn.Module):
    """Two linear layers with an exact GELU between them."""

    def __init__(self, dim: int, *, hidden_dim: int) -> None:
        super().__init__()
        # The released checkpoints count a dropout here, so the second layer is number 3.
        self.net = nn.Sequential(
            nn.Linear(dim, hidden_dim), nn.GELU(), nn.Identity(), nn.Linear(hidden_dim, dim)
        )

    def forward(self, token: Float[Tensor, "batch dim"]) -> Float[Tensor, "batch dim"]:
        """Apply both layers."""
        return self.net(token)


class PreNorm(nn.Module):
    """A layer norm in front of a sublayer."""

    def __init__(self, dim: int, fn: nn.Module) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim, eps=1e-5)
        self.fn = fn

    def forward(
        self, token: Float[Tensor, "batch dim"], *context: Float[Tensor, "batch tokens channels"]
    ) -> Float[Tensor, "batch dim"]:
        """Normalise the token, not the context, and apply the sublayer."""
        return self.fn(self.norm(token), *context)


class Layers(nn.Module):
    """The stack of self-attention, cross-attention and feed-forward, each with a residual."""

    def __init__(
        self,
        dim: int,
        *,
        context_dim: int,
        depth: int,
        num_heads: int,
        head_dim: int,
        hidden_dim: int,
    ) -> None:
        super().__init__()
        heads = {"num_heads": num_heads, "head_dim": head_dim}
        self.layers = nn.ModuleList(
            nn.ModuleList(
                [
                    PreNorm(dim, SelfAttention(dim, **heads)),
                    PreNorm(dim, CrossAttention(dim, context_dim=context_dim, **heads)),
                    PreNorm(dim, FeedForward(dim, hidden_dim=hidden_dim)),
                ]
            )
            for _ in range(depth)
        )

    def forward(
        self, token: Float[Tensor, "batch dim"], context: Float[Tensor, "batch tokens channels"]
    ) -> Float[Tensor, "batch dim"]:
        """Run all layers; there is no norm after the last."""
        for layer in self.layers:
            token = _run_layer(layer, token, context)
        return token


def _run_layer(layer: nn.Module, token: Tensor, context: Tensor) -> Tensor:
    self_attention, cross_attention, feed_forward = layer.children()
    token = token + self_attention(token)
    token = token + cross_attention(token, context)
    return token + feed_forward(token)


class QueryTransformer(nn.Module):
    """One learned query through the layers."""

    def __init__(self, dim: int, layers: Layers) -> None:
        super().__init__()
        self.pos_embedding = nn.Parameter(torch.zeros(1, 1, dim))
        draw_normal(self.pos_embedding, std=1.0)
        # HaMeR's decoder embeds a token of width 1 that is always 0: only the bias ever speaks.
        self.to_token_embedding = nn.Linear(1, dim)
        self.transformer = layers

    def forward(
        self, context: Float[Tensor, "batch tokens channels"]
    ) -> Float[Tensor, "batch dim"]:
        """Give the query after it has read the context."""
        query = self.to_token_embedding(context.new_zeros(context.shape[0], 1))
        return self.transformer(query + self.pos_embedding[0], context)


class ContactDecoder(Decoder):
    """From image tokens to a query token and from it to contact logits.

    The default sizes are those of the released checkpoints.
    """

    def __init__(
        self,
        *,
        context_dim: int,
        dim: int = 1024,
        depth: int = 6,
        num_heads: int = 8,
        head_dim: int = 64,
        hidden_dim: int = 1024,
    ) -> None:
        super().__init__()
        layers = Layers(
            dim,
            context_dim=context_dim,
            depth=depth,
            num_heads=num_heads,
            head_dim=head_dim,
            hidden_dim=hidden_dim,
        )
        self.dim = dim
        self.init_contact = nn.Parameter(torch.zeros(1, NUM_VERTICES))
        draw_normal(self.init_contact, std=1.0)
        self.transformer = QueryTransformer(dim, layers)
        self.deccontact = nn.Linear(dim, NUM_VERTICES)

    def forward(
        self, context: Float[Tensor, "batch tokens channels"]
    ) -> tuple[Float[Tensor, "batch vertices"], Float[Tensor, "batch dim"]]:
        """Give the contact logits and the query token they were read from."""
        query = self.transformer(context)
        return self.deccontact(query) + self.init_contact, query

    @property
    def head(self) -> tuple[nn.Linear, nn.Parameter]:
        """What makes logits of the query."""
        return self.deccontact, self.init_contact
