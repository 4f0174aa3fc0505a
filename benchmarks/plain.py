"""A network's textbook forward, of the same weights: what one would write first.

Images are normalised whatever the statistics are, kernels and pictures lie in memory as torch lays
them by itself (channels first), uneven padding pads the picture, attention forms every key, weighs
with a softmax written out, and does so even for a single query.
"""

import copy
import types

import torch
from torch import Tensor, nn

from haco.models.contact_net import ContactNet
from haco.models.decoder import CrossAttention, SelfAttention
from haco.models.hand_encoder import SameConv
from haco.models.vit import Attention


def plain_copy(network: ContactNet) -> ContactNet:
    """Give a copy that computes the same plainly."""
    plain = copy.deepcopy(network).eval()
    forwards = {
        SelfAttention: _self,
        CrossAttention: _cross,
        Attention: _image,
        SameConv: _padded,
    }
    for module in plain.modules():
        if type(module) in forwards:
            module.forward = types.MethodType(forwards[type(module)], module)
        if isinstance(module, nn.Conv2d):
            module.weight.data = module.weight.data.contiguous()
    plain.encode = types.MethodType(_encode, plain)
    return plain


class _ChannelsFirst(torch.overrides.TorchFunctionMode):
    """Take the wish for channels last out of the backbones' own forward."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function is Tensor.contiguous:
            return function(args[0])
        return function(*args, **(kwargs or {}))


def _encode(self: ContactNet, image: Tensor) -> Tensor:
    with _ChannelsFirst():
        return self.backbone((image - self.mean) / self.std)


def _padded(self: SameConv, features: Tensor) -> Tensor:
    size, stride = self.kernel_size[0], self.stride[0]
    missing = size - stride if stride > 1 else 2 * (size // 2)
    before = missing // 2
    features = nn.functional.pad(features, (before, missing - before) * 2)
    return nn.functional.conv2d(features, self.weight, self.bias, self.stride, groups=self.groups)


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
