"""Detail of skin as fine as a hair."""

import numpy as np

from haco.synth.looks.materials import draw_skin
from haco.synth.looks.skin_lines import LINES, hair_depth, palm_line_depth, wrinkle_depth


def test_a_line_of_the_palm_is_deepest_along_its_middle_and_ends_beside_it():
    middles = (LINES[:, :2] + LINES[:, 2:]) / 2
    on = [palm_line_depth(x, -0.01, z, LINES) for x, z in middles]
    assert np.mean(on) > 0.3  # they wander by a millimetre, so few run through the very middle
    beside = [palm_line_depth(x, -0.01, 0.1 + z, LINES) for x, z in middles]
    assert max(beside) == 0.0


def test_wrinkles_and_hairs_are_thin(rng):
    places = rng.uniform(-0.1, 0.1, (3000, 3))
    for depth in (wrinkle_depth, hair_depth):
        drawn = np.array([depth(*place) for place in places])
        assert drawn.min() == 0.0
        assert 0.5 < drawn.max() <= 1.0
        assert 0.02 < (drawn > 0.5).mean() < 1 / 3  # most skin lies between them


def test_only_fine_skin_has_lines():
    plain, fine = (
        draw_skin(np.random.default_rng(3), gloves=0.0, fine=fine) for fine in (False, True)
    )
    assert plain.material["lines"] == plain.material["hair"] == 0.0
    assert fine.material["lines"] > 0.1
    np.testing.assert_array_equal(plain.palm, fine.palm)
