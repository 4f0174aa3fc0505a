"""Laws of the drawn interactions: exact distances, no contact where none is, limits, same bytes."""

import dataclasses

import numpy as np
import pytest

from haco.geometry.contact import contact_from_distance
from haco.geometry.proximity import closest_point, signed_distance
from haco.hands.open_hand import open_hand_arrays
from haco.synth.objects.shapes import Shape, draw_shape
from haco.synth.objects.solids import ellipsoid
from haco.synth.picture_sets import PICTURE_SETS
from haco.synth.poses.arms import arm
from haco.synth.poses.capsules import capsules_apart, self_overlap
from haco.synth.poses.fitting import brought_near, placed
from haco.synth.poses.grasps import INTERACTION_SHARES, UNTOUCHED, draw_interaction, draw_kind
from haco.synth.poses.interaction import FAR
from haco.synth.poses.laid import NEAR_GAPS
from haco.synth.poses.postures import LOWER, UPPER
from haco.synth.poses.skin import FINGER_JOINTS, pose_open_hand, shape_hand
from haco.synth.poses.targets import target_distance, target_of_objects, target_of_surface

KINDS = list(INTERACTION_SHARES)
TOUCHING = [kind for kind in KINDS if kind not in UNTOUCHED]


@pytest.fixture(scope="module")
def drawn():
    """A few interactions of each kind, shared by the tests."""
    return {
        kind: [draw_interaction(kind, np.random.default_rng([5, i])) for i in range(6)]
        for kind in KINDS
    }


@pytest.mark.parametrize("kind", KINDS)
def test_meshes_are_the_pose_that_is_told(kind, drawn):
    for one in drawn[kind]:
        posed = pose_open_hand(one.betas, one.hand_pose, one.wrist_bend, hand=open_hand_arrays())
        np.testing.assert_array_equal(one.vertices, posed.vertices)
        np.testing.assert_array_equal(one.render_vertices, posed.render_vertices)
        np.testing.assert_array_equal(one.joints, posed.joints)
        assert one.distance.dtype == np.float32


@pytest.mark.parametrize("kind", KINDS)
def test_distances_agree_with_dense_meshes(kind, drawn):
    hand = open_hand_arrays()
    for one in drawn[kind]:
        meshes = [thing.mesh() for thing in one.objects]
        if one.other_hand is not None and one.other_hand.wrist_held:
            meshes.append((arm().prolong(one.other_hand.render_vertices), arm().faces))
        elif one.other_hand is not None:
            meshes.append((one.other_hand.vertices, hand.closed_faces))
        if not meshes:
            assert (one.distance == FAR).all()
            continue
        meshed = np.min(
            [closest_point(one.vertices, vertices, faces).distance for vertices, faces in meshes],
            axis=0,
        )
        outside = one.distance > 0.0005
        assert np.abs(meshed - one.distance)[outside].max() < 0.0015  # flat facets of round things
        assert np.abs(meshed - one.distance)[outside].mean() < 0.0006


@pytest.mark.parametrize("kind", TOUCHING)
def test_touching_kinds_mostly_touch_and_never_run_deep(kind, drawn):
    touching = [(one.distance < one.threshold).any() for one in drawn[kind]]
    assert np.mean(touching) >= 0.8
    assert min(one.distance.min() for one in drawn[kind]) > -0.00501


def test_near_misses_have_no_contact_but_are_near(drawn):
    for one in drawn["near"]:
        assert NEAR_GAPS[0] - 0.001 < one.distance.min() < NEAR_GAPS[1] + 0.02
        assert not contact_from_distance(one.distance, one.threshold).any()
        assert one.objects or one.other_hand is not None


@pytest.mark.parametrize("kind", ["free", "gesture", "self"])
def test_free_hands_have_no_target(kind, drawn):
    for one in drawn[kind]:
        assert one.objects == ()
        assert one.other_hand is None
        assert not contact_from_distance(one.distance, 0.035).any()


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_gives_the_same_bytes(kind, drawn):
    def contents(one):
        objects = [(thing.T_hand_object, thing.mesh()[0], thing.role) for thing in one.objects]
        arrays = [one.betas, one.hand_pose, one.wrist_bend, one.distance, one.render_vertices]
        other = [] if one.other_hand is None else [one.other_hand.render_vertices]
        return [array.tobytes() for array in (*arrays, *other)] + [
            (T.tobytes(), vertices.tobytes(), role) for T, vertices, role in objects
        ]

    again = draw_interaction(kind, np.random.default_rng([5, 0]))
    assert contents(again) == contents(drawn[kind][0])
    assert contents(again) != contents(drawn[kind][1])


@pytest.mark.parametrize("kind", KINDS)
def test_joints_stay_within_their_limits(kind, drawn):
    hand = open_hand_arrays()
    for one in drawn[kind]:
        for finger, joints in enumerate(FINGER_JOINTS):
            for k, joint in enumerate(joints[1:], start=1):
                axis = hand.flexion_axes[joint - 1]
                angle = one.hand_pose[joint - 1] @ axis
                assert LOWER[finger, k] - 1e-5 <= angle <= UPPER[finger, k] + 1e-5
                np.testing.assert_allclose(one.hand_pose[joint - 1], angle * axis, atol=1e-5)
            assert np.linalg.norm(one.hand_pose[joints[0] - 1]) < 2.0


@pytest.mark.parametrize("kind", KINDS)
def test_fingers_do_not_cross(kind, drawn):
    for one in drawn[kind]:
        shaped = shape_hand(one.betas, hand=open_hand_arrays())
        assert self_overlap(shaped, one.joints) <= 0.004


def test_thumb_and_a_finger_touch_in_a_pinch(drawn):
    weights = open_hand_arrays().lbs_weights
    both = []
    for one in drawn["pinch"]:
        contact = one.distance < one.threshold
        thumb, *fingers = (contact[weights[:, list(c)].sum(1) > 0.5].any() for c in FINGER_JOINTS)
        both.append(thumb and any(fingers))
    assert np.mean(both) >= 0.8


def test_two_hands_are_a_left_and_a_right_or_two_rights(drawn):
    hand = open_hand_arrays()
    for one in drawn["hands"]:
        other = one.other_hand
        faces = hand.closed_faces[:, ::-1] if other.mirrored else hand.closed_faces
        a, b, c = (other.vertices[faces[:, i]] for i in range(3))
        assert np.einsum("ij,ij->", a, np.cross(b, c)) / 6 > 1e-4  # wound outwards: > 100 ml
        assert signed_distance(one.vertices, other.vertices, faces).min() == pytest.approx(
            one.distance.min(), abs=1e-6
        )
        assert one.threshold == 0.005


def test_the_share_of_touching_vertices_is_sane(drawn):
    share = {kind: np.mean([one.distance < one.threshold for one in drawn[kind]]) for kind in KINDS}
    assert 0.10 < share["power"] < 0.30
    assert 0.04 < share["pinch"] < 0.18
    assert all(share[kind] == 0 for kind in UNTOUCHED)
    assert 0.01 < share["clasp"] < 0.3
    assert 0.05 < sum(INTERACTION_SHARES[kind] * share[kind] for kind in KINDS) < 0.13


@pytest.mark.slow
def test_the_share_of_touching_vertices_over_many_hands_is_as_measured():
    rng = np.random.default_rng(3)
    kinds = PICTURE_SETS["full"].shares
    shares = []
    for kind in rng.choice(list(kinds), size=300, p=list(kinds.values())):
        one = draw_interaction(kind, rng)
        shares.append((one.distance < one.threshold).mean())
    assert 0.07 < np.mean(shares) < 0.115
    assert 0.2 < np.mean(np.array(shares) == 0) < 0.35


def test_interaction_shares_sum_to_one(rng):
    np.testing.assert_allclose(sum(INTERACTION_SHARES.values()), 1)
    drawn = [draw_kind(rng) for _ in range(2000)]
    for kind, share in INTERACTION_SHARES.items():
        assert abs(drawn.count(kind) / 2000 - share) < 0.04


def test_a_thing_brought_near_stops_at_the_gap_on_the_near_side():
    ball = placed(Shape("ball", (ellipsoid(0.02, 0.02, 0.02),)), np.eye(3), np.zeros(3), "object")
    points = np.array([[0.0, 0.0, 0.0], [0.0, 0.01, 0.0]])
    stopped = brought_near(ball, np.array([0.0, 1.0, 0.0]), points, 0.005)
    np.testing.assert_allclose(stopped.T_hand_object[:3, 3], [0, -0.025, 0], atol=3e-4)
    aside = points + np.array([0.5, 0, 0])
    assert brought_near(ball, np.array([0.0, 1.0, 0.0]), aside, 0.005) is None


def test_target_distance_is_that_of_the_objects_and_of_the_points(rng):
    things = [
        placed(draw_shape(kind, 0.02, rng), np.eye(3), rng.normal(0, 0.05, 3), "object")
        for kind in ("mug", "box")
    ]
    points = rng.normal(0, 0.08, (30, 3))
    expected = np.minimum(*(thing.distance(points) for thing in things))
    target = target_of_objects(things)
    np.testing.assert_allclose([target_distance(*point, target) for point in points], expected)

    x, z = (axis.ravel() for axis in np.meshgrid(*[np.linspace(-0.1, 0.1, 41)] * 2))
    plane = np.stack([x, np.zeros_like(x), z], axis=1)
    clusters = rng.integers(0, 7, len(plane))
    cloud = target_of_surface(plane, np.tile([0.0, 1.0, 0.0], (len(plane), 1)), clusters)
    inner = rng.uniform(-0.05, 0.05, (30, 3))
    found = [target_distance(*point, cloud) for point in inner]
    np.testing.assert_allclose(found, inner[:, 1], atol=1e-9)


def test_capsules_apart_is_right_by_hand():
    one = np.array([0, 0, 0, 1, 0, 0, 0.1])
    across = np.array([0.5, 1, -1, 0.5, 1, 1, 0.2])
    beyond = np.array([2, 0, 0, 3, 0, 0, 0.3])
    np.testing.assert_allclose(capsules_apart(one, across), 0.7)
    np.testing.assert_allclose(capsules_apart(one, beyond), 0.6)
    np.testing.assert_allclose(capsules_apart(one, one), -0.2)


def test_records_cannot_be_changed(drawn):
    with pytest.raises(dataclasses.FrozenInstanceError):
        drawn["free"][0].kind = "power"
