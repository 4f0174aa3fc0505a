"""What fingers close on and bodies run into: solids and other hands, for the compiled kernels."""

from collections.abc import Sequence
from typing import NamedTuple, no_type_check

import numba
import numpy as np
from jaxtyping import Float, Int

from haco.synth.interaction import PlacedObject
from haco.synth.primitives import PROFILE_SIZE, union_distance

CLOUD_REACH = 0.006
"""Sideways distance, metres, within which a point's tangent plane stands for the surface."""

_jit = numba.njit(cache=True, error_model="numpy")


class Target(NamedTuple):
    """Solids and oriented surface points, all in one hand's frame."""

    kinds: Int[np.ndarray, " primitives"]
    sizes: Float[np.ndarray, "primitives 4"]
    profiles: Float[np.ndarray, "primitives corners 2"]
    T_primitive_hand: Float[np.ndarray, "primitives 4 4"]
    points: Float[np.ndarray, "points 3"]
    normals: Float[np.ndarray, "points 3"]


def target_of_objects(objects: Sequence[PlacedObject]) -> Target:
    """Gather placed objects into one target, in the hand's frame."""
    packed = [placed.shape.arrays for placed in objects]
    moved = [
        shape.T_primitive_object @ np.linalg.inv(placed.T_hand_object)
        for shape, placed in zip(packed, objects, strict=True)
    ]
    return Target(
        np.concatenate([shape.kinds for shape in packed]),
        np.concatenate([shape.sizes for shape in packed]),
        np.concatenate([shape.profiles for shape in packed]),
        np.concatenate(moved),
        np.zeros((0, 3)),
        np.zeros((0, 3)),
    )


def target_of_surface(
    points: Float[np.ndarray, "points 3"], normals: Float[np.ndarray, "points 3"]
) -> Target:
    """Make a target of a surface that is known by dense points and their outward normals."""
    return Target(
        np.zeros(0, np.int64),
        np.zeros((0, 4)),
        np.zeros((0, PROFILE_SIZE, 2)),
        np.zeros((0, 4, 4)),
        np.ascontiguousarray(points),
        np.ascontiguousarray(normals),
    )


@_jit
@no_type_check
def target_distance(x, y, z, target):
    """Signed distance from one point to a target; to surface points it is approximate.

    Within `CLOUD_REACH` sideways of the nearest surface point the distance to its tangent plane is
    taken, because points lie millimetres apart and touch is a matter of one millimetre.
    """
    nearest = union_distance(
        x, y, z, target.kinds, target.sizes, target.profiles, target.T_primitive_hand
    )
    best, best_index = np.inf, -1
    for i in range(target.points.shape[0]):
        dx, dy, dz = (
            x - target.points[i, 0],
            y - target.points[i, 1],
            z - target.points[i, 2],
        )
        squared = dx * dx + dy * dy + dz * dz
        if squared < best:
            best, best_index = squared, i
    if best_index < 0:
        return nearest
    height = (
        (x - target.points[best_index, 0]) * target.normals[best_index, 0]
        + (y - target.points[best_index, 1]) * target.normals[best_index, 1]
        + (z - target.points[best_index, 2]) * target.normals[best_index, 2]
    )
    if best - height * height < CLOUD_REACH * CLOUD_REACH:
        return min(nearest, height)
    return min(nearest, np.sqrt(best) if height > 0 else -np.sqrt(best))


@_jit
@no_type_check
def least_distance(points, shift, target):
    """Least signed distance from points, shifted, to a target."""
    least = np.inf
    for i in range(points.shape[0]):
        least = min(
            least,
            target_distance(
                points[i, 0] + shift[0], points[i, 1] + shift[1], points[i, 2] + shift[2], target
            ),
        )
    return least


@_jit
@no_type_check
def travel_to_touch(points, direction, target, gap, reach):
    """How far points can move along `direction` until they are `gap` from a target.

    Sphere tracing: each step is as long as the least distance, which no surface can undercut, so
    the first touch is found and nothing is passed through. The points start outside.

    Args:
        points: (n, 3), metres.
        direction: (3,), of length one.
        target: A `Target`.
        gap: Distance to stop at, metres.
        reach: Longest way to go, metres.

    Returns:
        Metres, or NaN when nothing comes within `gap` on the way.
    """
    travelled = 0.0
    for _ in range(80):
        step = least_distance(points, travelled * direction, target) - gap
        if step < 0.0002:
            return travelled
        travelled += step
        if travelled > reach:
            break
    return np.nan
