"""The placed primitive solids that shapes are built of, and their triangle meshes."""

import dataclasses
import functools

import numpy as np
from jaxtyping import Float, Int

from haco.synth.objects import primitives as kernels

SEGMENTS, MANY_SEGMENTS = 32, 64
"""Corners of a full turn in meshes, up to and beyond `LARGE`."""
LARGE = 0.06
"""Radius, metres, beyond which 32 corners would leave the mesh a visible step inside the solid."""
PLANE_HALF_SIZE = 0.8
"""A half-space is drawn as a square of twice this, metres."""

Mesh = tuple[Float[np.ndarray, "vertices 3"], Int[np.ndarray, "faces 3"]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Primitive:
    """One solid, placed in the frame of the shape that it is part of; metres."""

    kind: int
    """`ELLIPSOID`, `BOX`, `REVOLVED`, `CAPSULE`, `TORUS` or `HALF_SPACE` of the kernels."""
    sizes: Float[np.ndarray, "4"]
    """Ellipsoid: semi-axes. Box: outer half sizes, rounding. Revolved: rounding, corners of the
    profile. Capsule: half length of the core, radius. Torus: ring, tube. Half-space: unused."""
    profile: Float[np.ndarray, "corners 2"]
    """Revolved: (radius, y) corners of the core, anticlockwise from the axis; zeros elsewhere."""
    T_object_primitive: Float[np.ndarray, "4 4"]

    def mesh(self) -> Mesh:
        """Triangulate the surface in the shape's frame, wound outwards.

        Edges are rounded, not split, so normals averaged at the vertices are right for shading.
        """
        vertices, faces = _MESHES[self.kind](self)
        turn, shift = self.T_object_primitive[:3, :3], self.T_object_primitive[:3, 3]
        return vertices @ turn.T + shift, faces


def _primitive(
    kind: int,
    sizes: tuple[float, ...],
    placed: np.ndarray | None,
    profile: np.ndarray | None = None,
) -> Primitive:
    padded_sizes = np.zeros(4)
    padded_sizes[: len(sizes)] = sizes
    padded_profile = np.zeros((kernels.PROFILE_SIZE, 2))
    if profile is not None:
        padded_profile[: len(profile)] = profile
    return Primitive(
        kind=kind,
        sizes=padded_sizes,
        profile=padded_profile,
        T_object_primitive=np.eye(4) if placed is None else placed,
    )


def ellipsoid(a: float, b: float, c: float, placed: np.ndarray | None = None) -> Primitive:
    """Make an ellipsoid with semi-axes a, b, c along x, y, z."""
    return _primitive(kernels.ELLIPSOID, (a, b, c), placed)


def rounded_box(
    half_sizes: np.ndarray, rounding: float, placed: np.ndarray | None = None
) -> Primitive:
    """Make a box of the outer half sizes x, y, z whose edges have the radius `rounding`."""
    rounding = min(rounding, 0.98 * float(min(half_sizes)))
    return _primitive(kernels.BOX, (*(float(half) for half in half_sizes), rounding), placed)


def revolved(
    profile: list[tuple[float, float]], rounding: float, placed: np.ndarray | None = None
) -> Primitive:
    """Turn a polygon about the y axis and grow it by `rounding`.

    Args:
        profile: (radius, y) corners, anticlockwise (bottom of the axis, out, up, back to the axis);
            first and last on the axis. The finished solid is larger by `rounding` all round.
        rounding: Radius of the edges, metres.
        placed: Where the solid lies in its shape, or None for the shape's own axes.
    """
    corners = np.asarray(profile, float)
    assert 3 <= len(corners) <= kernels.PROFILE_SIZE
    assert corners[0, 0] == corners[-1, 0] == 0.0
    return _primitive(kernels.REVOLVED, (rounding, float(len(corners))), placed, corners)


def frustum(
    half_length: float,
    bottom: float,
    top: float,
    rounding: float = 0.0008,
    placed: np.ndarray | None = None,
) -> Primitive:
    """Make a capped cone along y with the radii `bottom` and `top`; a cylinder if they agree."""
    r = min(rounding, 0.9 * bottom, 0.9 * top, 0.9 * half_length)
    end = half_length - r
    profile = [(0.0, -end), (bottom - r, -end), (top - r, end), (0.0, end)]
    return revolved(profile, r, placed)


def capsule(half_length: float, radius: float, placed: np.ndarray | None = None) -> Primitive:
    """Make a capsule along y; its core segment has `half_length`."""
    return _primitive(kernels.CAPSULE, (half_length, radius), placed)


def torus(ring: float, tube: float, placed: np.ndarray | None = None) -> Primitive:
    """Make a ring about the y axis."""
    return _primitive(kernels.TORUS, (ring, tube), placed)


def half_space(placed: np.ndarray | None = None) -> Primitive:
    """Make the solid below y = 0."""
    return _primitive(kernels.HALF_SPACE, (), placed)


def _turned(outline: Float[np.ndarray, "corners 2"], size: float, *, closed: bool = False) -> Mesh:
    """Turn a (radius, y) outline, anticlockwise, about the y axis; `size` decides the steps."""
    segments = SEGMENTS if size <= LARGE else MANY_SEGMENTS
    angles = np.arange(segments) * (2 * np.pi / segments)
    radius, height = outline[:, :1], outline[:, 1:]
    vertices = np.stack(
        [radius * np.cos(angles), np.broadcast_to(height, (len(outline), segments)),
         -radius * np.sin(angles)], axis=-1
    ).reshape(-1, 3)  # fmt: skip
    ring = np.arange(len(outline) if closed else len(outline) - 1)
    here = (ring[:, None] * segments + np.arange(segments)).ravel()
    beside = (ring[:, None] * segments + np.roll(np.arange(segments), -1)).ravel()
    above, above_beside = ((i + segments) % len(vertices) for i in (here, beside))
    lower, upper = np.stack([here, beside, above], 1), np.stack([beside, above_beside, above], 1)
    on_axis = outline[:, 0] <= 0
    lower = lower[~on_axis[lower[:, 0] // segments]]
    upper = upper[~on_axis[upper[:, 1] // segments]]
    return vertices, np.concatenate([lower, upper])


def _half_circle(radius: float, start: float, stop: float, num_steps: int) -> np.ndarray:
    angles = np.linspace(start, stop, num_steps)
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _ellipsoid_mesh(primitive: Primitive) -> Mesh:
    size = float(primitive.sizes[:3].max())
    outline = _half_circle(1.0, -np.pi / 2, np.pi / 2, 17 if size <= LARGE else 33)
    outline[[0, -1], 0] = 0.0
    vertices, faces = _turned(outline, size)
    return vertices * primitive.sizes[:3], faces


def _capsule_mesh(primitive: Primitive) -> Mesh:
    half_length, radius = primitive.sizes[:2]
    shift = np.array([0.0, half_length])
    lower = _half_circle(radius, -np.pi / 2, 0.0, 8) - shift
    upper = _half_circle(radius, 0.0, np.pi / 2, 8) + shift
    outline = np.concatenate([lower, upper])
    outline[[0, -1], 0] = 0.0
    return _turned(outline, radius)


def _torus_mesh(primitive: Primitive) -> Mesh:
    ring, tube = primitive.sizes[:2]
    circle = _half_circle(tube, 0.0, 2 * np.pi, 17)[:-1]
    return _turned(circle + np.array([ring, 0.0]), ring, closed=True)


def _revolved_mesh(primitive: Primitive) -> Mesh:
    rounding, size = primitive.sizes[0], int(primitive.sizes[1])
    profile = primitive.profile[:size]
    return _turned(_grown_outline(profile, rounding), float(profile[:, 0].max()))


def _grown_outline(profile: Float[np.ndarray, "corners 2"], rounding: float) -> np.ndarray:
    """Push an anticlockwise outline outwards: arcs at outer corners, mitres at inner ones."""
    along = np.diff(profile, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    normals = np.stack([along[:, 1], -along[:, 0]], axis=1)
    points = [profile[0] + rounding * normals[0]]
    for corner, before, after in zip(profile[1:-1], normals[:-1], normals[1:], strict=True):
        turn = np.arctan2(before[0] * after[1] - before[1] * after[0], before @ after)
        if turn <= 0:
            points.append(corner + rounding * (before + after) / (1 + before @ after))
            continue
        start = np.arctan2(before[1], before[0])
        points.extend(corner + _half_circle(rounding, start, start + turn, 5))
    points.append(profile[-1] + rounding * normals[-1])
    outline = np.array(points)
    outline[[0, -1], 0] = 0.0
    return outline


@functools.cache
def _box_pattern() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Directions, octant signs and faces of a cube-shaped sphere that is cut along its octants."""
    half = np.tan(np.linspace(0, np.pi / 4, 4))
    steps = np.concatenate([-half[::-1], half])
    sign = np.repeat([-1.0, 1.0], 4)
    n = len(steps)
    corners = np.arange(n * n).reshape(n, n)
    a, b, c, d = (
        c.ravel() for c in (corners[:-1, :-1], corners[1:, :-1], corners[1:, 1:], corners[:-1, 1:])
    )
    quads = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    points, signs, faces = [], [], []
    for axis in range(3):
        for side in (-1.0, 1.0):
            grid = np.zeros((n, n, 3))
            grid[..., axis] = side
            grid[..., (axis + 1) % 3], grid[..., (axis + 2) % 3] = steps[:, None], steps[None]
            octant = np.full((n, n, 3), side)
            octant[..., (axis + 1) % 3], octant[..., (axis + 2) % 3] = sign[:, None], sign[None]
            faces.append(len(points) * n * n + (quads if side > 0 else quads[:, ::-1]))
            points.append(grid.reshape(-1, 3) / np.linalg.norm(grid, axis=-1).reshape(-1, 1))
            signs.append(octant.reshape(-1, 3))
    both = np.round(np.concatenate([np.concatenate(points), np.concatenate(signs)], axis=1), 9)
    unique, index = np.unique(both, axis=0, return_inverse=True)
    return unique[:, :3], unique[:, 3:], index.ravel()[np.concatenate(faces)]


def _box_mesh(primitive: Primitive) -> Mesh:
    directions, signs, faces = _box_pattern()
    rounding = primitive.sizes[3]
    return signs * (primitive.sizes[:3] - rounding) + directions * rounding, faces


def _plane_mesh(primitive: Primitive) -> Mesh:
    del primitive  # it has no sizes
    line = np.linspace(-PLANE_HALF_SIZE, PLANE_HALF_SIZE, 17)
    x, z = np.meshgrid(line, line, indexing="ij")
    vertices = np.stack([x, np.zeros_like(x), z], axis=-1).reshape(-1, 3)
    corners = np.arange(len(vertices)).reshape(x.shape)
    a, b, c, d = (
        c.ravel() for c in (corners[:-1, :-1], corners[:-1, 1:], corners[1:, 1:], corners[1:, :-1])
    )
    return vertices, np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])


_MESHES = {
    kernels.ELLIPSOID: _ellipsoid_mesh,
    kernels.BOX: _box_mesh,
    kernels.REVOLVED: _revolved_mesh,
    kernels.CAPSULE: _capsule_mesh,
    kernels.TORUS: _torus_mesh,
    kernels.HALF_SPACE: _plane_mesh,
}
