"""Exact signed distances to six primitive solids, compiled; negative inside, metres.

Each primitive lies about its own origin; solids of revolution turn about the y axis. `rounding`
grows a smaller core, so that edges are smooth: the distance is exact for the rounded solid. Kernels
take plain arrays and are `no_type_check`: the run-time checker cannot wrap compiled code;
`haco.synth.objects.shapes.Shape` is the typed way in.
"""

from typing import no_type_check

import numba
import numpy as np

ELLIPSOID, BOX, REVOLVED, CAPSULE, TORUS, HALF_SPACE = range(6)
PROFILE_SIZE = 12
"""Most corners a profile of revolution may have."""

_jit = numba.njit(cache=True, fastmath=False, error_model="numpy")


@_jit
@no_type_check
def ellipsoid_distance(x, y, z, a, b, c):
    """Distance to the ellipsoid with semi-axes a, b, c.

    The nearest place is a_i^2 p_i / (a_i^2 + t) where t is the largest root of
    sum (a_i p_i / (a_i^2 + t))^2 = 1. That sum falls and is convex, so Newton's steps from a place
    where it exceeds one never overshoot.
    """
    if a == b == c:
        return np.sqrt(x * x + y * y + z * z) - a
    tiny = 1e-9 * min(a, b, c)  # keeps the nearest place unique on the planes of symmetry
    x, y, z = max(abs(x), tiny), max(abs(y), tiny), max(abs(z), tiny)
    t = max(a * (x - a), b * (y - b), c * (z - c))
    scale = max(a, b, c) ** 2
    for _ in range(100):
        u, v, w = a * x / (a * a + t), b * y / (b * b + t), c * z / (c * c + t)
        excess = u * u + v * v + w * w - 1.0
        slope = -2.0 * (u * u / (a * a + t) + v * v / (b * b + t) + w * w / (c * c + t))
        step = -excess / slope
        t += step
        if abs(step) < 1e-13 * scale:
            break
    dx, dy, dz = x * t / (a * a + t), y * t / (b * b + t), z * t / (c * c + t)
    distance = np.sqrt(dx * dx + dy * dy + dz * dz)
    inside = (x / a) ** 2 + (y / b) ** 2 + (z / c) ** 2 < 1.0
    return -distance if inside else distance


@_jit
@no_type_check
def box_distance(x, y, z, half_x, half_y, half_z, rounding):
    """Distance to a box of outer half sizes `half_*` with edges rounded by `rounding`."""
    dx = abs(x) - half_x + rounding
    dy = abs(y) - half_y + rounding
    dz = abs(z) - half_z + rounding
    outside = np.sqrt(max(dx, 0.0) ** 2 + max(dy, 0.0) ** 2 + max(dz, 0.0) ** 2)
    return outside + min(max(dx, dy, dz), 0.0) - rounding


@_jit
@no_type_check
def revolved_distance(x, y, z, profile, size, rounding):
    """Distance to a polygon in (radius, y) turned about the y axis, then grown by `rounding`.

    The polygon is closed; edges that lie on the axis are not part of the surface.
    """
    radius = np.sqrt(x * x + z * z)
    nearest = np.inf
    inside = False
    for i in range(size):
        r0, y0 = profile[i, 0], profile[i, 1]
        j = i + 1 if i + 1 < size else 0
        r1, y1 = profile[j, 0], profile[j, 1]
        if (y0 > y) != (y1 > y) and radius < r0 + (y - y0) / (y1 - y0) * (r1 - r0):
            inside = not inside
        if r0 == 0.0 and r1 == 0.0:
            continue
        er, ey = r1 - r0, y1 - y0
        along = ((radius - r0) * er + (y - y0) * ey) / (er * er + ey * ey)
        along = min(max(along, 0.0), 1.0)
        dr, dy = radius - r0 - along * er, y - y0 - along * ey
        nearest = min(nearest, dr * dr + dy * dy)
    distance = np.sqrt(nearest)
    return (-distance if inside else distance) - rounding


@_jit
@no_type_check
def capsule_distance(x, y, z, half_length, radius):
    """Distance to a segment of the y axis grown by `radius`; `half_length` is the segment's."""
    beyond = max(abs(y) - half_length, 0.0)
    return np.sqrt(x * x + beyond * beyond + z * z) - radius


@_jit
@no_type_check
def torus_distance(x, y, z, ring, tube):
    """Distance to a tube bent into a circle of radius `ring` about the y axis."""
    across = np.sqrt(x * x + z * z) - ring
    return np.sqrt(across * across + y * y) - tube


@_jit
@no_type_check
def union_distance(x, y, z, kinds, sizes, profiles, T_primitive_object):
    """Distance from one point to the union of primitives: the least of theirs."""
    nearest = np.inf
    for k in range(kinds.shape[0]):
        kind = kinds[k]
        s0, s1, s2, s3 = sizes[k, 0], sizes[k, 1], sizes[k, 2], sizes[k, 3]
        T = T_primitive_object
        px = T[k, 0, 0] * x + T[k, 0, 1] * y + T[k, 0, 2] * z + T[k, 0, 3]
        py = T[k, 1, 0] * x + T[k, 1, 1] * y + T[k, 1, 2] * z + T[k, 1, 3]
        pz = T[k, 2, 0] * x + T[k, 2, 1] * y + T[k, 2, 2] * z + T[k, 2, 3]
        if kind == ELLIPSOID:
            distance = ellipsoid_distance(px, py, pz, s0, s1, s2)
        elif kind == BOX:
            distance = box_distance(px, py, pz, s0, s1, s2, s3)
        elif kind == REVOLVED:
            distance = revolved_distance(px, py, pz, profiles[k], int(s1), s0)
        elif kind == CAPSULE:
            distance = capsule_distance(px, py, pz, s0, s1)
        elif kind == TORUS:
            distance = torus_distance(px, py, pz, s0, s1)
        else:
            distance = py
        nearest = min(nearest, distance)
    return nearest


@_jit
@no_type_check
def union_distances(points, kinds, sizes, profiles, T_primitive_object):
    """Distance from each point to the union of primitives, exact outside of it.

    Args:
        points: (n, 3), in the object's frame.
        kinds: (p,) integers, `ELLIPSOID` and so on.
        sizes: (p, 4), see `haco.synth.objects.solids.Primitive`.
        profiles: (p, `PROFILE_SIZE`, 2), used by solids of revolution.
        T_primitive_object: (p, 4, 4), from the object's frame to each primitive's.
    """
    distance = np.zeros(points.shape[0])
    for i in range(points.shape[0]):
        distance[i] = union_distance(
            points[i, 0], points[i, 1], points[i, 2], kinds, sizes, profiles, T_primitive_object
        )
    return distance
