"""A small network without batch normalisation, so that a batch may be cut into pieces.

Importing this adds it to the networks as `plain`.
"""

from torch import nn

from haco.learning.config import LossConfig, OptimConfig, TrainConfig
from haco.models.contact_net import ContactNet
from haco.models.decoder import ContactDecoder
from haco.models.networks import NETWORKS


def _plain(_: object) -> ContactNet:
    backbone = nn.Sequential(nn.Conv2d(3, 8, 32, stride=32), nn.ReLU(), nn.Conv2d(8, 16, 1))
    decoder = ContactDecoder(
        context_dim=16, dim=32, depth=1, num_heads=2, head_dim=16, hidden_dim=32
    )
    return ContactNet(backbone, decoder, has_touch=True)


NETWORKS["plain"] = _plain
PLAIN = TrainConfig(
    network="plain",
    datasets=("packed/toy",),
    epochs=3,
    batch_size=6,
    workers=0,
    pictures=0,
    loss=LossConfig(learned_levels=True),
    optim=OptimConfig(learning_rate=3e-3, warm_up=0.0),
)
