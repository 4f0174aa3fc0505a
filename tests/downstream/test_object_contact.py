import numpy as np
import pytest

from haco.downstream.object_contact import object_contact

# A square of skin in the plane z = 0; the two corners at x = 1 touch.
SKIN = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
FACES = np.array([[0, 1, 2], [0, 2, 3]])
CONTACT = np.array([0.0, 1.0, 1.0, 0.0])


def test_a_point_gets_the_contact_of_the_skin_beside_it_less_the_way():
    points = np.array([[0.75, 0.5, 0.0], [0.75, 0.5, 0.005], [0.75, 0.5, -0.02], [2.0, 0, 0]])
    found = object_contact(points, SKIN, FACES, CONTACT, reach=0.01)
    assert found == pytest.approx([0.75, 0.375, 0.0, 0.0])


def test_skin_that_does_not_touch_marks_nothing():
    points = np.array([[0.5, 0.5, 0.0]])
    assert object_contact(points, SKIN, FACES, np.zeros(4)) == pytest.approx([0.0])
