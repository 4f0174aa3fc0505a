"""The rivals: what each sees, that all of it learns, and that none is smaller than our decoder."""

import dataclasses

import numpy as np
import pytest
import torch
from toys import ToyReader

from haco.data.loading import collate
from haco.data.transforms import to_crop
from haco.files import InputError
from haco.geometry.contact import PROTOCOLS
from haco.hands.open_hand import open_hand_arrays
from haco.models import create_model, load_weights, save_weights
from haco.models.contact_net import ContactNet, learned_from, seen_by
from haco.models.rivals.bstro import MeshQueryDecoder
from haco.models.rivals.deco import NUM_PARTS, NUM_SEGMENTS, DecoNet
from haco.models.rivals.family import RIVALS, SIZES, rival_name
from haco.models.rivals.landmarks import LandmarkNet
from haco.models.rivals.posa import PosaNet
from haco.models.weights import WeightsMeta
from haco.synth import masks
from haco.types import UNKNOWN_PIXEL, ContactLogits, Crop

NAMES = [rival_name(rival, "lab") for rival in RIVALS]


def batch(num: int = 2) -> Crop:
    """Toy crops with a surface and masks."""
    reader, rng = ToyReader(num), np.random.default_rng(0)
    samples = [
        dataclasses.replace(
            reader[index],
            vertices=rng.normal(0, 0.05, (778, 3)).astype(np.float32),
            masks=np.stack([rng.integers(0, top, (48, 48)) for top in (9, 37)]).astype(np.uint8),
        )
        for index in range(num)
    ]
    return collate([to_crop(sample, PROTOCOLS["harmonised"], size=64) for sample in samples])


def learn(network: ContactNet, crop: Crop) -> ContactLogits:
    return network(seen_by(network, crop), *learned_from(network, crop))


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
    logits = learn(network, batch())
    assert logits.touch is not None
    total = logits.vertices.sum() + logits.touch.sum() + sum((logits.penalties or {}).values())
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


@pytest.mark.parametrize("name", ["landmarks-only-lab", "posa-like-lab"])
def test_the_picture_is_never_seen(name):
    network = create_model(name).eval()
    crop = batch()
    dark = dataclasses.replace(crop, image=torch.zeros_like(crop.image))
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


# posa-like


def test_no_contact_is_asked_for_at_test_and_the_answer_stays():
    network, crop = create_model("posa-like-lab").eval(), batch()
    other = dataclasses.replace(crop, contact=~crop.contact)
    first, second = answer(network, crop), answer(network, other)
    assert torch.equal(first.vertices, second.vertices)
    assert first.penalties is None


def test_in_training_the_code_is_read_from_the_contact():
    network, crop = PosaNet(dim=32, noise=0.0).train(), batch()
    told = learn(network, crop)
    assert told.penalties is not None
    assert told.penalties["divergence"] > 0
    with torch.no_grad():  # a code that says nothing costs nothing
        network.encoder[-1].weight.zero_()
        network.encoder[-1].bias.zero_()
    silent = learn(network, crop).penalties
    assert silent is not None
    assert silent["divergence"].detach() == pytest.approx(0, abs=1e-7)


def test_where_the_hand_is_does_not_matter_to_posa():
    network, crop = create_model("posa-like-lab").eval(), batch()
    assert crop.vertices is not None
    away = dataclasses.replace(crop, vertices=crop.vertices + torch.tensor([0.1, 0.2, 0.5]))
    torch.testing.assert_close(answer(network, away).vertices, answer(network, crop).vertices)


def test_an_unknown_surface_gives_finite_answers():
    network, crop = create_model("posa-like-lab").eval(), batch()
    unknown = dataclasses.replace(crop, vertices=torch.full((2, 778, 3), torch.nan))
    assert answer(network, unknown).vertices.isfinite().all()


def test_a_batch_without_surfaces_is_refused():
    bare = dataclasses.replace(batch(), vertices=None, masks=None)
    with pytest.raises(InputError, match="needs vertices, which the dataset does not give"):
        seen_by(create_model("posa-like-lab"), bare)
    with pytest.raises(InputError, match="needs masks"):
        learned_from(create_model("deco-like-lab"), bare)


# deco-like


def test_masks_have_a_class_for_everything_the_engine_draws():
    assert (NUM_SEGMENTS, NUM_PARTS) == (masks.NUM_SEGMENTS, masks.NUM_PARTS)
    assert len(open_hand_arrays().part_names) == NUM_PARTS - 1


def test_each_encoder_learns_from_its_own_mask():
    network, crop = create_model("deco-like-lab").train(), batch()
    assert isinstance(network, DecoNet)
    penalties = learn(network, crop).penalties
    assert penalties is not None
    penalties["segments"].backward()
    twins = network.backbone
    assert any(p.grad is not None and p.grad.any() for p in twins.scene.parameters())
    assert not any(p.grad is not None and p.grad.any() for p in twins.parts.parameters())


def test_unknown_masks_teach_nothing():
    network, crop = create_model("deco-like-lab").train(), batch()
    assert crop.masks is not None
    blank = dataclasses.replace(crop, masks=torch.full_like(crop.masks, UNKNOWN_PIXEL))
    penalties = learn(network, blank).penalties
    assert penalties is not None
    assert [value.item() for value in penalties.values()] == [0, 0]


def test_both_encoders_are_asked():
    network = create_model("deco-like-lab").eval()
    image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    features = network.encode(image)
    whole = network.decode(features).vertices
    for half in (slice(0, 128), slice(128, 256)):
        other = features.clone()
        other[:, half] += 1
        assert not torch.equal(network.decode(other).vertices, whole)
