"""A network's textbook forward, of the same weights: what one would write first.

Attention forms every key, weighs with a softmax written out, and does so even for a single query.
"""

import copy
import types

from torch import Tensor

from haco.models.contact_net import ContactNet
from haco.models.decoder import CrossAttention, SelfAttention
from haco.models.vit import Attention


def plain_copy(network: ContactNet) -> ContactNet:
    """Give a copy that computes the same plainly."""
    plain = copy.deepcopy(network).eval()
    forwards = {SelfAttention: _self, CrossAttention: _cross, Attention: _image}
    for module in plain.modules():
        if type(module) in forwards:
            module.forward = types.MethodType(forwards[type(module)], module)
    return plain


def _attend(queries: Tensor, keys: Tensor, values: Tensor, num_heads: int) -> Tensor:
    split = (it.unflatten(-1, (num_heads, -1)).transpose(1, 2) for it in (queries, keys, values))
    q, k, v = split
    weights = (q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5).softmax(dim=-1)
    return (weights @ v).transpose(1, 2).flatten(2)


def _self(self: SelfAttention, token: Tensor) -> Tensor:
    queries, keys, values = self.to_qkv(token[:, None]).chunk(3, dim=-1)
    # A softmax over one element is 1 however many heads there are: all networks have eight.
    return self.to_out(_attend(queries, keys, values, 8)[:, 0])


def _cross(self: CrossAttention, token: Tensor, context: Tensor) -> Tensor:
    keys, values = self.to_kv(context).chunk(2, dim=-1)
    seen = _attend(self.to_q(token[:, None]), keys, values, self.num_heads)
    return self.to_out(seen[:, 0])


def _image(self: Attention, tokens: Tensor) -> Tensor:
    queries, keys, values = self.qkv(tokens).chunk(3, dim=-1)
    return self.proj(_attend(queries, keys, values, self.num_heads))
