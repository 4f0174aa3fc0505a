"""Learning rate, parameter groups and averaged weights."""

import copy

import pytest
import torch
from torch import nn

from haco.learning.config import OptimConfig
from haco.learning.optim import AveragedWeights, build_optimizer, learning_rate
from haco.models.networks import create_model


def test_learning_rate_rises_straight_and_falls_as_half_a_cosine():
    config = OptimConfig(learning_rate=1.0, warm_up=0.2, final_share=0.1)
    rates = [learning_rate(step, 20, config) for step in range(20)]
    assert rates[:4] == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert rates[4] == pytest.approx(1.0)
    assert rates[12] == pytest.approx(0.55)  # half-way down
    assert sorted(rates[4:], reverse=True) == rates[4:]
    assert learning_rate(20, 20, config) == pytest.approx(0.1)


def test_weight_decay_is_for_kernels_alone():
    network = create_model("tiny")
    extra = nn.Module()
    extra.scale = nn.Parameter(torch.zeros(3))
    decayed, plain = build_optimizer([network, extra], OptimConfig(weight_decay=0.3)).param_groups
    assert (decayed["weight_decay"], plain["weight_decay"]) == (0.3, 0.0)
    assert all(parameter.ndim >= 2 for parameter in decayed["params"])
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    assert "context.position" in {names.get(id(parameter)) for parameter in plain["params"]}
    both = [id(parameter) for parameter in decayed["params"] + plain["params"]]
    assert len(both) == len(set(both)) == len(list(network.parameters())) + 1


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
