"""The dot plot: dots lie where their values are."""

import math

import numpy as np
import pytest

from haco.pictures.plots import _DOT, Panel, _scale, draw_dot_plot


def columns_of_dots(picture: np.ndarray) -> np.ndarray:
    blue = (np.abs(picture.astype(int) - _DOT).sum(axis=2) < 60).any(axis=0)
    return np.flatnonzero(blue)


def plot(*values: list[float]) -> np.ndarray:
    rows = [f"row {number}" for number in range(len(values))]
    return draw_dot_plot(rows, [Panel(title="F1", values=values)], heading="h", note="n")


def test_larger_values_lie_further_right():
    columns = columns_of_dots(plot([0.1], [0.9]))
    apart = np.flatnonzero(np.diff(columns) > 50)
    assert len(apart) == 1
    assert np.ptp(columns) > 120


def test_the_bar_is_at_the_mean_of_the_runs():
    wide, whole = plot([0.0, 1.0]), columns_of_dots(plot([0.0, 1.0]))
    middle = (whole.min() + whole.max()) / 2
    dark = (np.abs(wide.astype(int) - _DOT).sum(axis=2) < 60).sum(axis=0)
    between = np.flatnonzero(dark[whole.min() + 20 : whole.max() - 20]) + whole.min() + 20
    assert between.mean() == pytest.approx(middle, abs=1.5)


def test_unknown_values_are_left_out():
    assert len(columns_of_dots(plot([math.nan], [math.nan]))) == 0
    assert len(columns_of_dots(plot([math.nan, 0.5]))) > 0


@pytest.mark.parametrize(
    "values", [[0.0, 1.0], [0.31, 0.3301], [0.5], [0.0, 0.0], [-1.0, 250.0], [math.nan], []]
)
def test_scales_hold_all_values_between_few_round_ticks(values):
    low, high, ticks = _scale(values)
    known = [value for value in values if not math.isnan(value)]
    assert all(low - 1e-9 <= value <= high + 1e-9 for value in known)
    assert 2 <= len(ticks) <= 6
    assert (ticks[0][0], ticks[-1][0]) == pytest.approx((low, high))
    assert all(float(label) == pytest.approx(place, abs=1e-9) for place, label in ticks)
