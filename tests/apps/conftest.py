"""A predictor that needs no trained weights and no hand detector."""

from collections.abc import Callable

import pytest
import torch

from apps.hands import FixedDetector
from haco.apps.detect import DetectedHand
from haco.apps.predictor import ContactPredictor
from haco.hands import load_hand
from haco.models import create_model
from haco.models.weights import WeightsMeta


@pytest.fixture(scope="session")
def network():
    """`tiny` with random parameters that make different pictures give different answers."""
    model = create_model("tiny").eval()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.add_(0.02 * noise)
    return model


@pytest.fixture
def make_predictor(network) -> Callable[..., ContactPredictor]:
    def make(*hands: DetectedHand) -> ContactPredictor:
        return ContactPredictor(
            network=network,
            meta=WeightsMeta(network="tiny", topology="open", threshold=0.5),
            hands={side: load_hand("open", side=side) for side in ("left", "right")},
            detector=FixedDetector(list(hands)),
            device=torch.device("cpu"),
        )

    return make
