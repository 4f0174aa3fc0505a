"""Fast posing of the open hand against the hand model, and the laws of both meshes."""

import numpy as np
import pytest
import torch

from haco.hands.open_hand import open_hand, open_hand_arrays
from haco.synth.poses.closing import _joint_frames, finger_skin
from haco.synth.poses.postures import LOWER, UPPER, draw_posture, hand_pose_of
from haco.synth.poses.skin import FINGER_JOINTS, pose_label_mesh, pose_open_hand, shape_hand
from haco.synth.turns import axis_angle_of, random_turn, rigid_inverse, turn_carrying, turn_of


@pytest.fixture
def arrays():
    return open_hand_arrays()


def draw(rng):
    return rng.normal(size=10), rng.normal(0, 0.5, (15, 3)), rng.normal(0, 0.3, 3)


def test_fast_skin_agrees_with_the_hand_model(arrays, rng):
    model = open_hand().to(dtype=torch.float64)
    for _ in range(3):
        betas, hand_pose, bend = draw(rng)
        posed = pose_open_hand(betas, hand_pose, bend, hand=arrays)
        zeros = torch.zeros(3, dtype=torch.float64)
        slow = model(torch.tensor(betas), zeros, torch.tensor(hand_pose), zeros)
        np.testing.assert_allclose(posed.vertices, slow.vertices.numpy(), atol=1e-7)
        np.testing.assert_allclose(posed.joints, slow.joints.numpy(), atol=1e-7)


def test_rest_is_the_template(arrays):
    posed = pose_open_hand(np.zeros(10), np.zeros((15, 3)), np.zeros(3), hand=arrays)
    np.testing.assert_array_equal(posed.vertices, arrays.template)
    np.testing.assert_array_equal(posed.render_vertices, arrays.render_template)


def test_label_vertices_lie_on_the_render_mesh_in_every_pose(arrays, rng):
    betas, hand_pose, _ = draw(rng)
    posed = pose_open_hand(betas, hand_pose, np.zeros(3), hand=arrays)
    own = posed.render_vertices[arrays.label_to_render]
    np.testing.assert_allclose(own, posed.vertices, atol=1e-9)


def test_wrist_bend_moves_the_forearm_only(arrays, rng):
    betas, hand_pose, bend = draw(rng)
    straight = pose_open_hand(betas, hand_pose, np.zeros(3), hand=arrays)
    bent = pose_open_hand(betas, hand_pose, bend, hand=arrays)
    np.testing.assert_array_equal(bent.vertices, straight.vertices)
    moved = bent.render_vertices - straight.render_vertices
    assert (moved[arrays.render_weights[:, 16] == 0] == 0).all()
    rigid = arrays.render_weights[:, 16] == 1
    assert rigid.sum() > 50
    wrist = straight.joints[0]
    turned = (straight.render_vertices[rigid] - wrist) @ turn_of(bend).T + wrist
    np.testing.assert_allclose(bent.render_vertices[rigid], turned, atol=1e-9)


def test_label_mesh_alone_is_the_same(arrays, rng):
    betas, hand_pose, bend = draw(rng)
    vertices, joints = pose_label_mesh(shape_hand(betas, hand=arrays), hand_pose)
    posed = pose_open_hand(betas, hand_pose, bend, hand=arrays)
    np.testing.assert_array_equal(vertices, posed.vertices)
    np.testing.assert_array_equal(joints, posed.joints)


@pytest.mark.parametrize("finger", range(5))
def test_one_finger_alone_lands_where_the_whole_hand_puts_it(finger, arrays, rng):
    shaped = shape_hand(rng.normal(size=10), hand=arrays)
    posture = draw_posture("random", rng)
    vertices, joints = pose_label_mesh(shaped, hand_pose_of(posture, arrays))
    skin = finger_skin(shaped, posture, finger)
    turns, shifts = _joint_frames(skin, posture.flexion[finger])
    moved = np.einsum("kij,nj->nki", turns, skin.vertices) + shifts
    rest = 1 - skin.weights.sum(axis=1)
    alone = np.einsum("nk,nki->ni", skin.weights, moved) + rest[:, None] * skin.vertices
    own = arrays.lbs_weights[:, np.array(FINGER_JOINTS[finger])].sum(axis=1)
    whole = vertices[own > 0.3]
    pure = np.isclose(
        own + arrays.lbs_weights[:, 0], 1
    )  # elsewhere a neighbour pulls at the web too
    np.testing.assert_allclose(alone[pure[own > 0.3]], whole[pure[own > 0.3]], atol=1e-7)
    assert pure[own > 0.3].mean() > 0.7
    tip = joints[4 * finger + 4]
    assert np.linalg.norm(alone - tip, axis=1).min() < 1e-7


def test_positive_flexion_closes_the_fingers(arrays):
    posture = draw_posture("open", np.random.default_rng(0))
    shaped = shape_hand(np.zeros(10), hand=arrays)
    flexed = type(posture)(
        flexion=np.where(np.arange(5)[:, None] > 0, UPPER * 0.8, 0.0),
        abduction=np.zeros(5),
        opposition=0.0,
    )
    palm = shaped.joints[4] * 0.6 - [0, 0.02, 0]
    tips = [pose_label_mesh(shaped, hand_pose_of(p, arrays))[1][8::4] for p in (posture, flexed)]
    open_way, closed_way = (np.linalg.norm(tip - palm, axis=1) for tip in tips)
    assert (closed_way < 0.6 * open_way).all()


@pytest.mark.parametrize("style", ["open", "fist", "random", "pinching"])
def test_postures_keep_the_joint_limits(style, arrays, rng):
    for _ in range(20):
        posture = draw_posture(style, rng)
        assert (posture.flexion >= LOWER).all()
        assert (posture.flexion <= UPPER).all()
        pose = hand_pose_of(posture, arrays)
        for finger, joints in enumerate(FINGER_JOINTS):
            for k, joint in enumerate(joints[1:], start=1):  # these are hinges
                axis = arrays.flexion_axes[joint - 1]
                np.testing.assert_allclose(
                    pose[joint - 1], posture.flexion[finger, k] * axis, rtol=1e-5
                )


def test_turns_are_rotations_and_come_back(rng):
    for _ in range(20):
        axis_angle = rng.normal(0, 0.8, 3)
        turn = turn_of(axis_angle)
        np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
        np.testing.assert_allclose(np.linalg.det(turn), 1)
        np.testing.assert_allclose(turn @ axis_angle, axis_angle, atol=1e-12)
        if np.linalg.norm(axis_angle) < 3:
            np.testing.assert_allclose(axis_angle_of(turn), axis_angle, atol=1e-9)
    np.testing.assert_array_equal(axis_angle_of(turn_of(np.zeros(3))), 0)
    quarter = turn_of(np.array([0, 0, np.pi / 2]))
    np.testing.assert_allclose(quarter @ [1, 0, 0], [0, 1, 0], atol=1e-12)


def test_drawn_turns_do_what_they_say(rng):
    turn = random_turn(rng)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
    source, goal = np.array([0.6, 0.8, 0.0]), np.array([0.0, 0.0, -1.0])
    np.testing.assert_allclose(turn_carrying(source, goal, rng) @ source, goal, atol=1e-12)
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = turn, rng.normal(size=3)
    np.testing.assert_allclose(T @ rigid_inverse(T), np.eye(4), atol=1e-12)
