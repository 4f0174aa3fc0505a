"""Interlaced fingers: they alternate, they touch on both hands, and none runs through another."""

import numpy as np
import pytest

from haco.geometry.proximity import signed_distance
from haco.hands.open_hand import open_hand_arrays
from haco.synth.poses.capsules import capsules_apart
from haco.synth.poses.interlaced import _overlap, interlaced
from haco.synth.poses.pairs import label_mesh
from haco.synth.poses.postures import LOWER, MAX_ABDUCTION, UPPER
from haco.synth.poses.skin import FINGER_JOINTS, shape_hand


@pytest.fixture(scope="module")
def shaped():
    return shape_hand(np.zeros(10), hand=open_hand_arrays())


@pytest.fixture(scope="module")
def touches(shaped):
    drawn = [interlaced(shaped, np.random.default_rng([6, seed])) for seed in range(5)]
    return [touch for touch in drawn if touch is not None]


def middles(vertices):
    """Centres of the middle segments of index, middle, ring and little."""
    weights = open_hand_arrays().lbs_weights
    return np.array(
        [vertices[weights[:, chain[1]] > 0.6].mean(axis=0) for chain in FINGER_JOINTS[1:]]
    )


def test_fingers_of_the_two_hands_alternate(touches, shaped):
    assert len(touches) >= 3
    changes = []
    for touch in touches:
        own, theirs = middles(label_mesh(shaped, touch.posture)), middles(touch.other_hand.vertices)
        across = np.concatenate([own, theirs])[:, 2]
        owners = (np.argsort(across) >= 4).astype(int)
        changes.append(np.count_nonzero(np.diff(owners)))
    assert min(changes) >= 5  # of seven steps across; 7 before the fingers bend
    assert np.mean(changes) > 5.5


def test_no_finger_runs_through_the_other_hand(touches, shaped):
    faces = open_hand_arrays().closed_faces
    deepest, shares = [], []
    for touch in touches:
        distance = signed_distance(
            label_mesh(shaped, touch.posture), touch.other_hand.vertices, faces[:, ::-1]
        )
        deepest.append(distance.min())
        shares.append((distance < 0.005).mean())
    assert np.median(deepest) > -0.005  # those that are deeper are drawn again
    assert min(deepest) > -0.012
    assert np.mean(shares) > 0.04


def test_spread_fingers_stay_within_their_limits(touches):
    for touch in touches:
        assert (np.abs(touch.posture.abduction) <= MAX_ABDUCTION + 1e-9).all()
        assert (touch.posture.flexion >= LOWER - 1e-9).all()
        assert (touch.posture.flexion <= UPPER + 1e-9).all()


def test_overlaps_are_added_up_right():
    one = np.array([[0, 0, 0, 1, 0, 0, 0.1]])
    crossing = np.array([[0.5, 0.198, -1, 0.5, 0.198, 1, 0.1], [5, 5, 5, 6, 5, 5, 0.1]])
    np.testing.assert_allclose(capsules_apart(one[0], crossing[0]), -0.002)
    total, deepest = _overlap(one, crossing, 0.001)
    np.testing.assert_allclose([total, deepest], [1.0, 0.002])
