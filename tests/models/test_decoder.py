"""The decoder: equal to the textbook form, and started where it should be."""

import pytest
import torch
from torch import Tensor, nn

from haco.models.decoder import ContactDecoder


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture
def decoder(generator: torch.Generator) -> ContactDecoder:
    made = ContactDecoder(
        context_dim=12, dim=16, depth=2, num_heads=4, head_dim=3, hidden_dim=20
    ).double()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.5)
    return made


def plain_attention(queries: Tensor, keys: Tensor, values: Tensor, num_heads: int) -> Tensor:
    """Attend with a loop over heads, all keys formed and a real softmax."""
    outputs = []
    for query, key, value in zip(
        queries.chunk(num_heads, dim=-1),
        keys.chunk(num_heads, dim=-1),
        values.chunk(num_heads, dim=-1),
        strict=True,
    ):
        scores = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5
        outputs.append(scores.exp() / scores.exp().sum(dim=-1, keepdim=True) @ value)
    return torch.cat(outputs, dim=-1)


def plain_decoder(state: dict[str, Tensor], context: Tensor, *, depth: int) -> Tensor:
    """Write out spec by spec what the decoder is, straight from a state dict."""

    def norm(x: Tensor, name: str) -> Tensor:
        centred = x - x.mean(dim=-1, keepdim=True)
        variance = centred.square().mean(dim=-1, keepdim=True)
        weight, bias = state[f"{name}.norm.weight"], state[f"{name}.norm.bias"]
        return centred / (variance + 1e-5).sqrt() * weight + bias

    def linear(x: Tensor, name: str) -> Tensor:
        y = x @ state[f"{name}.weight"].T
        return y + state[f"{name}.bias"] if f"{name}.bias" in state else y

    zero = torch.zeros(len(context), 1, 1, dtype=context.dtype)
    x = linear(zero, "transformer.to_token_embedding") + state["transformer.pos_embedding"]
    for index in range(depth):
        name = f"transformer.transformer.layers.{index}"
        queries, keys, values = linear(norm(x, f"{name}.0"), f"{name}.0.fn.to_qkv").chunk(3, -1)
        x = x + linear(plain_attention(queries, keys, values, 4), f"{name}.0.fn.to_out.0")
        queries = linear(norm(x, f"{name}.1"), f"{name}.1.fn.to_q")
        keys, values = linear(context, f"{name}.1.fn.to_kv").chunk(2, -1)
        x = x + linear(plain_attention(queries, keys, values, 4), f"{name}.1.fn.to_out.0")
        hidden = linear(norm(x, f"{name}.2"), f"{name}.2.fn.net.0")
        gelu = hidden * 0.5 * (1 + torch.erf(hidden / 2**0.5))
        x = x + linear(gelu, f"{name}.2.fn.net.3")
    return linear(x[:, 0], "deccontact") + state["init_contact"]


def test_cheap_forms_equal_plain_softmax_attention(
    decoder: ContactDecoder, generator: torch.Generator
):
    context = torch.randn(3, 7, 12, generator=generator).double()
    logits, _ = decoder(context)
    torch.testing.assert_close(logits, plain_decoder(decoder.state_dict(), context, depth=2))


def test_gradients_equal_those_of_the_plain_form(
    decoder: ContactDecoder, generator: torch.Generator
):
    context = torch.randn(2, 5, 12, generator=generator).double()
    target = torch.randn(2, 778, generator=generator).double()
    parameters = dict(decoder.named_parameters())
    ours = torch.autograd.grad(((decoder(context)[0] - target) ** 2).sum(), parameters.values())
    plain = ((plain_decoder(parameters, context, depth=2) - target) ** 2).sum()
    theirs = torch.autograd.grad(plain, parameters.values(), materialize_grads=True)
    for name, our, their in zip(parameters, ours, theirs, strict=True):
        torch.testing.assert_close(our, their, msg=lambda text, name=name: f"{name}: {text}")


def test_order_of_context_tokens_does_not_matter(
    decoder: ContactDecoder, generator: torch.Generator
):
    context = torch.randn(2, 9, 12, generator=generator).double()
    shuffled = context[:, torch.randperm(9, generator=generator)]
    torch.testing.assert_close(decoder(context)[0], decoder(shuffled)[0])


def test_norms_have_the_released_epsilon(decoder: ContactDecoder):
    norms = [module for module in decoder.modules() if isinstance(module, nn.LayerNorm)]
    assert [norm.eps for norm in norms] == [1e-5] * 6  # three a layer, none after the last


def test_default_sizes_are_the_released_ones():
    with torch.device("meta"):
        decoder = ContactDecoder(context_dim=2048)
    assert sum(parameter.numel() for parameter in decoder.parameters()) == 44_902_932


def test_starting_from_a_mean_predicts_it(generator: torch.Generator):
    decoder = ContactDecoder(context_dim=12, dim=64, depth=1, num_heads=2, head_dim=8)
    mean = torch.rand(778, generator=generator) * 0.9 + 0.05
    decoder.start_from_mean(mean)
    probability = decoder(torch.randn(4, 6, 12, generator=generator))[0].sigmoid()
    assert (probability - mean).abs().mean() < 0.05


def test_a_start_that_is_left_out_stays_zero():
    decoder = ContactDecoder(context_dim=12, dim=16, depth=1, num_heads=2, head_dim=8)
    decoder.leave_out_start()
    contact, _ = decoder(torch.rand(2, 5, 12))
    contact.sum().backward()
    assert not decoder.init_contact.any()
    assert decoder.init_contact.grad is None
    assert decoder.deccontact.bias.grad is not None
