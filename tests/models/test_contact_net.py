"""The contact network: normalisation, coarse levels, and what counts as a weight."""

import copy

import pytest
import torch

from haco.files import InputError
from haco.models import create_model
from haco.models.contact_net import IMAGENET, ContactNet


@pytest.fixture(scope="module")
def model() -> ContactNet:
    return create_model("tiny").eval()


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    return torch.rand(2, 3, 256, 256, generator=torch.Generator().manual_seed(0))


def rows(count: int) -> torch.Tensor:
    weights = torch.rand(count, 778, generator=torch.Generator().manual_seed(count))
    return weights / weights.sum(dim=1, keepdim=True)


def test_coarse_logits_are_the_level_matrices_times_the_vertex_logits(
    model: ContactNet, images: torch.Tensor
):
    levels = [rows(336), rows(84), rows(21)]
    model.set_levels(levels)
    logits = model(images)
    assert [coarse.shape[1] for coarse in logits.coarse] == [336, 84, 21]
    for level, coarse in zip(levels, logits.coarse, strict=True):
        torch.testing.assert_close(coarse, torch.einsum("kv,bv->bk", level, logits.vertices))


def test_levels_can_be_replaced_and_never_enter_the_state_dict(model: ContactNet):
    before = set(model.state_dict())
    model.set_levels([rows(336), rows(84), rows(21)])
    model.set_levels([rows(5)])
    assert [tuple(level.shape) for level in model.levels] == [(5, 778)]
    assert set(model.state_dict()) == before
    assert not any(key.startswith(("level", "mean", "std")) for key in before)


def test_level_of_another_mesh_is_refused(model: ContactNet):
    with pytest.raises(InputError, match=r"\(4, 777\).*\(K, 778\)"):
        model.set_levels([torch.zeros(4, 777)])


def test_images_are_normalised_inside(model: ContactNet, images: torch.Tensor):
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    model = copy.deepcopy(model)
    model.set_normalisation(IMAGENET)
    with torch.inference_mode():
        torch.testing.assert_close(model.encode(images), model.backbone((images - mean) / std))


def test_batch_equals_singles_in_evaluation(model: ContactNet, images: torch.Tensor):
    with torch.inference_mode():
        together = model(images)
        alone = [model(image[None]) for image in images]
    vertices = torch.cat([logits.vertices for logits in alone])
    torch.testing.assert_close(together.vertices, vertices, atol=1e-4, rtol=1e-4)


def test_evaluation_leaves_the_running_statistics_alone(model: ContactNet, images: torch.Tensor):
    before = {key: value.clone() for key, value in model.state_dict().items()}
    first = model(images).vertices
    torch.testing.assert_close(model(images).vertices, first)
    for key, value in model.state_dict().items():
        torch.testing.assert_close(value, before[key])


def test_unknown_network_is_refused_with_the_names():
    with pytest.raises(InputError, match="'tinny'; choose one of tiny"):
        create_model("tinny")
