import numpy as np
import pytest

from apps.hands import detected
from haco.apps.predictor import ContactPredictor
from haco.files import InputError

BOX = (60, 40, 150, 160)


@pytest.fixture
def image(rng):
    return rng.integers(0, 255, (240, 320, 3), np.uint8)


def test_a_box_gives_one_hand_and_no_box_gives_a_list(make_predictor, image):
    predictor = make_predictor(detected(BOX, "right"), detected((200, 50, 300, 150), "left"))
    one = predictor(image, box=BOX, side="right")
    both = predictor(image)
    assert one.probability.shape == (778,)
    assert [hand.side for hand in both] == ["right", "left"]
    np.testing.assert_allclose(one.probability, both[0].probability, atol=1e-4)


def test_a_mirrored_picture_of_the_other_hand_gives_the_same_answer(make_predictor, image):
    predictor = make_predictor()
    x1, y1, x2, y2 = BOX
    right = predictor(image, box=BOX, side="right")
    mirrored = np.ascontiguousarray(image[:, ::-1])
    left = predictor(mirrored, box=(320 - x2, y1, 320 - x1, y2), side="left")
    np.testing.assert_allclose(left.probability, right.probability, atol=1e-4)
    assert left.touch == pytest.approx(right.touch, abs=1e-4)
    np.testing.assert_allclose(left.vertices, right.vertices * [-1, 1, 1], atol=1e-7)


def test_the_other_side_gives_another_answer(make_predictor, image):
    predictor = make_predictor()
    right = predictor(image, box=BOX, side="right")
    left = predictor(image, box=BOX, side="left")
    assert np.abs(left.probability - right.probability).max() > 1e-3


def test_no_hand_is_an_empty_list(make_predictor):
    dark = np.zeros((50, 50, 3), np.uint8)
    assert make_predictor(detected(BOX, "right"))(dark) == []


def test_a_side_without_a_box_keeps_only_that_side(make_predictor, image):
    predictor = make_predictor(detected(BOX, "right"), detected((200, 50, 300, 150), "left"))
    assert [hand.side for hand in predictor(image, side="left")] == ["left"]


def test_parts_give_the_highest_probability_among_their_vertices(make_predictor, image):
    predictor = make_predictor()
    hand = predictor(image, box=BOX, side="right")
    where = predictor.hands["right"].parts["index_tip_palmar"].numpy()
    assert hand.parts["index_tip_palmar"] == pytest.approx(hand.probability[where].max())
    assert max(hand.parts.values()) == pytest.approx(hand.probability.max())


@pytest.mark.parametrize(
    ("box", "side", "says"),
    [
        ((400, 10, 500, 90), "right", "outside"),
        ((60, 40, 60, 160), "right", "empty|area"),
        ((60, 40, float("nan"), 160), "right", "four numbers"),
        ((1, 2, 3), "right", "four numbers"),
        (BOX, "up", "unknown"),
    ],
)
def test_bad_boxes_and_sides_are_refused_in_one_line(make_predictor, image, box, side, says):
    with pytest.raises(InputError, match=says) as caught:
        make_predictor()(image, box=box, side=side)
    assert "\n" not in str(caught.value)


def test_a_device_that_is_not_there_is_named():
    with pytest.raises(InputError, match="try cpu"):
        ContactPredictor.load("tiny", "nonsense")
