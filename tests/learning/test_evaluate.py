"""Scores of a network on a reader: by hand, and whatever the batch size."""

import math

import numpy as np
import pytest
import torch
from toys import ToyReader

from haco.data.loading import collate
from haco.data.transforms import to_crop
from haco.geometry.contact import PROTOCOLS
from haco.hands.topologies import load_hand
from haco.learning.evaluate import collect_answers, evaluate, predict
from haco.models.contact_net import ContactNet
from haco.models.networks import create_model
from haco.models.weights import WeightsMeta
from haco.types import ContactLogits


class ColourNet(ContactNet):
    """Knows the toys: red ones touch at 0..249; of the green, it finds a half and as much amiss."""

    def __init__(self) -> None:
        torch.nn.Module.__init__(self)
        self.scale = torch.nn.Parameter(torch.ones(()))

    def forward(self, image):
        kind = image.mean(dim=(2, 3)).argmax(dim=1)
        logits = torch.full((len(image), 778), -4.0)
        logits[kind == 0, :250] = 4.0
        logits[kind == 1, 375:625] = 1.0
        touch = torch.where(kind < 2, 2.0, -2.0)
        return ContactLogits(logits * self.scale, (), touch)


@pytest.fixture
def network() -> ContactNet:
    model = create_model("tiny")
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        # Not the encoder: it has no norms, and would blow rounding up with the noise.
        for parameter in model.decoder.parameters():
            parameter.add_(0.02 * torch.randn(parameter.shape, generator=generator))
    return model


def test_scores_are_those_worked_by_hand():
    scores = evaluate(ColourNet(), ToyReader(6))
    # Two red hands: 1, 1, 1. Two green ones: 1/2, 1/2, 1/2. Two blue ones touch nothing: 0, 0, 0.
    assert scores.half.macro["zero"] == pytest.approx((0.5, 0.5, 0.5))
    assert scores.half.macro["touching"] == pytest.approx((0.75, 0.75, 0.75))
    assert scores.half.micro == pytest.approx((0.75, 0.75, 0.75))
    assert (scores.contact.num_hands, scores.contact.num_touching) == (6, 4)
    assert scores.contact.touch_auroc == 1
    assert scores.contact.false_alarm_hands == 0


def test_chosen_threshold_is_used_beside_one_half():
    meta = WeightsMeta(network="tiny", threshold=0.9, touch_threshold=0.99)
    scores = evaluate(ColourNet(), ToyReader(6), meta=meta)
    assert scores.contact.micro == pytest.approx((1, 0.5, 2 / 3))
    assert scores.half.micro == pytest.approx((0.75, 0.75, 0.75))


def test_temperature_cools_the_probabilities():
    cold = WeightsMeta(network="tiny", threshold=0.9, temperature=0.25)
    assert evaluate(ColourNet(), ToyReader(6), meta=cold).contact.micro[1] == pytest.approx(0.75)


def test_mean_map_scores_as_worked_by_hand():
    scores = evaluate(ColourNet(), ToyReader(6))
    # 500 vertices touch on two hands of six each; the mean map says 1/3 there and 0 elsewhere.
    assert scores.mean_map.average_precision == pytest.approx(1 / 3)
    assert scores.mean_map.best_micro_f1 == pytest.approx(0.5)
    given = evaluate(ColourNet(), ToyReader(6), mean_map=np.full(778, 0.3))
    assert given.mean_map.average_precision == pytest.approx(1000 / (6 * 778))


def test_batch_size_and_workers_do_not_change_a_score(network):
    first = evaluate(network, ToyReader(5), batch_size=5)
    second = evaluate(network, ToyReader(5), batch_size=2, workers=1)
    for name, value in first.as_dict().items():
        other = second.as_dict()[name]
        assert math.isnan(value) if math.isnan(other) else value == pytest.approx(other, abs=1e-6)


def test_network_is_left_in_the_mode_it_was_in(network):
    network.train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    evaluate(network, ToyReader(3))
    assert network.training
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name])


def test_answers_are_the_networks_logits_beside_the_truth():
    answers = collect_answers(ColourNet(), ToyReader(5), batch_size=2)
    assert answers.contact.sum(dim=1).tolist() == [250, 250, 0, 250, 250]
    assert answers.valid.all()
    again = collect_answers(ColourNet(), ToyReader(5), batch_size=5)
    assert torch.equal(answers.vertices, again.vertices)
    assert answers.touch is not None
    assert again.touch is not None
    assert torch.equal(answers.touch, again.touch)
    assert answers.vertices[:, 0].tolist() == [4, -4, -4, 4, -4]  # red, green, blue, red, green


def test_bytes_are_scaled_once(network):
    crop = collate([to_crop(ToyReader(1)[0], PROTOCOLS["harmonised"])])
    direct = network.eval()(crop.image.float() / 255)
    torch.testing.assert_close(predict(network, crop).vertices, direct.vertices)


def test_scores_print_the_network_and_the_mean_map():
    text = str(evaluate(ColourNet(), ToyReader(6)))
    assert "average precision" in text
    assert "mean map: average precision      0.333" in text


def test_a_hand_gives_parts_and_ways_along_its_skin():
    scores = evaluate(ColourNet(), ToyReader(6), hand=load_hand("open"))
    assert {"rare", "medium", "common", "thumb_tip_palmar", "wrist"} <= set(scores.contact.groups)
    assert scores.geodesic is not None
    assert scores.geodesic.num_hands == 4
    assert 0 < scores.geodesic.predicted_to_true < 50
    assert scores.as_dict()["geodesic_predicted_to_true_mm"] == scores.geodesic.predicted_to_true


def test_kinds_and_datasets_have_scores_of_their_own():
    scores = evaluate(ColourNet(), ToyReader(6))
    assert set(scores.kinds) == {"power", "hands", "free"}
    assert scores.kinds["power"].micro == pytest.approx((1, 1, 1))
    assert scores.kinds["hands"].micro == pytest.approx((0.5, 0.5, 0.5))
    assert scores.sources["toy"].num_hands == 6
    low, high = scores.intervals["micro_f1"]
    assert low < scores.contact.micro[2] < high
