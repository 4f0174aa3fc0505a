"""The bones of a hand: orders of joints and fingers, and where a point lies along a finger."""

import numpy as np
from jaxtyping import Float, Int

FINGERS = ("thumb", "index", "middle", "ring", "little")
PARENTS = (-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 0, 10, 11, 0, 13, 14)
"""The parent of each of the 16 joints: wrist, index, middle, little, ring, thumb (MANO's order)."""
FINGER_JOINTS = ((13, 14, 15), (1, 2, 3), (4, 5, 6), (10, 11, 12), (7, 8, 9))
"""The joints of each of `FINGERS`, base first."""
KEYPOINTS = (0, *(j for k, chain in enumerate(FINGER_JOINTS) for j in (*chain, 16 + k)))
"""Where the 21 keypoints (wrist, then each finger, base to tip) are among 16 joints and 5 tips."""


def palm_frame(joints: Float[np.ndarray, "16 3"]) -> Float[np.ndarray, "3 3"]:
    """Find the hand's axes as rows: x from the middle finger's base to the wrist, z to the thumb.

    In a right hand's rest pose y then points out of the back of the hand.
    """
    x = _unit(joints[0] - joints[FINGER_JOINTS[2][0]])
    across = joints[FINGER_JOINTS[1][0]] - joints[FINGER_JOINTS[4][0]]
    z = _unit(across - (across @ x) * x)
    return np.stack([x, np.cross(z, x), z])


def finger_lines(
    joints: Float[np.ndarray, "16 3"], tips: Float[np.ndarray, "5 3"]
) -> Float[np.ndarray, "5 4 3"]:
    """Give each finger's three joints and its tip, thumb first."""
    return np.concatenate([joints[np.array(FINGER_JOINTS)], tips[:, None]], axis=1)


def finger_of_vertices(
    lbs_weights: Float[np.ndarray, "vertices 16"],
) -> Int[np.ndarray, " vertices"]:
    """Say which finger moves each vertex most, 0 thumb to 4 little; -1 for the palm."""
    finger_of_joint = np.full(16, -1)
    for finger, chain in enumerate(FINGER_JOINTS):
        finger_of_joint[list(chain)] = finger
    return finger_of_joint[lbs_weights.argmax(axis=1)]


def place_along(
    points: Float[np.ndarray, "points 3"], line: Float[np.ndarray, "4 3"]
) -> Float[np.ndarray, " points"]:
    """Tell where the place nearest to each point lies along a finger.

    Returns:
        0 at the base joint, 1 and 2 at the next ones, 3 at the tip; below 0 before the base.
    """
    bones = np.diff(line, axis=0)
    share = ((points[:, None] - line[:-1]) * bones).sum(axis=2) / (bones**2).sum(axis=1)
    inside = share.clip(0, 1)
    nearest = line[:-1] + inside[..., None] * bones
    bone = np.linalg.norm(points[:, None] - nearest, axis=2).argmin(axis=1)
    along = bone + np.take_along_axis(inside, bone[:, None], axis=1)[:, 0]
    return np.where(along == 0, np.minimum(share[:, 0], 0), along)


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector, axis=-1, keepdims=True)
