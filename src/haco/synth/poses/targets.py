"""What fingers close on and bodies run into: solids and other hands, for the compiled kernels."""

from collections.abc import Sequence
from typing import NamedTuple, no_type_check

import numba
import numpy as np
from jaxtyping import Float, Int

from haco.synth.objects.meshes import MeshShape
from haco.synth.objects.primitives import PROFILE_SIZE, union_distance
from haco.synth.poses.interaction import PlacedObject
from haco.synth.turns import rigid_inverse

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
    """Sorted by cluster."""
    normals: Float[np.ndarray, "points 3"]
    first: Int[np.ndarray, " clusters_and_end"]
    """Index of each cluster's first point, and the number of points at the end."""
    centres: Float[np.ndarray, "clusters 3"]
    radii: Float[np.ndarray, " clusters"]
    """Each cluster lies in a ball; balls that are too far are not searched."""
    grid_values: Float[np.ndarray, " values"]
    """Signed distances on the grids of meshes, one grid after the other, metres."""
    grid_sizes: Int[np.ndarray, "grids 4"]
    """Where each grid begins among the values, and its numbers of values along x, y and z."""
    grid_places: Float[np.ndarray, "grids 4"]
    """Its lowest corner in the mesh's frame, and its step, metres."""
    T_grid_hand: Float[np.ndarray, "grids 4 4"]


_NOTHING = Target(
    np.zeros(0, np.int64),
    np.zeros((0, 4)),
    np.zeros((0, PROFILE_SIZE, 2)),
    np.zeros((0, 4, 4)),
    np.zeros((0, 3)),
    np.zeros((0, 3)),
    np.zeros(1, np.int64),
    np.zeros((0, 3)),
    np.zeros(0),
    np.zeros(0),
    np.zeros((0, 4), np.int64),
    np.zeros((0, 4)),
    np.zeros((0, 4, 4)),
)


def target_of_objects(objects: Sequence[PlacedObject]) -> Target:
    """Gather placed objects, or none, into one target, in the hand's frame."""
    packed, moved, grids, T_grid_hand = [], [], [], []
    for placed in objects:
        T_object_hand = rigid_inverse(placed.T_hand_object)
        if isinstance(placed.shape, MeshShape):
            grids.append(placed.shape.grid)
            T_grid_hand.append(T_object_hand)
        else:
            packed.append(placed.shape.arrays)
            moved.append(placed.shape.arrays.T_primitive_object @ T_object_hand)
    target = _NOTHING
    if packed:
        target = target._replace(
            kinds=np.concatenate([shape.kinds for shape in packed]),
            sizes=np.concatenate([shape.sizes for shape in packed]),
            profiles=np.concatenate([shape.profiles for shape in packed]),
            T_primitive_hand=np.stack([T for moves in moved for T in moves]),
        )
    if grids:
        starts = np.cumsum([0, *(grid.values.size for grid in grids[:-1])])
        target = target._replace(
            grid_values=np.concatenate([grid.values.ravel() for grid in grids]),
            grid_sizes=np.array(
                [(start, *grid.values.shape) for start, grid in zip(starts, grids, strict=True)]
            ),
            grid_places=np.array([(*grid.low, grid.step) for grid in grids]),
            T_grid_hand=np.stack(T_grid_hand),
        )
    return target


def target_of_surface(
    points: Float[np.ndarray, "points 3"],
    normals: Float[np.ndarray, "points 3"],
    clusters: Int[np.ndarray, " points"],
) -> Target:
    """Make a target of a surface that is known by dense points.

    Args:
        points: On the surface, a few millimetres apart, in the hand's frame.
        normals: Outward, of length one.
        clusters: Which patch of neighbours each point belongs to; patches are numbered from 0.
    """
    order = np.argsort(clusters, kind="stable")
    points, clusters = points[order], clusters[order]
    first = np.searchsorted(clusters, np.arange(clusters.max() + 2))
    centres = np.add.reduceat(points, first[:-1], axis=0) / np.diff(first)[:, None]
    radii = np.maximum.reduceat(np.linalg.norm(points - centres[clusters], axis=1), first[:-1])
    return Target(
        *_NOTHING[:4],
        points,
        normals[order],
        first,
        centres,
        radii,
        *_NOTHING[9:],
    )


@_jit
@no_type_check
def nearest_point(x, y, z, target):
    """Index of and squared distance to the nearest surface point; there is at least one."""
    num_clusters = target.radii.shape[0]
    away = np.zeros(num_clusters)
    start = 0
    for c in range(num_clusters):
        dx, dy, dz = x - target.centres[c, 0], y - target.centres[c, 1], z - target.centres[c, 2]
        away[c] = np.sqrt(dx * dx + dy * dy + dz * dz) - target.radii[c]
        if away[c] < away[start]:
            start = c
    best, best_index = np.inf, -1
    for turn in range(num_clusters + 1):
        c = start if turn == 0 else turn - 1
        if away[c] > 0.0 and away[c] * away[c] > best:
            continue
        for i in range(target.first[c], target.first[c + 1]):
            dx, dy, dz = x - target.points[i, 0], y - target.points[i, 1], z - target.points[i, 2]
            squared = dx * dx + dy * dy + dz * dz
            if squared < best:
                best, best_index = squared, i
    return best_index, best


@_jit
@no_type_check
def _grid_distance(x, y, z, target):
    """Signed distance to the nearest mesh by its grid; at most the true one outside of the grid."""
    nearest = np.inf
    for g in range(target.grid_sizes.shape[0]):
        T, place = target.T_grid_hand[g], target.grid_places[g]
        start, ny, nz = target.grid_sizes[g, 0], target.grid_sizes[g, 2], target.grid_sizes[g, 3]
        beyond = 0.0
        cell, share = np.zeros(3, np.int64), np.zeros(3)
        for k in range(3):
            at = T[k, 0] * x + T[k, 1] * y + T[k, 2] * z + T[k, 3]
            at = (at - place[k]) / place[3]
            last = target.grid_sizes[g, k + 1] - 1
            inside = min(max(at, 0.0), float(last))
            beyond += (at - inside) ** 2
            cell[k] = min(int(inside), last - 1)
            share[k] = inside - cell[k]
        value = 0.0
        for i in range(2):
            for j in range(2):
                for k in range(2):
                    weight = share[0] if i else 1.0 - share[0]
                    weight *= share[1] if j else 1.0 - share[1]
                    weight *= share[2] if k else 1.0 - share[2]
                    index = ((cell[0] + i) * ny + cell[1] + j) * nz + cell[2] + k
                    value += weight * target.grid_values[start + index]
        beyond = np.sqrt(beyond) * place[3]
        nearest = min(nearest, value if beyond == 0.0 else max(beyond, value - beyond))
    return nearest


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
    nearest = min(nearest, _grid_distance(x, y, z, target))
    if target.radii.shape[0] == 0:
        return nearest
    best_index, best = nearest_point(x, y, z, target)
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
    num_points = points.shape[0]
    # What each point's distance was, and after which way: it can have shrunk by no more than the
    # way since, so most points need no new look.
    seen, seen_at = np.full(num_points, -np.inf), np.zeros(num_points)
    travelled = 0.0
    for _ in range(80):
        least = np.inf
        for i in range(num_points):
            if seen[i] - (travelled - seen_at[i]) >= least:
                continue
            x = points[i, 0] + travelled * direction[0]
            y = points[i, 1] + travelled * direction[1]
            z = points[i, 2] + travelled * direction[2]
            seen[i], seen_at[i] = target_distance(x, y, z, target), travelled
            least = min(least, seen[i])
        if least - gap < 0.0002:
            return travelled
        travelled += least - gap
        if travelled > reach:
            break
    return np.nan
