"""The network `tiny`: its budget, its shapes, and that it can learn."""

import pytest
import torch

from haco.models import create_model
from haco.models.context import KeypointContext


def test_budget_of_parameters():
    assert sum(p.numel() for p in create_model("tiny").parameters()) <= 8_000_000


def test_shapes():
    model = create_model("tiny").eval()
    image = torch.rand(2, 3, 256, 256, generator=torch.Generator().manual_seed(0))
    assert model.encode(image).shape == (2, 192, 10, 10)
    logits = model(image)
    assert logits.vertices.shape == (2, 778)
    assert logits.coarse == ()
    assert logits.touch is not None
    assert logits.touch.shape == (2,)
    assert logits.keypoints is not None
    assert logits.keypoints.shape == (2, 21, 2)


def test_every_parameter_gets_a_gradient():
    model = create_model("tiny").train()
    image = torch.rand(2, 3, 256, 256, generator=torch.Generator().manual_seed(0))
    logits = model(image)
    assert logits.touch is not None
    assert logits.keypoints is not None
    (logits.vertices.sum() + logits.touch.sum() + logits.keypoints.sum()).backward()
    learned = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    assert [name for name, p in learned if p.grad is None] == []


def test_a_peak_of_heat_is_a_keypoint_at_the_centre_of_its_cell():
    context = KeypointContext(1, size=8)
    with torch.no_grad():
        context.heat.weight.fill_(1e4)
    features = torch.zeros(1, 1, 8, 8)
    features[0, 0, 3, 5] = 1.0  # row 3, column 5: pixels y 96..127, x 160..191
    _, keypoints = context(features)
    expected = torch.tensor([175.5, 111.5]) / 256
    torch.testing.assert_close(keypoints, expected.expand(1, 21, 2))


def test_joint_tokens_pool_the_features_at_their_keypoint():
    context = KeypointContext(2, size=8)
    with torch.no_grad():
        context.position.zero_()
        context.joint.zero_()
        context.heat.weight[:, 0] = 1e4
        context.heat.weight[:, 1] = 0
    features = torch.rand(1, 2, 8, 8, generator=torch.Generator().manual_seed(0))
    features[0, 0] *= 0.5
    features[0, 0, 3, 5] = 1.0
    tokens, _ = context(features)
    assert tokens.shape == (1, 8 * 8 + 21, 2)
    torch.testing.assert_close(tokens[0, -21:], features[0, :, 3, 5].expand(21, 2))


@pytest.mark.slow
def test_eight_images_can_be_learned_by_heart():
    generator = torch.Generator().manual_seed(0)
    model = create_model("tiny").train()
    patches = torch.rand(8, 3, 8, 8, generator=generator)  # coarse enough to survive resizing
    image = torch.nn.functional.interpolate(patches, (256, 256))
    contact = (torch.rand(8, 778, generator=generator) < 0.3).float()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for _ in range(60):
        loss = torch.nn.functional.binary_cross_entropy_with_logits(model(image).vertices, contact)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss < 0.3  # the entropy of these labels is 0.61
