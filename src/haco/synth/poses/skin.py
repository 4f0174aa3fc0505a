"""Fast posing of the open hand in numpy: the label mesh, the render mesh with forearm, and joints.

`haco.hands.HandModel` is the hand that learns and fits; this is its twin for drawing, one hand at a
time and without torch. A test holds the two together.
"""

import dataclasses
import functools
from typing import NamedTuple, no_type_check

import numba
import numpy as np
from jaxtyping import Float

from haco.hands.open_hand import OpenHandArrays
from haco.synth.turns import turn_of

FINGERS = ("thumb", "index", "middle", "ring", "little")
FINGER_JOINTS = ((13, 14, 15), (1, 2, 3), (4, 5, 6), (10, 11, 12), (7, 8, 9))
"""The model's three joints of each of `FINGERS`, from the palm outwards."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ShapedHand:
    """A hand of one person at rest: betas applied, no pose yet; metres."""

    arrays: OpenHandArrays
    betas: Float[np.ndarray, "10"]
    vertices: Float[np.ndarray, "vertices 3"]
    joints: Float[np.ndarray, "16 3"]

    @functools.cached_property
    def render_vertices(self) -> Float[np.ndarray, "render_vertices 3"]:
        """The render mesh at rest, metres."""
        return self.arrays.render_template + self.arrays.render_shapedirs @ self.betas


class PosedHand(NamedTuple):
    """A hand in a pose, in its own frame (wrist near the origin, not turned); metres."""

    vertices: Float[np.ndarray, "vertices 3"]
    render_vertices: Float[np.ndarray, "render_vertices 3"]
    joints: Float[np.ndarray, "21 3"]
    """Wrist, then thumb, index, middle, ring and little from base to tip."""


def shape_hand(betas: Float[np.ndarray, "10"], *, hand: OpenHandArrays) -> ShapedHand:
    """Give the hand one person's proportions.

    Args:
        betas: Shape coefficients, one standard deviation each.
        hand: The open hand's arrays.
    """
    vertices = hand.template + hand.shapedirs @ betas
    return ShapedHand(
        arrays=hand,
        betas=betas,
        vertices=vertices,
        joints=hand.J_regressor @ vertices,
    )


def pose_shaped_hand(
    shaped: ShapedHand,
    hand_pose: Float[np.ndarray, "15 3"],
    wrist_bend: Float[np.ndarray, "3"],
) -> PosedHand:
    """Bend a shaped hand's joints.

    Args:
        shaped: The hand at rest.
        hand_pose: Axis-angle of joints 1..15, radians.
        wrist_bend: Axis-angle of the render mesh's forearm about the wrist, radians.
    """
    hand = shaped.arrays
    transforms = joint_transforms(shaped.joints, hand_pose, hand.parents)
    vertices, keypoints = _posed_label_mesh(shaped, transforms)
    forearm = np.zeros((1, 3, 4))
    forearm[0, :, :3] = turn_of(wrist_bend) - np.eye(3)
    forearm[0, :, 3] = -forearm[0, :, :3] @ shaped.joints[0]
    render_vertices = _moved(
        np.concatenate([transforms, forearm]), hand.render_weights, shaped.render_vertices
    )
    return PosedHand(vertices, render_vertices, keypoints)


def pose_label_mesh(
    shaped: ShapedHand, hand_pose: Float[np.ndarray, "15 3"]
) -> tuple[Float[np.ndarray, "vertices 3"], Float[np.ndarray, "21 3"]]:
    """Bend a shaped hand's joints where only label vertices and the 21 joints are wanted."""
    transforms = joint_transforms(shaped.joints, hand_pose, shaped.arrays.parents)
    return _posed_label_mesh(shaped, transforms)


def pose_open_hand(
    betas: Float[np.ndarray, "10"],
    hand_pose: Float[np.ndarray, "15 3"],
    wrist_bend: Float[np.ndarray, "3"],
    *,
    hand: OpenHandArrays,
) -> PosedHand:
    """Shape and pose the open hand; see `shape_hand` and `pose_shaped_hand`."""
    return pose_shaped_hand(shape_hand(betas, hand=hand), hand_pose, wrist_bend)


def joint_transforms(
    joints: Float[np.ndarray, "16 3"],
    hand_pose: Float[np.ndarray, "15 3"],
    parents: np.ndarray,
) -> Float[np.ndarray, "16 3 4"]:
    """Chain the joints' rotations into what each joint does to points of the resting hand.

    Returns:
        For each joint the matrix [R - I | t]: the motion, not the place, so that a hand in the
        zero pose comes back without a rounding error.
    """
    turns = np.zeros((16, 3, 3))
    shifts = np.zeros((16, 3))
    turns[0] = np.eye(3)
    for joint in range(1, 16):
        parent = parents[joint]
        turns[joint] = turns[parent] @ turn_of(hand_pose[joint - 1])
        shifts[joint] = shifts[parent] + (turns[parent] - turns[joint]) @ joints[joint]
    return np.concatenate([turns - np.eye(3), shifts[:, :, None]], axis=2)


def _posed_label_mesh(
    shaped: ShapedHand, transforms: Float[np.ndarray, "16 3 4"]
) -> tuple[Float[np.ndarray, "vertices 3"], Float[np.ndarray, "21 3"]]:
    hand = shaped.arrays
    joints = _moved(transforms, np.eye(16), shaped.joints)
    vertices = _moved(transforms, hand.lbs_weights, shaped.vertices)
    return vertices, _keypoints(joints, vertices[hand.tips])


@numba.njit(cache=True, error_model="numpy")
@no_type_check
def _moved(transforms, weights, points):
    """Linear blend skinning by motions [R - I | t], so that what rests stays exactly there."""
    moved = points.copy()
    for i in range(points.shape[0]):
        for j in range(transforms.shape[0]):
            weight = weights[i, j]
            if weight != 0.0:
                for k in range(3):
                    moved[i, k] += weight * (
                        transforms[j, k, 0] * points[i, 0]
                        + transforms[j, k, 1] * points[i, 1]
                        + transforms[j, k, 2] * points[i, 2]
                        + transforms[j, k, 3]
                    )
    return moved


def _keypoints(
    joints: Float[np.ndarray, "16 3"], tips: Float[np.ndarray, "5 3"]
) -> Float[np.ndarray, "21 3"]:
    fingers = [
        np.concatenate([joints[list(chain)], tip[None]])
        for chain, tip in zip(FINGER_JOINTS, tips, strict=True)
    ]
    return np.concatenate([joints[:1], *fingers])
