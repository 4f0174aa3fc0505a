"""The hand's render mesh with a whole forearm, closed at the elbow."""

import dataclasses
import functools

import numpy as np
from jaxtyping import Bool, Float, Float64, Int

from haco.geometry.mesh import boundary_loops
from haco.hands.open_hand import open_hand_arrays

FOREARM_LENGTH = 0.4
"""How far the forearm goes on beyond the end of the hand's render mesh, metres."""
FOREARM_RINGS = 6
"""Steps of that: what of the arm lies behind the camera is left out ring by ring."""


@dataclasses.dataclass(frozen=True)
class Arm:
    """The hand's render mesh with a whole forearm: what does not change with the pose."""

    faces: Int[np.ndarray, "faces 3"]
    rest: Float64[np.ndarray, "vertices 3"]
    num_hand: int
    """Vertices of the render mesh; those after it are the forearm's prolongation."""
    end: Int[np.ndarray, " loop"]
    """Render vertices around the forearm's open end, in order."""
    middle: Bool[np.ndarray, " render_vertices"]
    """Render vertices about half way along the forearm."""

    def extend(self, values: Float[np.ndarray, "render_vertices c"]) -> np.ndarray:
        """Repeat a value of the forearm's end along its prolongation."""
        end = values[self.end]
        rings = np.tile(end, (FOREARM_RINGS, 1))
        return np.concatenate([values, rings, end.mean(axis=0, keepdims=True)])

    def prolong(self, vertices: Float[np.ndarray, "render_vertices 3"]) -> np.ndarray:
        """Add the prolongation to a posed render mesh."""
        end = vertices[self.end]
        centre, along = end.mean(axis=0), FOREARM_LENGTH * self.direction(vertices)
        steps = np.arange(1, FOREARM_RINGS + 1) / FOREARM_RINGS
        rings = [centre + step * along + (1 + 0.2 * step) * (end - centre) for step in steps]
        return np.concatenate([vertices, *rings, (centre + along)[None]])

    def direction(self, vertices: Float[np.ndarray, "render_vertices 3"]) -> np.ndarray:
        """Unit vector from the wrist to the elbow."""
        along = vertices[self.end].mean(axis=0) - vertices[self.middle].mean(axis=0)
        return along / np.linalg.norm(along)


@functools.cache
def arm() -> Arm:
    """Build the forearm's prolongation, once."""
    hand = open_hand_arrays()
    template = hand.render_template.astype(np.float64)
    faces = hand.render_faces.astype(np.int32)
    (end,) = boundary_loops(faces)
    middle = (template[:, 0] > 0.05) & (template[:, 0] < 0.09)
    num_hand, length = len(template), len(end)
    ring = end
    added = []
    for step in range(FOREARM_RINGS):
        farther = num_hand + step * length + np.arange(length)
        beside, farther_beside = np.roll(ring, -1), np.roll(farther, -1)
        added.append(np.stack([beside, ring, farther], axis=1))
        added.append(np.stack([beside, farther, farther_beside], axis=1))
        ring = farther
    cap = np.full(length, num_hand + FOREARM_RINGS * length)
    added.append(np.stack([np.roll(ring, -1), ring, cap], axis=1))
    whole = np.concatenate([faces, *added]).astype(np.int32)
    shape = Arm(whole, template, num_hand, end, middle)
    return dataclasses.replace(shape, rest=shape.prolong(template))
