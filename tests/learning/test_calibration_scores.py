import dataclasses

import pytest
import torch

from haco.learning.calibration import calibrate
from haco.learning.calibration_scores import cross_score_calibration, score_calibration
from haco.learning.evaluate import Answers
from haco.models.weights import WeightsMeta

META = WeightsMeta(network="lab")


def draw(num: int = 600, *, scale: float = 3.0, shift: float = 4.0) -> Answers:
    """Truth drawn as honest logits say, and what a network says that is too sure of contact."""
    generator = torch.Generator().manual_seed(0)
    honest = torch.randn((num, 10), generator=generator) - 1
    contact = torch.rand(honest.shape, generator=generator) < honest.sigmoid()
    touch = torch.randn(num, generator=generator)
    return Answers(
        vertices=scale * honest + shift,
        touch=touch,
        contact=contact,
        valid=torch.rand(honest.shape, generator=generator) < 0.9,
    )


def test_scores_by_hand():
    answers = Answers(
        vertices=torch.tensor([[0.0, 2.0, -2.0], [0.0, 2.0, 9.0]]),
        touch=None,
        contact=torch.tensor([[True, True, False], [False, False, False]]),
        valid=torch.tensor([[True, True, True], [True, True, False]]),
    )
    scores = score_calibration(dataclasses.replace(META, threshold=0.6), answers)
    assert (scores.precision, scores.recall) == (0.5, 0.5)
    assert scores.f1 == 0.5
    half, sure = 0.6931472, 0.1269280  # -log sigmoid of 0 and of 2
    assert scores.log_loss == pytest.approx((2 * half + 2 * sure + (sure + 2)) / 5, abs=1e-6)


def test_calibration_helps_on_the_other_half():
    answers = draw()
    before = score_calibration(META, answers)
    after = cross_score_calibration(META, answers)
    assert after.calibration_error < 0.03 < 0.2 < before.calibration_error
    assert after.log_loss < before.log_loss
    # One temperature and one bias keep the order, up to the two halves' small difference.
    assert after.average_precision == pytest.approx(before.average_precision, abs=0.01)


def test_the_halves_are_judged_by_each_other():
    """Biases fitted to noise alone help where they were fitted, and nowhere else."""
    generator = torch.Generator().manual_seed(1)
    contact = torch.rand((40, 200), generator=generator) < 0.3
    valid = torch.ones_like(contact)
    answers = Answers(vertices=torch.zeros(40, 200), touch=None, contact=contact, valid=valid)
    fitted = calibrate(META, answers, bias="vertex")
    own = score_calibration(fitted, answers)
    crossed = cross_score_calibration(META, answers, bias="vertex")
    assert own.average_precision > 0.35
    assert crossed.average_precision == pytest.approx(0.3, abs=0.02)


def test_a_precision_asked_for_is_kept_with_the_most_recall():
    answers = draw(4000)
    meta = calibrate(META, answers, precision=0.6)
    scores = score_calibration(meta, answers)
    assert scores.precision >= 0.6
    lower = score_calibration(dataclasses.replace(meta, threshold=meta.threshold - 1e-3), answers)
    assert lower.precision < 0.6
    assert cross_score_calibration(META, answers, precision=0.6).precision == pytest.approx(
        0.6, abs=0.03
    )


def test_a_precision_out_of_reach_says_the_best():
    silent = dataclasses.replace(draw(), vertices=torch.zeros(600, 10))
    with pytest.raises(ValueError, match="no threshold reaches precision 0"):
        calibrate(META, silent, precision=0.9)


def test_one_hand_is_too_few():
    with pytest.raises(ValueError, match="two hands"):
        cross_score_calibration(META, draw(1))
