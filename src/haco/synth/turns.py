"""Rotations for posing: compiled, one at a time, much quicker than a general library."""

from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Float

_jit = numba.njit(cache=True, error_model="numpy")


@_jit
@no_type_check
def turn_about(axis, angle):
    """Matrix of a rotation by `angle` radians about a unit axis (Rodrigues)."""
    return _turn_about(axis[0], axis[1], axis[2], angle)


@_jit
@no_type_check
def _turn_about(x, y, z, angle):
    s, c = np.sin(angle), np.cos(angle)
    v = 1.0 - c
    turn = np.zeros((3, 3))
    turn[0, 0], turn[0, 1], turn[0, 2] = c + x * x * v, x * y * v - z * s, x * z * v + y * s
    turn[1, 0], turn[1, 1], turn[1, 2] = y * x * v + z * s, c + y * y * v, y * z * v - x * s
    turn[2, 0], turn[2, 1], turn[2, 2] = z * x * v - y * s, z * y * v + x * s, c + z * z * v
    return turn


@_jit
@no_type_check
def turn_of(axis_angle):
    """Matrix of an axis-angle vector, radians."""
    x, y, z = axis_angle[0], axis_angle[1], axis_angle[2]
    angle = np.sqrt(x * x + y * y + z * z)
    scale = 1.0 / max(angle, 1e-300)
    return _turn_about(scale * x, scale * y, scale * z, angle)


@_jit
@no_type_check
def axis_angle_of(turn):
    """Axis-angle vector, radians, of a rotation by clearly less than half a turn."""
    x, y, z = turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]
    twice_sine = np.sqrt(x * x + y * y + z * z)
    angle = np.arctan2(twice_sine, turn[0, 0] + turn[1, 1] + turn[2, 2] - 1.0)
    scale = angle / twice_sine if twice_sine > 1e-12 else 0.5
    axis_angle = np.zeros(3)
    axis_angle[0], axis_angle[1], axis_angle[2] = scale * x, scale * y, scale * z
    return axis_angle


@_jit
@no_type_check
def chained(one, other):
    """Product of two 3 x 3 matrices; plain loops, which compile sooner than a library's."""
    product = np.zeros((3, 3))
    for i in range(3):
        for j in range(3):
            for k in range(3):
                product[i, j] += one[i, k] * other[k, j]
    return product


def random_turn(rng: np.random.Generator) -> Float[np.ndarray, "3 3"]:
    """Draw a rotation, all alike likely."""
    quat_wxyz = rng.normal(size=4)
    w, x, y, z = quat_wxyz / np.linalg.norm(quat_wxyz)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def turn_carrying(
    source: Float[np.ndarray, "3"], goal: Float[np.ndarray, "3"], rng: np.random.Generator
) -> Float[np.ndarray, "3 3"]:
    """Draw a rotation that carries one unit vector to another, with any spin about it."""
    frames = []
    for direction in (source, goal):
        beside = np.cross(direction, rng.normal(size=3))
        beside /= np.linalg.norm(beside)
        frames.append(np.stack([direction, beside, np.cross(direction, beside)], axis=1))
    return frames[1] @ frames[0].T


def rigid_inverse(T: Float[np.ndarray, "4 4"]) -> Float[np.ndarray, "4 4"]:
    """Invert a rigid motion."""
    inverse = np.eye(4)
    inverse[:3, :3] = T[:3, :3].T
    inverse[:3, 3] = -T[:3, :3].T @ T[:3, 3]
    return inverse
