"""Where the object is touched, from where the hand touches."""

import igl
import numpy as np
from jaxtyping import Float, Int

from haco.geometry.proximity import closest_point

REACH = 0.01
"""Metres within which skin that touches is taken to touch the object's nearest place."""


def object_contact(
    points: Float[np.ndarray, "points 3"],
    hand_vertices: Float[np.ndarray, "vertices 3"],
    hand_faces: Int[np.ndarray, "faces 3"],
    contact: Float[np.ndarray, " vertices"],
    *,
    reach: float = REACH,
) -> Float[np.ndarray, " points"]:
    """Carry contact from a posed hand to an object.

    Args:
        points: Of the object's surface, metres, in the hand's frame.
        hand_vertices: Of the posed hand.
        hand_faces: Of the hand.
        contact: How surely each vertex of the hand touches, 0..1.
        reach: Metres; what is farther from the hand is not touched.

    Returns:
        How surely each point is touched: the contact of the hand's nearest place, less the farther
        off it is.
    """
    nearest = closest_point(points, hand_vertices, hand_faces)
    corners = hand_faces[nearest.face_index]
    places = (np.ascontiguousarray(hand_vertices[corners[:, k]], np.float64) for k in range(3))
    share = np.asarray(igl.barycentric_coordinates(np.ascontiguousarray(nearest.position), *places))
    there = (share * contact[corners]).sum(axis=1)
    return (there * (1 - nearest.distance / reach).clip(0, 1)).clip(0, 1)
