"""From the geometry of one sample to the distance of each hand vertex to what it may touch.

The tree of a mesh is built once for each `Target.key`, and the hand is moved into the mesh's own
frame. With several targets the nearest counts; who is inside any of them is inside.
"""

import collections
import dataclasses

import numpy as np
from jaxtyping import Bool, Float, Float64

from haco.data.readers.common import Scene, Target
from haco.files import InputError
from haco.geometry.camera import transform_points
from haco.geometry.surfaces import Surface

_MOST_SURFACES = 64  # Kept in memory: the objects of a set stay, meshes that change go by.


@dataclasses.dataclass(frozen=True, kw_only=True)
class VertexDistances:
    """How near each hand vertex is to its targets."""

    distance: Float64[np.ndarray, " vertices"]
    """To the nearest place of any target, metres, negative inside; infinite without targets."""
    side_known: Bool[np.ndarray, " vertices"]
    """False where nobody knows whether the vertex is inside, as an open mesh has no inside; the
    distance is then positive."""
    nearest: Float64[np.ndarray, "vertices 3"]
    """That nearest place in the scene's frame, metres; not a number without targets."""
    degenerate: dict[str, int]
    """By target: triangles without area, which were left out; targets without any are not named."""


class SurfaceCache:
    """The search trees of the targets seen last, by their keys."""

    def __init__(self) -> None:
        self._kept: collections.OrderedDict[str, tuple[Target, Surface]] = collections.OrderedDict()

    def __call__(self, target: Target) -> Surface:
        """Give the tree of a target's mesh, built now or before.

        Raises:
            InputError: The mesh is empty or broken, or its key named another mesh before.
        """
        if target.key not in self._kept:
            try:
                surface = Surface(target.vertices, target.faces)
            except ValueError as error:
                raise InputError(f"target '{target.key}': {error}") from error
            self._kept[target.key] = target, surface
            while len(self._kept) > _MOST_SURFACES:
                self._kept.popitem(last=False)
        self._kept.move_to_end(target.key)
        first, surface = self._kept[target.key]
        if first.vertices is not target.vertices and not np.array_equal(
            first.vertices, target.vertices
        ):
            raise InputError(f"target '{target.key}': the key names two meshes that differ")
        return surface


def vertex_distances(scene: Scene, surfaces: SurfaceCache) -> VertexDistances:
    """Measure the distance of each hand vertex to the nearest of the scene's targets.

    Args:
        scene: Hand and targets.
        surfaces: Where trees are kept from scene to scene.

    Raises:
        InputError: The hand is not finite, a mesh is empty or broken, or a placing is not rigid.
    """
    hand = scene.vertices.astype(np.float64)
    if not np.isfinite(hand).all():
        raise InputError("the hand's vertices are not finite (a pose with NaN)")
    unsigned = np.full(len(hand), np.inf)
    nearest = np.full(hand.shape, np.nan)
    inside, known = np.zeros(len(hand), bool), np.ones(len(hand), bool)
    degenerate = {}
    for target in scene.targets:
        surface, T_scene_target = surfaces(target), _rigid(target)
        points = transform_points(hand, np.linalg.inv(T_scene_target))
        closest = surface.closest_point(points)
        is_inside, is_known = surface.inside(points, closest)
        nearer = closest.distance < unsigned
        unsigned = np.where(nearer, closest.distance, unsigned)
        nearest[nearer] = transform_points(closest.position[nearer], T_scene_target)
        inside, known = inside | is_inside, known & is_known
        if surface.num_degenerate:
            degenerate[target.key] = surface.num_degenerate
    return VertexDistances(
        distance=np.where(inside, -unsigned, unsigned),
        side_known=known | inside,
        nearest=nearest,
        degenerate=degenerate,
    )


def _rigid(target: Target) -> Float[np.ndarray, "4 4"]:
    """Give a target's placing in double precision, checked: a scaled one would bend distances."""
    T = target.T_scene_target.astype(np.float64)
    product = T[:3, :3] @ T[:3, :3].T
    if not np.isfinite(T).all() or not np.allclose(product, np.eye(3), atol=2e-3):
        raise InputError(f"target '{target.key}': is placed by a matrix that is not rigid")
    return T
