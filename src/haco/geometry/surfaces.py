"""A triangle mesh that is asked for distances many times, with its search trees built once.

What is inside is told by the winding number where the mesh is closed. An open mesh has no inside,
but it may be part of something that has one (a scan, a cup without its bottom): there a point is
called outside only where that is certain.
"""

import functools

import igl
import numpy as np
import scipy.spatial
from jaxtyping import Bool, Float, Float64, Int, Int64

from haco.geometry.mesh import vertex_normals
from haco.geometry.proximity import ClosestPoint

_LEAST_AREA = 1e-16  # Square metres; a triangle of less is a line or a point.


class Surface:
    """One mesh, ready for many queries; the trees are exact, in double precision."""

    def __init__(
        self, vertices: Float[np.ndarray, "vertices 3"], faces: Int[np.ndarray, "faces 3"]
    ) -> None:
        """Check a mesh and build its tree; copies of a vertex at seams are joined.

        Args:
            vertices: Metres.
            faces: Triangles; those without area are left out of the search.

        Raises:
            ValueError: No triangle has any area, a vertex is not finite, or a face names a vertex
                that is not there.
        """
        _check(vertices, faces)
        self.vertices, self.faces = _weld(vertices, faces)
        corners = self.vertices[self.faces]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        has_area = np.linalg.norm(normals, axis=1) / 2 > _LEAST_AREA
        if not has_area.any():
            raise ValueError(f"none of the mesh's {len(faces)} triangles has any area")
        self.num_degenerate = int((~has_area).sum())
        """Triangles without area."""
        balance, is_consistent = _edge_balance(self.faces, len(self.vertices))
        self.is_closed = balance == 0
        """Whether the surface bounds a solid, so that each place is either inside or outside."""
        self._is_consistent = is_consistent
        self.faces = self.faces[has_area]
        self._turned = self.is_closed and _volume(self.vertices[self.faces]) < 0
        self._tree = igl.AABB()
        self._tree.init(self.vertices, self.faces)

    def closest_point(self, points: Float[np.ndarray, "points 3"]) -> ClosestPoint:
        """Find the nearest place of the surface to each point.

        Args:
            points: Metres, in the frame of the mesh; at least one.
        """
        squared, face_index, position = self._tree.squared_distance(
            self.vertices, self.faces, np.ascontiguousarray(points, np.float64)
        )
        distance = np.sqrt(np.maximum(np.atleast_1d(squared), 0.0))
        return ClosestPoint(distance, np.atleast_1d(face_index), np.atleast_2d(position))

    def inside(
        self, points: Float[np.ndarray, "points 3"], closest: ClosestPoint
    ) -> tuple[Bool[np.ndarray, " points"], Bool[np.ndarray, " points"]]:
        """Say which points are inside, and for which of them that is known.

        A closed mesh leaves no doubt. Of an open one, a point is known to be outside if it is
        outside the convex hull, or before the front of the nearest face where all faces agree
        which side is their front; else nothing is known.

        Args:
            points: Metres, in the frame of the mesh.
            closest: What `closest_point` says of them.

        Returns:
            Whether each is inside (False where unknown), and whether that is known.
        """
        near = self._in_bounds(points)
        inside, known = np.zeros(len(points), bool), ~near
        if not near.any():
            return inside, known
        if self.is_closed:
            winding = np.atleast_1d(self._winding.winding_number(points[near].astype(np.float64)))
            inside[near] = (-winding if self._turned else winding) > 0.5
            return inside, np.ones_like(known)
        known[near] = self._outside_hull(points[near])
        if self._is_consistent:
            known |= self._before_front(points, closest)
        return inside, known

    def enclosed(self, points: Float[np.ndarray, "points 3"]) -> Bool[np.ndarray, " points"]:
        """Say which points the generalised winding number puts inside, though the mesh be open.

        It closes holes in thought: a point is inside if more than half of the directions from it
        meet the back of the surface. Faces must look outwards.

        Args:
            points: Metres, in the frame of the mesh.
        """
        winding = np.atleast_1d(self._winding.winding_number(np.asarray(points, np.float64)))
        return (-winding if self._turned else winding) > 0.5

    def _in_bounds(self, points: np.ndarray) -> Bool[np.ndarray, " points"]:
        low, high = self.vertices.min(axis=0), self.vertices.max(axis=0)
        return ((points >= low) & (points <= high)).all(axis=1)

    def _outside_hull(self, points: np.ndarray) -> Bool[np.ndarray, " points"]:
        if self._hull is None:  # a flat mesh, which encloses nothing
            return np.ones(len(points), bool)
        planes = self._hull
        return (points @ planes[:, :3].T + planes[:, 3] > 0).any(axis=1)

    def _before_front(
        self, points: np.ndarray, closest: ClosestPoint
    ) -> Bool[np.ndarray, " points"]:
        """Say which points the nearest face turns its front to, by normals smooth over corners."""
        corners = self.faces[closest.face_index]
        places = np.ascontiguousarray(self.vertices[corners].transpose(1, 0, 2))
        share = np.asarray(igl.barycentric_coordinates(closest.position, *places))
        normals = (share[..., None] * self._normals[corners]).sum(axis=1)
        return ((points - closest.position) * normals).sum(axis=1) > 0

    @functools.cached_property
    def _winding(self) -> igl.FastWindingNumberBVH:
        tree = igl.FastWindingNumberBVH()
        tree.init(self.vertices, self.faces)
        return tree

    @functools.cached_property
    def _hull(self) -> Float64[np.ndarray, "planes 4"] | None:
        try:
            return scipy.spatial.ConvexHull(self.vertices).equations
        except scipy.spatial.QhullError:
            return None

    @functools.cached_property
    def _normals(self) -> Float64[np.ndarray, "vertices 3"]:
        return vertex_normals(self.vertices, self.faces)


def _check(vertices: np.ndarray, faces: np.ndarray) -> None:
    if len(faces) == 0:
        raise ValueError("the mesh is empty: it has no triangle")
    if not np.isfinite(vertices).all():
        raise ValueError("the mesh has a vertex that is not finite")
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise ValueError(
            f"faces name vertices {faces.min()}..{faces.max()}, the mesh has {len(vertices)}"
        )


def _weld(
    vertices: np.ndarray, faces: np.ndarray
) -> tuple[Float64[np.ndarray, "vertices 3"], Int64[np.ndarray, "faces 3"]]:
    """Join vertices that lie at one place, if the mesh is not closed as it is."""
    places = np.ascontiguousarray(vertices, np.float64)
    corners = np.ascontiguousarray(faces, np.int64)
    if _edge_balance(corners, len(places))[0] == 0:
        return places, corners
    _, first, number = np.unique(places, axis=0, return_index=True, return_inverse=True)
    return places, np.ascontiguousarray(first[number.reshape(-1)][corners])


def _edge_balance(faces: Int64[np.ndarray, "faces 3"], num_vertices: int) -> tuple[int, bool]:
    """Count the edges that are not run through as often one way as the other.

    Returns:
        The count, which is 0 where the faces bound a solid; and whether no edge is run through
        twice in one direction, so that all faces agree on which side is out.
    """
    start = faces.ravel()
    end = faces[:, [1, 2, 0]].ravel()
    forward = start < end
    edge = np.minimum(start, end) * num_vertices + np.maximum(start, end)
    order = np.argsort(edge[start != end], kind="stable")
    edge, forward = edge[start != end][order], forward[start != end][order]
    first = np.flatnonzero(np.diff(edge, prepend=-1))
    if len(first) == 0:
        return 0, True
    total = np.diff(first, append=len(edge))
    ahead = np.add.reduceat(forward.astype(np.int64), first)
    is_consistent = bool((np.maximum(ahead, total - ahead) <= 1).all())
    return int((2 * ahead != total).sum()), is_consistent


def _volume(corners: Float64[np.ndarray, "faces 3 3"]) -> float:
    """Measure the volume that a closed surface bounds; negative where its faces look inwards."""
    centred = corners - corners.mean(axis=(0, 1))
    return float(np.einsum("nd,nd->", centred[:, 0], np.cross(centred[:, 1], centred[:, 2])) / 6)
