"""From a run's weights to weights for others: calibrated on one set, scored on another."""

import numpy as np
import pytest
import torch
from toys import ToyReader

from haco.learning.calibration import calibrate
from haco.learning.evaluate import Answers, evaluate
from haco.learning.finish import finish_weights
from haco.models.networks import create_model
from haco.models.weights import WeightsMeta, load_weights, save_weights

META = WeightsMeta(network="tiny")


def answers_of(logits: torch.Tensor, generator: torch.Generator) -> Answers:
    """Truth drawn as the logits say, so that they are honest."""
    contact = torch.rand(logits.shape, generator=generator) < logits.sigmoid()
    return Answers(
        vertices=logits,
        touch=torch.randn(len(logits), generator=generator),
        contact=contact,
        valid=torch.ones_like(contact),
    )


def test_calibration_undoes_a_scale_and_a_shift_and_finds_the_threshold():
    generator = torch.Generator().manual_seed(0)
    honest = torch.randn((4000, 10), generator=generator) - 2
    answers = answers_of(honest, generator)
    distorted = Answers(
        vertices=3 * honest + 4, touch=None, contact=answers.contact, valid=answers.valid
    )
    meta = calibrate(META, distorted)
    assert meta.temperature == pytest.approx(3, rel=0.03)
    assert meta.bias == pytest.approx(-4 / 3, abs=0.05)
    assert meta.threshold == pytest.approx(calibrate(META, answers).threshold, abs=0.02)
    assert (meta.touch_temperature, meta.touch_bias) == (1.0, 0.0)


def test_touch_is_calibrated_by_the_hands_whose_touch_is_known():
    generator = torch.Generator().manual_seed(0)
    touch = torch.randn(4000, generator=generator)
    contact = torch.zeros(4000, 10, dtype=torch.bool)
    contact[:, 7] = torch.rand(4000, generator=generator) < touch.sigmoid()
    valid = torch.ones_like(contact)
    touch = 2 * touch + 1
    # These seem to touch nothing, but of one vertex it is not known; what is said of them is wild.
    contact[:500], valid[:500, 9], touch[:500] = False, False, 50.0
    logits = torch.randn((4000, 10), generator=generator)
    meta = calibrate(META, Answers(vertices=logits, touch=touch, contact=contact, valid=valid))
    assert meta.touch_temperature == pytest.approx(2, rel=0.1)
    assert meta.touch_bias == pytest.approx(-0.5, abs=0.1)


def test_written_weights_hold_the_scores_that_they_have(tmp_path):
    network = create_model("tiny")
    save_weights(tmp_path / "best.safetensors", network, META, is_half=False)
    mean_map = np.full(778, 0.2)
    out = tmp_path / "tiny.safetensors"
    scores = finish_weights(
        tmp_path / "best.safetensors",
        out,
        validation=ToyReader(3, seed=1),
        test=ToyReader(3, seed=2),
        mean_map=mean_map,
    )
    written, meta = load_weights(out)
    assert meta.scores == scores.as_dict()
    again = evaluate(written, ToyReader(3, seed=2), meta=meta, mean_map=mean_map)
    assert again.as_dict() == scores.as_dict()
    assert out.stat().st_size < 0.6 * (tmp_path / "best.safetensors").stat().st_size
