import numpy as np
import pytest

from haco.hands import load_hand
from haco.pictures.hands import draw_hand


@pytest.fixture(scope="module")
def hand():
    return load_hand("open")


def reddest(picture):
    """Mean place (x, y) of the coloured pixels, as shares of the picture."""
    colour = picture.astype(int)
    y, x = np.nonzero(colour[..., 0] - colour[..., 2] > 30)
    return x.mean() / picture.shape[1], y.mean() / picture.shape[0]


def touching(hand, part):
    return hand.parts[part].numpy().astype(np.float32)


def test_fingertips_are_at_the_top_and_the_wrist_below(hand):
    tip = reddest(draw_hand(hand, touching(hand, "middle_tip_palmar"), side="right", view="palm"))
    wrist = reddest(draw_hand(hand, touching(hand, "wrist"), side="right", view="palm"))
    assert tip[1] < 0.3
    assert wrist[1] > 0.8


def test_a_right_palm_has_its_thumb_on_the_right_and_its_back_on_the_left(hand):
    thumb = touching(hand, "thumb_tip_palmar") + touching(hand, "thumb_tip_dorsal")
    palm = reddest(draw_hand(hand, thumb, side="right", view="palm"))
    back = reddest(draw_hand(hand, thumb, side="right", view="back"))
    assert palm[0] > 0.7
    assert back[0] < 0.3


def test_a_left_hand_is_the_mirror_image(hand, rng):
    values = rng.random(778).astype(np.float32)
    right = draw_hand(hand, values, side="right", view="palm")
    left = draw_hand(hand, values, side="left", view="palm")
    np.testing.assert_array_equal(left, right[:, ::-1])


def test_contact_of_the_palm_is_hidden_from_the_back(hand):
    palm = touching(hand, "palm_centre")
    seen = draw_hand(hand, palm, side="right", view="palm")
    hidden = draw_hand(hand, palm, side="right", view="back")
    untouched = draw_hand(hand, np.zeros(778, np.float32), side="right", view="back")
    assert (seen != draw_hand(hand, 0 * palm, side="right", view="palm")).any()
    np.testing.assert_array_equal(hidden, untouched)
