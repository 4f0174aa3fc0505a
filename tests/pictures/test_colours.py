import numpy as np

from haco.pictures.colours import draw_legend, probability_colours


def test_more_touch_is_always_darker():
    colours = probability_colours(np.linspace(0, 1, 101))
    lightness = colours @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) < 0).all()


def test_values_outside_are_clipped():
    colours = probability_colours(np.array([-1.0, 0.0, 1.0, 2.0]))
    np.testing.assert_array_equal(colours[0], colours[1])
    np.testing.assert_array_equal(colours[2], colours[3])


def test_legend_marks_the_threshold():
    low, high = draw_legend(400, threshold=0.2), draw_legend(400, threshold=0.8)
    ticks = [np.flatnonzero((legend[31:33] == 0).all(axis=(0, 2))) for legend in (low, high)]
    assert [round(float(tick.mean())) for tick in ticks] == [92, 308]
