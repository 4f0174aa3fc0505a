"""Things to touch: unions of exact solids, and a table from which everyday shapes are drawn."""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from haco.synth.objects import primitives as kernels
from haco.synth.objects.solids import (
    Mesh,
    Primitive,
    capsule,
    ellipsoid,
    frustum,
    half_space,
    revolved,
    rounded_box,
    torus,
)
from haco.synth.turns import rigid_inverse


class ShapeArrays(NamedTuple):
    """A shape as the compiled kernels read it."""

    kinds: Int[np.ndarray, " primitives"]
    sizes: Float[np.ndarray, "primitives 4"]
    profiles: Float[np.ndarray, "primitives corners 2"]
    T_primitive_object: Float[np.ndarray, "primitives 4 4"]


@dataclasses.dataclass(frozen=True)
class Shape:
    """A solid: the union of placed primitives, in a frame of its own whose long axis is y."""

    kind: str
    """What it is, such as `mug`; a hint for its colours."""
    primitives: tuple[Primitive, ...]

    @functools.cached_property
    def arrays(self) -> ShapeArrays:
        """Pack the primitives for the kernels."""
        parts = self.primitives
        return ShapeArrays(
            np.array([part.kind for part in parts], np.int64),
            np.stack([part.sizes for part in parts]),
            np.stack([part.profile for part in parts]),
            np.stack([rigid_inverse(part.T_object_primitive) for part in parts]),
        )

    def distance(self, points: Float[np.ndarray, "points 3"]) -> Float[np.ndarray, " points"]:
        """Measure signed distance, metres; exact outside, at most exact where primitives overlap.

        Args:
            points: In the shape's own frame, metres.

        Returns:
            Distance to the surface, negative inside.
        """
        return kernels.union_distances(np.ascontiguousarray(points, np.float64), *self.arrays)

    def mesh(self) -> Mesh:
        """Triangulate each primitive, wound outwards; parts hidden in one another are kept.

        Edges are rounded, not split, so normals averaged at the vertices are right for shading.
        """
        vertices, faces, _ = self._meshes
        return vertices, faces

    def face_parts(self) -> Int[np.ndarray, " faces"]:
        """Say for each face of `mesh` which primitive it belongs to, so that parts can differ."""
        return self._meshes[2]

    @functools.cached_property
    def _meshes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        meshes = [part.mesh() for part in self.primitives]
        starts = np.cumsum([0, *(len(vertices) for vertices, _ in meshes[:-1])])
        return (
            np.concatenate([vertices for vertices, _ in meshes]),
            np.concatenate(
                [faces + start for (_, faces), start in zip(meshes, starts, strict=True)]
            ),
            np.repeat(np.arange(len(meshes)), [len(faces) for _, faces in meshes]),
        )


def shifted(
    x: float, y: float, z: float, turn: tuple[int, int] | None = None
) -> Float[np.ndarray, "4 4"]:
    """Shift by x, y, z after a quarter turn that carries axis `turn[0]` to axis `turn[1]`."""
    T = np.eye(4)
    if turn is not None:
        first, second = turn
        T[first, first] = T[second, second] = 0.0
        T[second, first], T[first, second] = 1.0, -1.0
    T[:3, 3] = x, y, z
    return T


def _edge(rng: np.random.Generator, size: float) -> float:
    return float(min(rng.uniform(0.0005, 0.004), 0.3 * size))


def _sphere(size: float, rng: np.random.Generator) -> tuple[Primitive, ...]:
    del rng
    return (ellipsoid(size, size, size),)


def _ellipsoid(size: float, rng: np.random.Generator) -> tuple[Primitive, ...]:
    a, b, c = np.sort(size * rng.uniform(0.7, 1.8, 3))
    return (ellipsoid(a, c, b),)


def _box(size: float, rng: np.random.Generator) -> tuple[Primitive, ...]:
    halves = np.sort(size * rng.uniform(0.6, 1.6, 3))
    longest = halves[2] * rng.uniform(1.0, 2.5)
    return (rounded_box(np.array([halves[0], longest, halves[1]]), _edge(rng, size)),)


def _plate(size: float, rng: np.random.Generator) -> tuple[Primitive, ...]:
    width = size * rng.uniform(0.8, 1.8)
    halves = np.array([rng.uniform(0.003, 0.012), width * rng.uniform(1.0, 2.5), width])
    return (rounded_box(halves, _edge(rng, 0.01)),)


def _cylinder(size: float, rng: np.random.Generator) -> tuple[Primitive, ...]:
    return (frustum(size * rng.uniform(0.8, 4.0), size, size, _edge(rng, size)),)


def vessel(bottom: float, top: float, half: float, wall: float) -> Primitive:
    """Make an open vessel; `wall` is its thickness, its edges are round."""
    r = 0.45 * wall
    end = half - r
    floor = -end + wall - 2 * r
    outline = [(0.0, -end), (bottom - r, -end), (top - r, end)]
    hollow = [(top - wall + r, end), (bottom - wall + r, floor), (0.0, floor)]
    return revolved(outline + hollow, r)


def _cup(size: float, rng: np.random.Generator) -> tuple[Primitive, ...]:
    half = size * rng.uniform(1.0, 1.8)
    return (vessel(size * rng.uniform(0.6, 1.0), size, half, rng.uniform(0.0015, 0.004)),)


def _capsule(size: float, rng: np.random.Generator) -> tuple[Primitive, ...]:
    return (capsule(size * rng.uniform(0.3, 3.0), size),)


def _pen(size: float, rng: np.random.Generator) -> tuple[Primitive, ...]:
    del size  # a pen is a pen
    radius, half = rng.uniform(0.003, 0.007), rng.uniform(0.05, 0.09)
    tip = rng.uniform(2.0, 4.0) * radius
    r = 0.0005
    profile = [
        (0.0, -half + r), (0.25 * radius, -half + r), (radius - r, -half + tip),
        (radius - r, half - r), (0.0, half - r),
    ]  # fmt: skip
    return (revolved(profile, r),)


def _bottle(size: float, rng: np.random.Generator) -> tuple[Primitive, ...]:
    half = size * rng.uniform(1.8, 3.2)
    neck = 0.4 * size
    shoulder, throat = half * rng.uniform(0.2, 0.5), half * rng.uniform(0.6, 0.75)
    r = min(0.004, 0.2 * neck)
    profile = [
        (0.0, -half + r), (size - r, -half + r), (size - r, shoulder), (neck - r, throat),
        (neck - r, half - r), (0.0, half - r),
    ]  # fmt: skip
    cap = frustum(0.12 * half, 1.25 * neck, 1.25 * neck, placed=shifted(0.0, 0.9 * half, 0.0))
    return revolved(profile, r), cap


def _mug(size: float, rng: np.random.Generator) -> tuple[Primitive, ...]:
    half = size * rng.uniform(1.0, 1.4)
    tube = max(0.0035, size * rng.uniform(0.10, 0.16))
    wall = max(0.003, 0.08 * size)
    rise = half * rng.uniform(0.45, 0.65)
    reach = rng.uniform(0.4, 0.8) * size + tube
    arms = (
        capsule(reach / 2, tube, shifted(size + reach / 2, sign * rise, 0.0, (1, 0)))
        for sign in (-1, 1)
    )
    grip = capsule(rise, tube, shifted(size + reach, 0.0, 0.0))
    return vessel(size, size, half, max(wall, 1.1 * tube)), *arms, grip


def _hammer(size: float, rng: np.random.Generator) -> tuple[Primitive, ...]:
    radius = np.clip(0.5 * size, 0.006, 0.018)
    half = rng.uniform(0.07, 0.14)
    grip = frustum(half, radius, 0.75 * radius, 0.004)
    face, length = radius * rng.uniform(1.0, 1.6), radius * rng.uniform(2.5, 4.0)
    head = frustum(length, face, 0.8 * face, 0.002, shifted(0.0, half, 0.0, (1, 0)))
    return grip, head


def _dumbbell(size: float, rng: np.random.Generator) -> tuple[Primitive, ...]:
    radius = np.clip(0.5 * size, 0.006, 0.018)
    half, width = rng.uniform(0.055, 0.075), rng.uniform(0.015, 0.03)
    weight = radius * rng.uniform(1.6, 2.6)
    ends = (
        frustum(width, weight, weight, 0.004, shifted(0.0, sign * (half + width), 0.0))
        for sign in (-1, 1)
    )
    return (frustum(half + width, radius, radius), *ends)


def _torus(size: float, rng: np.random.Generator) -> tuple[Primitive, ...]:
    return (torus(size * rng.uniform(1.0, 1.8), size * rng.uniform(0.25, 0.5)),)


def _bar(size: float, rng: np.random.Generator) -> tuple[Primitive, ...]:
    radius = np.clip(0.5 * size, 0.008, 0.02)
    return (frustum(rng.uniform(0.15, 0.35), radius, radius),)


def _wheel(size: float, rng: np.random.Generator) -> tuple[Primitive, ...]:
    ring, tube = rng.uniform(0.16, 0.20), np.clip(0.4 * size, 0.009, 0.016)
    # The rim runs through the origin along y there, so that a hand at the origin grips it.
    return (torus(ring, tube, shifted(ring, 0.0, 0.0, (1, 2))),)


_MAKERS: Mapping[str, Callable[[float, np.random.Generator], tuple[Primitive, ...]]] = {
    "sphere": _sphere,
    "ellipsoid": _ellipsoid,
    "box": _box,
    "plate": _plate,
    "cylinder": _cylinder,
    "cup": _cup,
    "capsule": _capsule,
    "pen": _pen,
    "bottle": _bottle,
    "mug": _mug,
    "hammer": _hammer,
    "dumbbell": _dumbbell,
    "torus": _torus,
    "bar": _bar,
    "wheel": _wheel,
}

SHAPE_SHARES: Mapping[str, float] = MappingProxyType(
    {
        "sphere": 0.08, "ellipsoid": 0.08, "box": 0.14, "plate": 0.09, "cylinder": 0.12,
        "cup": 0.08, "capsule": 0.06, "pen": 0.06, "bottle": 0.08, "mug": 0.07, "hammer": 0.05,
        "dumbbell": 0.03, "torus": 0.02, "bar": 0.02, "wheel": 0.02,
    }
)  # fmt: skip
"""How often each graspable kind is drawn; sums to one."""


def draw_shape(kind: str, size: float, rng: np.random.Generator) -> Shape:
    """Draw one graspable shape.

    Args:
        kind: A key of `SHAPE_SHARES`.
        size: About half the width that a hand must span, metres: 0.012-0.050 for a power grip,
            0.006-0.028 for a pinch.
        rng: Decides the proportions.

    Returns:
        The shape, about the origin, its long axis along y, its thinnest along x.
    """
    if kind not in _MAKERS:
        raise ValueError(f"no shape is called '{kind}'; choose of {', '.join(_MAKERS)}")
    return Shape(kind, _MAKERS[kind](float(size), rng))


def draw_surface(rng: np.random.Generator) -> Shape:
    """Draw something flat to lie on, its free side at y = 0: a plane (70 %) or a box's top."""
    if rng.random() < 0.7:
        return Shape("plane", (half_space(),))
    halves = np.array([rng.uniform(0.06, 0.25), rng.uniform(0.01, 0.1), rng.uniform(0.06, 0.25)])
    box = rounded_box(halves, rng.uniform(0.001, 0.006), shifted(0.0, -halves[1], 0.0))
    return Shape("block", (box,))


def draw_body(rng: np.random.Generator) -> Shape:
    """Draw a part of a person about the origin: a limb along y, a head or a torso."""
    kind = ("limb", "head", "torso")[rng.choice(3, p=(0.5, 0.25, 0.25))]
    if kind == "limb":
        radius = rng.uniform(0.035, 0.09)
        return Shape(kind, (capsule(rng.uniform(0.15, 0.3), radius),))
    if kind == "torso":
        return Shape(kind, (ellipsoid(*(rng.uniform(0.85, 1.15, 3) * (0.18, 0.32, 0.12))),))
    a, b, c = rng.uniform(0.92, 1.08, 3) * (0.075, 0.115, 0.095)
    nose = ellipsoid(0.014, 0.022, 0.020, shifted(0.0, -0.01, c + 0.002))
    ears = (ellipsoid(0.007, 0.030, 0.017, shifted(sign * a, 0.0, -0.01)) for sign in (-1, 1))
    return Shape(kind, (ellipsoid(a, b, c), nose, *ears))
