"""Axes and directions of the fingers, from the joints of the rest pose."""

import numpy as np

from open_hand.source import FINGERS, JOINT_FINGERS

PALM_DIRECTION = np.array([0.0, -1.0, 0.0])
TOWARDS_Z = 0.4


def finger_joints(finger: int) -> list[int]:
    """Return the three joints, base first, of a finger counted from the thumb."""
    first = 1 + 3 * JOINT_FINGERS.index(FINGERS[finger])
    return [first, first + 1, first + 2]


def finger_lines(joints: np.ndarray, tips: np.ndarray) -> np.ndarray:
    """Return (5, 4, 3): each finger's three joints and its tip, from the thumb on."""
    return np.stack([np.vstack([joints[finger_joints(k)], tips[k]]) for k in range(5)])


def flexion_axes(lines: np.ndarray) -> np.ndarray:
    """Return (5, 3) unit axes about which a positive turn bends a finger towards the palm."""
    bones = np.diff(lines, axis=1)
    axes = _unit(np.cross(bones[:, 0], bones[:, -1]))
    # Four fingers are nearly straight, so their bones alone would say it badly.
    axes[1:] = _unit((1 - TOWARDS_Z) * axes[1:] + TOWARDS_Z * np.array([0.0, 0.0, 1.0]))
    return axes


def palm_directions(lines: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """Return (16, 3): where the palm side of each joint's bone looks, in MANO's joint order."""
    directions = np.tile(PALM_DIRECTION, (16, 1))
    bones = np.diff(lines, axis=1)
    for finger in range(5):
        directions[finger_joints(finger)] = _unit(np.cross(axes[finger], bones[finger]))
    thumb_base = finger_joints(0)[
        0
    ]  # its bone lies in the palm, so half of it looks as the palm does
    directions[thumb_base] = _unit(directions[thumb_base] + PALM_DIRECTION)
    return directions


def abduction_axes(lines: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """Return (5, 3) axes at the finger bases; a positive turn swings towards the little finger."""
    return _unit(np.cross(axes, lines[:, 1] - lines[:, 0]))


def place_along(points: np.ndarray, line: np.ndarray) -> np.ndarray:
    """Tell where points lie along a finger: 0 at the base joint, 1, 2 at the next, 3 at the tip.

    Args:
        points: (N, 3)
        line: (4, 3) three joints and the tip.

    Returns:
        (N,) place of the nearest point of the polyline; points before the base go below 0.
    """
    bones = np.diff(line, axis=0)
    share = ((points[:, None] - line[:-1]) * bones).sum(axis=2) / (bones**2).sum(axis=1)
    lowest = np.array([-np.inf, 0.0, 0.0])
    share = np.clip(share, lowest, 1.0)
    nearest = line[:-1] + np.maximum(share, 0)[..., None] * bones
    bone = ((points[:, None] - nearest) ** 2).sum(axis=2).argmin(axis=1)
    return bone + share[np.arange(len(points)), bone]


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
