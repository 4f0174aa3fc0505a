import json

import numpy as np

from haco.apps.detect import DetectedHand
from haco.apps.track import Tracker, decide_side


def hand(x: float, y: float = 100, side: str = "right", right: float | None = None) -> DetectedHand:
    box = np.array([x, y, x + 80, y + 100], np.float32)
    return DetectedHand(box=box, side=side, right=right, score=0.9)


def numbers(tracker: Tracker, index: int, *hands: DetectedHand) -> list[int]:
    return [track.number for track in tracker.update(index, hands)]


def test_hands_keep_their_numbers_whatever_order_they_come_in():
    tracker = Tracker(25.0)
    assert numbers(tracker, 0, hand(100, side="left"), hand(400)) == [1, 2]
    for index in range(1, 8):
        move = 15 * index
        found = numbers(tracker, index, hand(400 - move), hand(100 + move, side="left"))
        assert found == [2, 1]


def test_hands_that_cross_at_speed_keep_their_numbers():
    tracker = Tracker(25.0)
    for index in range(20):
        first = hand(100 + 30 * index, 100, side="left", right=0.5)
        second = hand(670 - 30 * index, 130, side="right", right=0.5)
        assert numbers(tracker, index, first, second) == [1, 2]


def test_a_hand_that_was_away_for_less_than_a_second_is_the_same_and_later_a_new_one():
    tracker = Tracker(25.0)
    assert numbers(tracker, 0, hand(100)) == [1]
    assert numbers(tracker, 24, hand(120)) == [1]
    assert numbers(tracker, 50, hand(120)) == [2]


def test_a_hand_far_away_is_another_one():
    tracker = Tracker(25.0)
    numbers(tracker, 0, hand(100))
    assert numbers(tracker, 1, hand(600)) == [2]


def test_side_is_settled_by_the_votes_and_stays():
    tracker = Tracker(25.0)
    for index, right in enumerate([0.4, 0.95, 0.97, 0.3]):
        (track,) = tracker.update(index, [hand(100, right=right)])
    assert decide_side(track) == "right"
    for index in range(4, 40):
        (track,) = tracker.update(index, [hand(100, right=0.01)])
    assert track.number == 1
    assert decide_side(track) == "right"


def test_a_state_kept_as_json_goes_on_alike():
    first, second = Tracker(25.0), Tracker(25.0)
    for index in range(5):
        first.update(index, [hand(100 + 9 * index), hand(400, side="left")])
    second.restore(json.loads(json.dumps(first.state())))
    for index in range(5, 9):
        hands = [hand(400, side="left"), hand(100 + 9 * index), hand(700)]
        assert numbers(first, index, *hands) == numbers(second, index, *hands) == [2, 1, 3]
