"""A simple slip test: can a grip with friction hold a thing's weight, whichever way is down?"""

import numpy as np
from jaxtyping import Float
from scipy.optimize import linprog

FRICTION = 0.8
"""Coefficient of dry skin on common materials."""
MAX_FORCE = 5.0
"""The most that all contacts together press with, in weights of the thing."""
MAX_CONTACTS = 60
_EDGES = 6
"""Of the pyramid that stands for the friction cone."""
_DIRECTIONS = np.concatenate([np.eye(3), -np.eye(3)])


def held_share(
    points: Float[np.ndarray, "contacts 3"],
    normals: Float[np.ndarray, "contacts 3"],
    centre: Float[np.ndarray, "3"],
    *,
    friction: float = FRICTION,
    max_force: float = MAX_FORCE,
) -> float:
    """Give the share of six directions of gravity in which the contacts can hold an object.

    Each direction is a linear programme (after Bicchi and Kumar, "Robotic grasping and contact: a
    review", 2000): forces within the friction pyramids, whose sum is the weight turned round and
    whose torques about the centre cancel.

    Args:
        points: Where the hand presses on the object, metres.
        normals: Out of the object at these places, unit length.
        centre: The object's centre of mass, metres.
        friction: Coefficient.
        max_force: The most that all forces together press with, in weights of the object.

    Returns:
        0..1; 0 without any contact.
    """
    if len(points) == 0:
        return 0.0
    chosen = np.linspace(0, len(points) - 1, min(len(points), MAX_CONTACTS)).round().astype(int)
    points, normals = points[chosen] - centre, normals[chosen]
    forces = _pyramids(-normals, friction)
    arm = max(float(np.linalg.norm(points, axis=1).max()), 1e-6)
    torques = np.cross(np.repeat(points, _EDGES, axis=0), forces) / arm
    balance = np.concatenate([forces.T, torques.T])
    pressing = (forces * np.repeat(-normals, _EDGES, axis=0)).sum(axis=1)
    held = 0
    for down in _DIRECTIONS:
        wanted = np.concatenate([-down, np.zeros(3)])
        found = linprog(
            np.zeros(len(forces)),
            A_ub=pressing[None],
            b_ub=[max_force],
            A_eq=balance,
            b_eq=wanted,
            method="highs",
        )
        held += found.status == 0
    return held / len(_DIRECTIONS)


def _pyramids(inward: Float[np.ndarray, "contacts 3"], friction: float) -> np.ndarray:
    """Give the edges of each contact's friction pyramid, with unit pressure."""
    helper = np.where(np.abs(inward[:, :1]) < 0.9, [[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]])
    first = np.cross(inward, helper)
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(inward, first)
    angles = 2 * np.pi * np.arange(_EDGES) / _EDGES
    sideways = np.cos(angles)[:, None] * first[:, None] + np.sin(angles)[:, None] * second[:, None]
    return (inward[:, None] + friction * sideways).reshape(-1, 3)
