"""Errors along the skin: by hand on a line of vertices, and in any order."""

import math

import pytest
import torch

from haco.learning.geodesic import GeodesicErrors

LINE = (torch.arange(5.0)[:, None] - torch.arange(5.0)).abs() / 100  # a centimetre a step


def bits(*rows: str) -> torch.Tensor:
    return torch.tensor([[letter == "x" for letter in row] for row in rows])


def test_by_hand_on_a_line():
    errors = GeodesicErrors(LINE)
    # Said: 2 and 4; true: 0 and 2. Said to true 0, 20 mm; true to said 20, 0 mm.
    errors.update(bits("x.x.."), bits("..x.x"))
    scores = errors.compute()
    assert scores.predicted_to_true == pytest.approx(10)
    assert scores.true_to_predicted == pytest.approx(10)


def test_the_two_ways_differ():
    errors = GeodesicErrors(LINE)
    errors.update(bits("x...."), bits("xx..x"))
    scores = errors.compute()
    assert scores.predicted_to_true == pytest.approx((0 + 10 + 40) / 3, abs=1e-3)
    assert scores.true_to_predicted == 0


def test_hands_empty_on_one_side_are_left_out():
    errors = GeodesicErrors(LINE)
    errors.update(bits(".....", "x....", "x...."), bits("x....", ".....", ".x..."))
    scores = errors.compute()
    assert scores.num_hands == 1
    assert scores.predicted_to_true == pytest.approx(10)


def test_nothing_counted_is_nan():
    assert math.isnan(GeodesicErrors(LINE).compute().predicted_to_true)


def test_batches_change_nothing(rng):
    contact, predicted = (torch.from_numpy(rng.random((20, 5)) < 0.4) for _ in range(2))
    whole, parts = GeodesicErrors(LINE), GeodesicErrors(LINE)
    whole.update(contact, predicted)
    for row in reversed(range(20)):
        parts.update(contact[row : row + 1], predicted[row : row + 1])
    assert whole.compute() == parts.compute()
