"""The picture of an epoch shows what training sees."""

import pytest
from plain_network import PLAIN
from toys import ToyReader

from haco.geometry.contact import PROTOCOLS
from haco.hands import load_hand
from haco.learning.epoch_picture import draw_epoch
from haco.models.networks import create_model


@pytest.mark.parametrize("size", [64, 96])
def test_network_sees_crops_of_the_size_it_is_trained_on(size):
    network, seen = create_model(PLAIN.network), []
    network.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].shape))
    reader, hand = ToyReader(3), load_hand("open")
    draw_epoch(network, reader, PROTOCOLS["harmonised"], hand, num=2, size=size, heading="")
    assert seen == [(2, 3, size, size)]
