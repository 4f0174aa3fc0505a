import numpy as np
import pytest

from haco.downstream.slip import held_share

SIDES = np.array([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]]) * 0.03


def test_a_grip_from_four_sides_holds_whichever_way_is_down():
    assert held_share(SIDES, SIDES / 0.03, np.zeros(3)) == 1.0


def test_one_finger_holds_only_what_lies_on_it():
    # Normals point out of the object, so the finger presses up.
    below = np.array([[0.0, 0.0, -0.03]])
    assert held_share(below, np.array([[0.0, 0.0, -1.0]]), np.zeros(3)) == pytest.approx(1 / 6)


def test_without_friction_two_fingers_let_a_thing_slip_through():
    two = SIDES[:2]
    assert held_share(two, two / 0.03, np.zeros(3), friction=0.0) == pytest.approx(2 / 6)
    assert held_share(two, two / 0.03, np.zeros(3), friction=0.8) == 1.0


def test_the_harder_one_may_press_the_more_is_held():
    two = SIDES[:2]
    weak = held_share(two, two / 0.03, np.zeros(3), friction=0.2, max_force=3.0)
    strong = held_share(two, two / 0.03, np.zeros(3), friction=0.2, max_force=10.0)
    assert weak < strong == 1.0


def test_no_contact_holds_nothing():
    assert held_share(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(3)) == 0.0
