"""The rivals: what each sees, that all of it learns, and that none is smaller than our decoder."""

import numpy as np
import pytest
import torch
from toys import ToyReader

from haco.data.loading import collate
from haco.data.transforms import to_crop
from haco.geometry.contact import PROTOCOLS
from haco.hands.open_hand import open_hand_arrays
from haco.models import create_model, load_weights, save_weights
from haco.models.contact_net import ContactNet, seen_by
from haco.models.rivals.bstro import MeshQueryDecoder
from haco.models.rivals.family import RIVALS, SIZES, rival_name
from haco.models.rivals.landmarks import LandmarkNet
from haco.models.weights import WeightsMeta
from haco.types import ContactLogits, Crop

NAMES = [rival_name(rival, "lab") for rival in RIVALS]


def batch(num: int = 2) -> Crop:
    reader = ToyReader(num)
    return collate([to_crop(reader[i], PROTOCOLS["harmonised"], size=64) for i in range(num)])


def answer(network: ContactNet, crop: Crop) -> ContactLogits:
    return network(seen_by(network, crop))


def num_parameters(*modules: torch.nn.Module | None) -> int:
    return sum(p.numel() for module in modules if module for p in module.parameters())


@pytest.mark.parametrize("encoder", SIZES)
@pytest.mark.parametrize("rival", RIVALS)
def test_none_is_smaller_than_our_decoder(rival, encoder):
    with torch.device("meta"):
        ours, theirs = create_model(encoder), create_model(rival_name(rival, encoder))
    assert num_parameters(theirs.decoder) >= num_parameters(ours.decoder)


@pytest.mark.parametrize("name", NAMES)
def test_answers_like_any_network(name):
    network = create_model(name).eval()
    network.set_levels([torch.full((5, 778), 1 / 778)])
    logits = answer(network, batch(3))
    assert logits.vertices.shape == (3, 778)
    assert [level.shape for level in logits.coarse] == [(3, 5)]
    assert logits.touch is not None
    assert logits.touch.shape == (3,)


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_gets_a_gradient(name):
    network = create_model(name).train()
    logits = answer(network, batch())
    assert logits.touch is not None
    total = logits.vertices.sum() + logits.touch.sum()
    if logits.keypoints is not None:
        total = total + logits.keypoints.sum()
    total.backward()
    assert [name for name, p in network.named_parameters() if p.grad is None] == []


@pytest.mark.parametrize("name", NAMES)
def test_untrained_it_says_about_the_mean(name):
    network = create_model(name).eval()
    mean = torch.linspace(0.01, 0.9, 778)
    network.decoder.start_from_mean(mean)
    said = answer(network, batch()).vertices.sigmoid()
    assert (said - mean).abs().max() < 0.15
    assert (said[0] - said[1]).abs().max() > 0  # but not the same of every hand


@pytest.mark.parametrize("name", NAMES)
def test_saved_and_loaded_it_says_the_same(name, tmp_path):
    network = create_model(name).eval()
    path = tmp_path / "rival.safetensors"
    save_weights(path, network, WeightsMeta(network=name), is_half=False)
    again, meta = load_weights(path)
    assert meta.network == name
    crop = batch()
    torch.testing.assert_close(answer(again, crop).vertices, answer(network, crop).vertices)


# bstro-like


@pytest.mark.parametrize("level", [84, 336])
def test_before_training_a_vertex_says_what_its_cluster_says(level):
    decoder = MeshQueryDecoder(context_dim=8, dim=16, level=level)
    coarse = torch.randn(2, level, generator=torch.Generator().manual_seed(0))
    arrays = open_hand_arrays()
    cluster = {84: arrays.cluster_84, 336: arrays.cluster_336}[level]
    homes = [set(cluster[arrays.cluster_336 == it]) for it in range(336)]
    inside = torch.tensor([len(homes[it]) == 1 for it in arrays.cluster_336])
    risen, expected = decoder.rise(coarse), coarse[:, torch.tensor(cluster)]
    torch.testing.assert_close(risen[:, inside], expected[:, inside])
    assert inside.float().mean() > 0.4  # where the levels' borders cross, it is a mean of two
    torch.testing.assert_close(decoder.rise(torch.ones(1, level)), torch.ones(1, 778))


def test_queries_lie_where_their_vertices_lie():
    arrays = open_hand_arrays()
    places = MeshQueryDecoder(context_dim=8, dim=16).places
    assert places.abs().max() <= 1
    tip, wrist = (arrays.cluster_84[vertex] for vertex in (arrays.tips[2], 0))
    middle = torch.tensor(arrays.template[arrays.cluster_84 == tip].mean(axis=0))
    start = torch.tensor(arrays.template[arrays.cluster_84 == wrist].mean(axis=0))
    half = float(np.ptp(arrays.template, axis=0).max()) / 2
    torch.testing.assert_close(places[tip] - places[wrist], (middle - start) / half)


def test_every_query_reads_the_picture():
    decoder = MeshQueryDecoder(context_dim=8, dim=16).eval()
    context = torch.randn(1, 9, 8, generator=torch.Generator().manual_seed(0))
    other = context.clone()
    other[0, 4] += 1
    changed = decoder(context)[0] != decoder(other)[0]
    assert changed.all()


# landmarks-only


def test_the_picture_is_never_seen():
    network = create_model("landmarks-only-lab").eval()
    crop = batch()
    dark = Crop(
        image=torch.zeros_like(crop.image),
        contact=crop.contact,
        valid=crop.valid,
        keypoints=crop.keypoints,
    )
    assert torch.equal(answer(network, crop).vertices, answer(network, dark).vertices)


def test_points_are_moved_in_training_only():
    network = LandmarkNet(dim=32)
    points = torch.rand(2, 21, 2, generator=torch.Generator().manual_seed(0))
    network.train()
    assert not torch.equal(network(points).vertices, network(points).vertices)
    network.eval()
    assert torch.equal(network(points).vertices, network(points).vertices)
    still = LandmarkNet(dim=32, noise=0.0).train()
    assert torch.equal(still(points).vertices, still(points).vertices)


def test_a_point_that_is_not_known_is_no_point_in_the_middle():
    network = LandmarkNet(dim=32).eval()
    points = torch.rand(1, 21, 2, generator=torch.Generator().manual_seed(0))
    missing, middle = points.clone(), points.clone()
    missing[0, 3], middle[0, 3] = torch.nan, 0.5
    said = network(missing).vertices
    assert said.isfinite().all()
    assert not torch.equal(said, network(middle).vertices)
