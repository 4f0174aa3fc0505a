import dataclasses
import math

import numpy as np
import pytest

from apps.fake_networks import FakeNetworks, SeenHand, coordinate_picture, open_hand
from haco.apps.hand_networks import Joints
from haco.apps.hand_search import (
    Find,
    agree,
    distance,
    find_hands,
    keep_distinct,
    outline_box,
    window_from_keypoints,
    window_from_palm,
)

RIGHT_HAND = SeenHand(open_hand((70, 110), 60, 0.3, "right"), "right")
LEFT_HAND = SeenHand(open_hand((180, 90), 70, 2.6, "left"), "left")


def looks(keypoints: np.ndarray, presences=(0.9, 0.9, 0.9, 0.9), rights=(0.9, 0.9)) -> list[Joints]:
    sides = (0.5, 0.5, *rights)
    return [Joints(keypoints, *pair) for pair in zip(presences, sides, strict=True)]


def find(keypoints: np.ndarray, score: float = 0.9) -> Find:
    return Find(keypoints, score, 0.9)


def test_hands_at_any_angle_are_found_where_they_are_with_their_sides():
    finds = find_hands(coordinate_picture(), FakeNetworks([RIGHT_HAND, LEFT_HAND]))
    by_side = {found.side: found for found in finds}
    assert len(finds) == 2
    np.testing.assert_allclose(by_side["right"].keypoints, RIGHT_HAND.keypoints, atol=0.5)
    np.testing.assert_allclose(by_side["left"].keypoints, LEFT_HAND.keypoints, atol=0.5)


def test_a_hand_too_small_in_the_whole_picture_is_found_in_a_tile():
    small = SeenHand(open_hand((200, 60), 30, 0.0))
    assert len(find_hands(coordinate_picture(), FakeNetworks([small]))) == 1
    assert find_hands(coordinate_picture(), FakeNetworks([small]), fast=True) == []


def test_fast_search_looks_for_palms_once():
    networks = FakeNetworks([RIGHT_HAND])
    assert len(find_hands(coordinate_picture(), networks, fast=True)) == 1
    assert networks.palm_views == 1


def test_a_palm_seen_in_many_windows_is_one_hand():
    networks = FakeNetworks([RIGHT_HAND])
    assert len(find_hands(coordinate_picture(), networks)) == 1
    assert networks.palm_views > 10


def test_a_palm_that_is_no_hand_at_the_first_look_costs_one_look():
    networks = FakeNetworks([dataclasses.replace(RIGHT_HAND, presence=0.1)])
    assert find_hands(coordinate_picture(), networks, fast=True) == []
    assert networks.joint_views == 1


def test_a_hand_that_is_none_when_mirrored_is_dropped():
    doubtful = dataclasses.replace(RIGHT_HAND, presence_mirrored=0.5)
    assert find_hands(coordinate_picture(), FakeNetworks([doubtful])) == []


def test_a_picture_without_palms_gives_no_hands():
    assert find_hands(np.zeros((1, 1, 3), np.uint8), FakeNetworks([])) == []


def test_a_palm_pointing_up_gives_the_square_above_it():
    window = window_from_palm(np.array([50.0, 80.0]), 20.0, np.array([0.0, -7.0]))
    assert window.centre == pytest.approx((50.0, 70.0))
    assert window.side == pytest.approx(52.0)
    assert window.angle == pytest.approx(0.0)


def test_a_palm_pointing_right_gives_a_square_whose_up_is_right():
    window = window_from_palm(np.array([50.0, 80.0]), 20.0, np.array([3.0, 0.0]))
    assert window.centre == pytest.approx((60.0, 80.0))
    up = window.to_view(np.array([[60.0, 80.0], [70.0, 80.0]]), 100)
    np.testing.assert_allclose(up[1] - up[0], [0.0, -10.0 * 100 / 52], atol=1e-9)


def test_the_square_around_a_hand_turns_and_moves_with_it():
    upright = window_from_keypoints(open_hand((100, 200), 80, 0.0))
    turned = window_from_keypoints(open_hand((100, 200), 80, 0.7))
    shift = np.array(upright.centre) - (100, 200)
    turn = np.array([[math.cos(0.7), -math.sin(0.7)], [math.sin(0.7), math.cos(0.7)]])
    assert turned.side == pytest.approx(upright.side)
    assert turned.angle - upright.angle == pytest.approx(0.7)
    np.testing.assert_allclose(np.array(turned.centre) - (100, 200), turn @ shift, atol=1e-9)


def test_joints_all_in_one_place_still_give_a_square():
    assert window_from_keypoints(np.full((21, 2), 7.0)).side >= 1


def test_agreeing_looks_give_their_mean():
    hand = open_hand((50, 50), 40, 0.0)
    first = looks(hand, presences=(0.8, 0.9, 1.0, 0.9), rights=(0.9, 0.3))
    first[3] = dataclasses.replace(first[3], keypoints=hand + 2)
    found = agree(first)
    assert found is not None
    np.testing.assert_allclose(found.keypoints, hand + 1)
    assert found.score == pytest.approx(0.9)
    assert (found.right, found.side) == (pytest.approx(0.6), "right")


@pytest.mark.parametrize(
    "presences", [(0.5, 0.7, 0.9, 0.9), (1.0, 1.0, 1.0, 0.5), (1.0, 1.0, 0.5, 1.0)]
)
def test_doubting_looks_give_nothing(presences):
    assert agree(looks(open_hand((50, 50), 40, 0.0), presences)) is None


def test_looks_that_place_the_hand_apart_give_nothing():
    hand = open_hand((50, 50), 40, 0.0)
    seen = looks(hand, presences=(1.0, 1.0, 1.0, 1.0))
    seen[3] = dataclasses.replace(seen[3], keypoints=hand + 30)
    assert agree(seen) is None


def test_a_hand_of_a_few_pixels_is_none():
    hand = open_hand((50, 50), 40, 0.0)
    assert agree(looks(hand)) is not None
    assert agree(looks(hand * 0.4)) is None


def test_distance_is_over_the_larger_hands_size():
    hand = np.zeros((21, 2))
    hand[4], hand[20] = (-20, 0), (20, -100)
    assert distance(hand, hand + np.array([6, 8])) == pytest.approx(0.1)


def test_one_hand_found_twice_is_kept_once_by_the_surer():
    hand = open_hand((50, 90), 60, 0.0)
    kept = keep_distinct([find(hand, 0.85), find(hand + 3, 0.95)])
    assert [found.score for found in kept] == [0.95]


def test_a_small_hand_in_the_middle_of_a_large_one_is_a_piece_of_it():
    whole, piece = open_hand((50, 100), 90, 0.0), open_hand((50, 70), 25, 1.0)
    kept = keep_distinct([find(piece, 0.99), find(whole, 0.85)])
    assert [found.score for found in kept] == [0.85]


def test_neighbouring_hands_are_both_kept_the_surer_first():
    first, second = open_hand((50, 100), 60, 0.0), open_hand((85, 100), 60, 0.0)
    kept = keep_distinct([find(first, 0.85), find(second, 0.95)])
    assert [found.score for found in kept] == [0.95, 0.85]


def test_the_outline_reaches_a_tenth_past_the_joints():
    hand = np.full((21, 2), 30.0)
    hand[0], hand[12] = (20, 10), (59, 109)
    np.testing.assert_allclose(outline_box(hand), [10, 0, 70, 120])
