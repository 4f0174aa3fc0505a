"""Tables for things to lie on: under what a hand holds, without touching the hand."""

import numpy as np
from jaxtyping import Float
from scipy.spatial import ConvexHull

from haco.synth.objects.shapes import Shape, draw_surface
from haco.synth.objects.solids import half_space
from haco.synth.poses.fitting import Y, placed
from haco.synth.poses.interaction import PlacedObject
from haco.synth.turns import turn_carrying

HAND_ABOVE = 0.002
"""The hand stays at least so far above a table from which it takes a thing, metres."""
_MOST_SIDES = 12


def table_under(
    thing: PlacedObject, hand: Float[np.ndarray, "points 3"], rng: np.random.Generator
) -> PlacedObject | None:
    """Stand a thing that is already in the hand on a table, where that leaves the hand above it.

    The table's free side, +y of its shape, points up: it is the thing that decides which way up is,
    by the sides on which it can lie. Large and near sides are likelier, as with a thrown die.

    Args:
        thing: In the hand's frame.
        hand: Points of the hand and its forearm, same frame, metres.
        rng: Where chance comes from.

    Returns:
        The table; None if the hand is in the way on every side that was tried.
    """
    corners = thing.mesh()[0]
    for normal in _sides(corners, rng):
        level = float((corners @ normal).min())
        if float((hand @ normal).min()) < level + HAND_ABOVE:
            continue
        middle = corners.mean(axis=0)
        foot = middle + (level - middle @ normal) * normal
        return _table(normal, foot, corners, rng)
    return None


def _table(
    normal: Float[np.ndarray, "3"],
    foot: Float[np.ndarray, "3"],
    corners: Float[np.ndarray, "corners 3"],
    rng: np.random.Generator,
) -> PlacedObject:
    """Make an endless plane, or a block that is wide enough for the thing to stand on."""
    shape = draw_surface(rng)
    turn = turn_carrying(Y, normal, rng)
    reach = np.abs((corners - foot) @ turn)[:, [0, 2]].max(axis=0)
    if shape.kind == "block" and (shape.primitives[0].sizes[[0, 2]] < reach + 0.01).any():
        shape = Shape("plane", (half_space(),))
    return placed(shape, turn, foot, "surface")


def _sides(
    corners: Float[np.ndarray, "corners 3"], rng: np.random.Generator
) -> Float[np.ndarray, "sides 3"]:
    """Draw upward normals, one a try: against the faces of the hull, as seen from within it."""
    hull = ConvexHull(corners)
    triangles = corners[hull.simplices] - corners.mean(axis=0)
    across = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    height = np.abs(np.einsum("ij,ij->i", triangles.mean(axis=1), hull.equations[:, :3]))
    weights = np.linalg.norm(across, axis=1) * height / (triangles.mean(axis=1) ** 2).sum(1) ** 1.5
    count = min(_MOST_SIDES, np.count_nonzero(weights > 0))
    chosen = rng.choice(len(weights), count, replace=False, p=weights / weights.sum())
    return -hull.equations[chosen, :3]
