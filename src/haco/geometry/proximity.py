"""Closest points on a triangle mesh and signed distance to it, by libigl's bounding-volume tree."""

from typing import NamedTuple

import igl
import numpy as np
from jaxtyping import Float, Int


class ClosestPoint(NamedTuple):
    """For each query, the nearest place of a mesh."""

    distance: Float[np.ndarray, " points"]
    """Unsigned, in the unit of the input."""
    face_index: Int[np.ndarray, " points"]
    """The triangle that holds the nearest place."""
    position: Float[np.ndarray, "points 3"]
    """The nearest place itself."""


def closest_point(
    points: Float[np.ndarray, "points 3"],
    vertices: Float[np.ndarray, "vertices 3"],
    faces: Int[np.ndarray, "faces 3"],
) -> ClosestPoint:
    """Find the place of a triangle surface that is nearest to each point.

    The surface may be open or closed. Points and vertices share one frame and one unit.

    Args:
        points: Queries; there may be none.
        vertices: Corners of the surface.
        faces: At least one triangle.

    Returns:
        Distances, triangles and nearest places, one a query.
    """
    _check_mesh(vertices, faces)
    if len(points) == 0:
        return ClosestPoint(np.zeros(0), np.zeros(0, np.int64), np.zeros((0, 3)))
    squared, face_index, position = igl.point_mesh_squared_distance(
        _doubles(points), _doubles(vertices), _indices(faces)
    )
    distance = np.sqrt(np.maximum(np.atleast_1d(squared), 0.0))
    return ClosestPoint(distance, np.atleast_1d(face_index), np.atleast_2d(position))


def signed_distance(
    points: Float[np.ndarray, "points 3"],
    vertices: Float[np.ndarray, "vertices 3"],
    faces: Int[np.ndarray, "faces 3"],
) -> Float[np.ndarray, " points"]:
    """Measure how far each point is from a closed triangle surface, negative inside.

    The sign comes from the winding number, so the surface may cross itself (a posed hand does); it
    must be closed and its faces must wind outwards.

    Args:
        points: Queries; there may be none.
        vertices: Corners of the surface, in the frame and unit of the points.
        faces: Triangles of a closed surface, at least one.

    Returns:
        Signed distance to the nearest place of the surface, in the unit of the input.
    """
    # igl.signed_distance multiplies by 1 - 2 * winding, which is only near to -1 or 1 when the
    # winding number is the fast kind: up to 2 mm are lost at 2 m. Only its sign is used here.
    distance = closest_point(points, vertices, faces).distance
    if len(points) == 0:
        return distance
    winding = igl.fast_winding_number(_doubles(vertices), _indices(faces), _doubles(points))
    return np.where(np.atleast_1d(winding) > 0.5, -distance, distance)


def _check_mesh(vertices: np.ndarray, faces: np.ndarray) -> None:
    if len(faces) == 0:
        raise ValueError("distance to a mesh needs at least one triangle, got none")
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise ValueError(
            f"faces name vertices {faces.min()}..{faces.max()}, the mesh has {len(vertices)}"
        )


def _doubles(points: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(points, dtype=np.float64)


def _indices(faces: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(faces, dtype=np.int64)
