import math

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from haco.learning.calibration import Calibration, fit_calibration
from haco.learning.histograms import expected_calibration_error, probability_histogram


def draw_hands(rng, *, num: int = 4000, vertices: int = 20, offset=0.0):
    """Draw honest logits, and truth that follows them."""
    honest = torch.from_numpy(rng.normal(offset - 1.0, 2.0, size=(num, vertices)))
    contact = torch.from_numpy(rng.random((num, vertices))) < honest.sigmoid()
    return honest, contact


def test_temperature_undoes_a_known_scale(rng):
    honest, contact = draw_hands(rng)
    found = fit_calibration((3 * honest).float(), contact, bias="none")
    assert found.temperature == pytest.approx(3, rel=0.03)
    assert found.bias is None


def test_shared_bias_undoes_a_known_shift_which_temperature_cannot(rng):
    honest, contact = draw_hands(rng)
    shifted = (2 * honest + 3).float()  # what class weights do
    found = fit_calibration(shifted, contact)
    assert found.temperature == pytest.approx(2, rel=0.03)
    assert found.bias is not None
    assert_close(found.bias, torch.full((20,), -1.5), atol=0.05, rtol=0)

    def error(calibration: Calibration) -> float:
        histogram = probability_histogram(contact, calibration.apply(shifted).sigmoid())
        return expected_calibration_error(histogram)

    assert error(found) < 0.01
    assert error(fit_calibration(shifted, contact, bias="none")) > 0.05


def test_vertex_bias_finds_each_shift(rng):
    honest, contact = draw_hands(rng)
    shifts = torch.linspace(-2, 2, 20)
    found = fit_calibration((honest + shifts).float(), contact, bias="vertex")
    assert found.bias is not None
    assert_close(found.bias, -shifts, atol=0.2, rtol=0)


def test_a_vertex_without_answers_has_the_shared_bias(rng):
    honest, contact = draw_hands(rng)
    valid = torch.ones_like(contact)
    valid[:, 0] = False
    found = fit_calibration((honest + 1).float(), contact, valid=valid, bias="vertex")
    assert found.bias is not None
    assert found.bias[0].item() == pytest.approx(-1, abs=0.05)


def test_the_fit_is_a_minimum(rng):
    honest, contact = draw_hands(rng, num=300)
    logits = 1.7 * honest + 0.4
    found = fit_calibration(logits, contact)
    assert found.bias is not None

    def unlikelihood(temperature: float, bias: float) -> float:
        cooled = logits / temperature + bias
        loss = torch.nn.functional.binary_cross_entropy_with_logits(cooled, contact.double())
        return loss.item()

    bias = found.bias[0].item()
    least = unlikelihood(found.temperature, bias)
    for factor, shift in ((1.01, 0), (0.99, 0), (1, 0.02), (1, -0.02)):
        assert unlikelihood(found.temperature * factor, bias + shift) > least


def test_invalid_answers_do_not_count(rng):
    honest, contact = draw_hands(rng, num=500)
    valid = torch.from_numpy(rng.random(contact.shape) < 0.7)
    lies = contact ^ ~valid
    first = fit_calibration(honest.float(), contact, valid=valid)
    second = fit_calibration(honest.float(), lies, valid=valid)
    assert first.temperature == pytest.approx(second.temperature, rel=1e-6)


def test_apply_by_hand():
    calibration = Calibration(temperature=2.0, bias=torch.tensor([0.5, -0.5]))
    assert calibration.apply(torch.tensor([[1.0, 4.0]])).tolist() == [[1.0, 1.5]]


def test_perfectly_parted_answers_stay_finite():
    logits = torch.tensor([[4.0, -4.0], [3.0, -3.0]])
    found = fit_calibration(logits, logits > 0)
    assert found.temperature > 0
    assert math.isfinite(found.temperature)


def test_no_known_label_is_refused():
    nothing = torch.zeros(2, 3, dtype=torch.bool)
    with pytest.raises(ValueError, match="at least one known label"):
        fit_calibration(torch.from_numpy(np.zeros((2, 3))), nothing, valid=nothing)
