"""Learning rate, parameter groups and averaged weights."""

import copy

import pytest
import torch
from torch import nn

from haco.files import InputError
from haco.learning.config import OptimConfig
from haco.learning.optim import (
    AveragedWeights,
    build_optimizer,
    learning_rate,
    rate_shares,
    set_rate,
)
from haco.models.networks import create_model


def test_learning_rate_rises_straight_and_falls_as_half_a_cosine():
    config = OptimConfig(learning_rate=1.0, warm_up=0.2, final_share=0.1)
    rates = [learning_rate(step, 5, 4, config) for step in range(20)]
    assert rates[:4] == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert rates[4] == pytest.approx(1.0)
    assert rates[12] == pytest.approx(0.55)  # half-way down
    assert sorted(rates[4:], reverse=True) == rates[4:]
    assert learning_rate(20, 5, 4, config) == pytest.approx(0.1)


def test_learning_rate_falls_in_steps_at_the_milestones():
    config = OptimConfig(
        learning_rate=1.0, warm_up=0.0, schedule="steps", milestones=(1, 3), step_factor=0.5
    )
    rates = [learning_rate(step, 2, 4, config) for step in range(8)]
    assert rates == [1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25]


def test_everything_decays_where_it_shall():
    optimizer = build_optimizer(
        {"network": nn.LayerNorm(3)}, OptimConfig(weight_decay=0.3, decay_everything=True)
    )
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.3]


def test_weight_decay_is_for_kernels_alone():
    network = create_model("tiny")
    extra = nn.Module()
    extra.scale = nn.Parameter(torch.zeros(3))
    decayed, plain = build_optimizer(
        {"network": network, "terms": extra}, OptimConfig(weight_decay=0.3)
    ).param_groups
    assert (decayed["weight_decay"], plain["weight_decay"]) == (0.3, 0.0)
    assert all(parameter.ndim >= 2 for parameter in decayed["params"])
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    assert "context.position" in {names.get(id(parameter)) for parameter in plain["params"]}
    both = [id(parameter) for parameter in decayed["params"] + plain["params"]]
    assert (
        len(both) == len(set(both)) == len([p for p in network.parameters() if p.requires_grad]) + 1
    )


def test_backbone_has_its_share_of_the_rate():
    network, config = create_model("tiny"), OptimConfig(backbone_share=0.3)
    optimizer = build_optimizer({"network": network}, config)
    set_rate(optimizer, 2.0)
    rates = {id(it): group["lr"] for group in optimizer.param_groups for it in group["params"]}
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            assert id(parameter) not in rates, name
            continue
        inside = name.startswith("backbone.")
        assert rates[id(parameter)] == pytest.approx(0.6 if inside else 2.0), name


@pytest.mark.parametrize(
    ("network", "steps"),
    [
        (
            "vit-s-16",
            {
                "vit.cls_token": 13,
                "vit.patch_embed.proj.weight": 13,
                "vit.blocks.0.norm1.weight": 12,
                "vit.blocks.11.mlp.fc2.bias": 1,
                "vit.norm.weight": 1,
            },
        ),
        ("resnet-18", {"conv1.weight": 5, "layer1.0.bn1.bias": 4, "layer4.1.conv2.weight": 1}),
        ("hrnet-w32", {"bn2.weight": 5, "transition2.2.0.0.weight": 3, "layer1.0.bn1.bias": 4}),
        ("handoccnet", {"toplayer.weight": 1, "layer0.0.weight": 5, "smooth2.bias": 1}),
    ],
)
def test_rates_fall_from_layer_to_layer_towards_the_picture(network, steps):
    with torch.device("meta"):
        model = create_model(network)
    share = rate_shares(model, OptimConfig(layer_decay=0.8, backbone_share=0.5))
    names = {name for name, _ in model.named_parameters()}
    for name, number in steps.items():
        assert f"backbone.{name}" in names
        assert share(f"backbone.{name}") == pytest.approx(0.5 * 0.8**number), name
    assert share("decoder.query") == 1


def test_layer_decay_needs_layers():
    plain = nn.Module()
    plain.backbone = nn.Sequential(nn.Linear(2, 2))
    with pytest.raises(InputError, match="layer_decay needs a backbone with numbered layers"):
        build_optimizer({"network": plain}, OptimConfig(layer_decay=0.9))


def test_average_of_a_network_that_stands_still_is_that_network():
    network = create_model("tiny")
    average = AveragedWeights(network, 0.9)
    average.update(network, 5)
    for name, value in network.state_dict().items():
        torch.testing.assert_close(average.network.state_dict()[name], value)


def test_average_moves_by_its_decay_and_leaves_the_network_alone():
    network = create_model("tiny")
    average = AveragedWeights(network, 0.9)
    before = copy.deepcopy(network.state_dict())
    with torch.no_grad():
        network.touch.bias.add_(1.0)
    average.update(network, 1000)
    torch.testing.assert_close(average.network.touch.bias, before["touch.bias"] + 0.1)
    torch.testing.assert_close(network.touch.bias.detach(), before["touch.bias"] + 1.0)
    assert not average.network.training
