"""The largest network as large as it is: 671 million weights, 2.7 GB."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv2d, gelu, layer_norm

from haco.models.contact_net import ContactNet
from haco.models.networks import create_unfilled

DIM, HEADS, TOKENS = 1280, 16, 192


def random_hamer(generator: torch.Generator) -> ContactNet:
    network = create_unfilled("hamer", handling="reference").eval()
    for name, parameter in network.named_parameters():
        parameter.data.normal_(std=0.02, generator=generator)
        if "norm" in name and name.endswith("weight"):
            parameter.data += 1
    return network


def textbook(state: dict[str, Tensor], image: Tensor) -> Tensor:
    """Compute HaMeR's features (1, 1280, 16, 12) of one normalised crop, step by step."""

    def norm(name: str, tokens: Tensor) -> Tensor:
        return layer_norm(tokens, (DIM,), state[f"{name}.weight"], state[f"{name}.bias"], 1e-6)

    def linear(name: str, tokens: Tensor) -> Tensor:
        return tokens @ state[f"{name}.weight"].T + state[f"{name}.bias"]

    kernel, bias = state["patch_embed.proj.weight"], state["patch_embed.proj.bias"]
    patches = conv2d(image[..., 32:224], kernel, bias, stride=16, padding=2)
    places = state["pos_embed"][0]
    tokens = patches[0].reshape(DIM, TOKENS).T + places[1:] + places[0]
    for index in range(32):
        block = f"blocks.{index}"
        qkv = linear(f"{block}.attn.qkv", norm(f"{block}.norm1", tokens))
        queries, keys, values = qkv.reshape(TOKENS, 3, HEADS, DIM // HEADS).unbind(1)
        alike = torch.einsum("ihd,jhd->hij", queries, keys) / (DIM // HEADS) ** 0.5
        seen = torch.einsum("hij,jhd->ihd", alike.softmax(dim=-1), values)
        tokens = tokens + linear(f"{block}.attn.proj", seen.reshape(TOKENS, DIM))
        hidden = gelu(linear(f"{block}.mlp.fc1", norm(f"{block}.norm2", tokens)))
        tokens = tokens + linear(f"{block}.mlp.fc2", hidden)
    return norm("last_norm", tokens).T.reshape(1, DIM, 16, 12)


@pytest.mark.slow
def test_hamer_of_real_size_computes_what_the_textbook_says():
    generator = torch.Generator().manual_seed(0)
    network = random_hamer(generator)
    assert sum(it.numel() for it in network.parameters()) == 671_096_340
    image = torch.rand(1, 3, 256, 256, generator=generator)
    with torch.inference_mode():
        features = network.encode(image)
        expected = textbook(network.backbone.state_dict(), (image - network.mean) / network.std)
        logits = network.decode(features).vertices
    assert float(features.std()) > 0.5
    torch.testing.assert_close(features, expected, atol=1e-3, rtol=1e-3)
    assert logits.shape == (1, 778)
    assert bool(torch.isfinite(logits).all())
