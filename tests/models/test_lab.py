"""The network `lab`: its budget, its shapes, and that all of it learns."""

import pytest
import torch

from haco.models import create_model


def pictures(num: int, size: int) -> torch.Tensor:
    return torch.rand(num, 3, size, size, generator=torch.Generator().manual_seed(0))


def test_budget_of_parameters():
    assert sum(p.numel() for p in create_model("lab").parameters()) <= 2_750_000


@pytest.mark.parametrize("size", [64, 256])
def test_shapes(size):
    model = create_model("lab").eval()
    image = pictures(2, size)
    assert model.encode(image).shape == (2, 128, 8, 8)
    logits = model(image)
    assert logits.vertices.shape == (2, 778)
    assert logits.touch is not None
    assert logits.touch.shape == (2,)
    assert logits.keypoints is not None
    assert logits.keypoints.shape == (2, 21, 2)


def test_a_large_picture_is_seen_averaged_down():
    model = create_model("lab").eval()
    small = pictures(1, 64)
    large = small.repeat_interleave(4, dim=2).repeat_interleave(4, dim=3)
    torch.testing.assert_close(model.encode(large), model.encode(small))


def test_every_parameter_gets_a_gradient():
    model = create_model("lab").train()
    logits = model(pictures(2, 64))
    assert logits.touch is not None
    assert logits.keypoints is not None
    (logits.vertices.sum() + logits.touch.sum() + logits.keypoints.sum()).backward()
    assert [name for name, p in model.named_parameters() if p.grad is None] == []
