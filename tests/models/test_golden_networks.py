"""The networks compute what the released system computes, number for number."""

import json

import numpy as np
import pytest
import torch
from golden_networks import BACKBONES, GOLDEN, fill, images, official_keys, regressor, state_dict

from haco.models import create_model, official
from haco.models.contact_net import RAW, ContactNet
from haco.models.networks import NETWORKS
from haco.models.rivals.family import RIVALS, SIZES, rival_name

GOLDEN_BACKBONES = [
    "resnet-18",
    pytest.param("vit-s-16", marks=pytest.mark.slow),
    pytest.param("hrnet-w32", marks=pytest.mark.slow),
]


def test_recipe_makes_the_published_check_values():
    assert fill("backbone.conv1.weight", (64, 3, 7, 7)).flatten()[:3].tolist() == pytest.approx(
        [0.025629384, -0.013156126, -0.108161569]
    )
    assert images()[0, 0, 0, :3].tolist() == pytest.approx([0.11425539, -0.02316071, -0.58973414])
    assert regressor(21)[0, :3].tolist() == pytest.approx(
        [2.3085502e-05, 3.1688898e-05, 1.2258912e-04]
    )


@pytest.mark.parametrize("backbone", BACKBONES)
def test_keys_shapes_kinds_and_order_are_the_released_ones(backbone: str):
    with torch.device("meta"):
        model = create_model(backbone, handling="reference")
    parameters = {name for name, _ in model.named_parameters()}
    ours = [
        (key, list(value.shape), "parameter" if key in parameters else "buffer")
        for key, value in model.state_dict().items()
    ]
    theirs = [(e["key"], e["shape"], e["kind"]) for e in official_keys(backbone)["entries"]]
    assert ours == theirs


OURS = {
    *("tiny", "small", "base", "lab", "plain"),
    *(rival_name(rival, encoder) for rival in RIVALS for encoder in SIZES),
}
"""Networks that the paper does not have; other tests add `plain`."""


def test_all_twelve_networks_are_compared():
    assert sorted(BACKBONES) == sorted(set(NETWORKS) - OURS)
    assert sorted(BACKBONES) == sorted(official.THRESHOLDS)


def record_tokens(model: ContactNet) -> list[torch.Tensor]:
    """Collect the query after each decoder layer: input plus output of its last sublayer."""
    tokens: list[torch.Tensor] = []
    for layer in model.decoder.transformer.transformer.layers:
        feed_forward = list(layer.children())[2]
        feed_forward.register_forward_hook(lambda _, args, out: tokens.append(args[0] + out))
    return tokens


@pytest.mark.parametrize("backbone", GOLDEN_BACKBONES)
def test_golden_outputs_are_reproduced(backbone: str):
    golden = np.load(GOLDEN / f"model/{backbone}.npz")
    state = state_dict(backbone)
    manifest = json.loads((GOLDEN / "model/manifest.json").read_text())["backbones"][backbone]
    total = sum(v.double().sum().item() for v in state.values() if v.is_floating_point())
    assert total == pytest.approx(manifest["float_sum"], rel=1e-9)

    model = official.load(state)
    model.set_normalisation(RAW)
    model.set_levels([regressor(336), regressor(84), regressor(21)])
    tokens = record_tokens(model)
    with torch.inference_mode():
        features = model.encode(images())
        logits = model.decode(features)

    assert features.shape[1:] == tuple(golden["feature_shape"])
    probe = features.flatten(1)[:, torch.from_numpy(golden["feature_probe_index"])]
    np.testing.assert_allclose(probe, golden["feature_probe_value"], atol=1e-4, rtol=1e-4)
    np.testing.assert_allclose(torch.stack(tokens), golden["decoder_tokens"], atol=1e-4, rtol=1e-4)
    ours = {778: logits.vertices}
    ours |= {coarse.shape[1]: coarse for coarse in logits.coarse}
    for count, values in ours.items():
        np.testing.assert_allclose(values, golden[f"logits_{count}"], atol=1e-4, rtol=1e-4)
        np.testing.assert_allclose(values.sigmoid(), golden[f"probs_{count}"], atol=1e-5)
