"""What the pose room hands to the renderer: one posed hand, what it touches, and how far off."""

import dataclasses
from typing import Literal

import numpy as np
from jaxtyping import Float, Float32

from haco.synth.objects.meshes import AnyShape

Kind = Literal[
    "power", "pinch", "tool", "surface", "scene", "body", "hands", "clasp", "shared", "near",
    "free", "gesture", "self",
]  # fmt: skip
Role = Literal["object", "surface", "body"]

FAR = 1.0
"""Distance, metres, of a hand without a target; clutter that a scene adds is not a target."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlacedObject:
    """One shape, analytic or a mesh, placed in the hand's frame."""

    shape: AnyShape
    T_hand_object: Float[np.ndarray, "4 4"]
    """Rigid; maps points of the shape's own frame into the hand's frame, metres."""
    role: Role
    """A graspable `object`, a `surface` (table, wall, box top), or part of a `body`."""

    def distance(self, points: Float[np.ndarray, "points 3"]) -> Float[np.ndarray, " points"]:
        """Measure signed distance from points of the hand's frame, metres, negative inside."""
        R_hand_object, t_hand_object = self.T_hand_object[:3, :3], self.T_hand_object[:3, 3]
        return self.shape.distance((points - t_hand_object) @ R_hand_object)

    def mesh(self) -> tuple[Float[np.ndarray, "vertices 3"], np.ndarray]:
        """Return the shape's triangles in the hand's frame, metres; see `Shape.mesh`."""
        vertices, faces = self.shape.mesh()
        return vertices @ self.T_hand_object[:3, :3].T + self.T_hand_object[:3, 3], faces


@dataclasses.dataclass(frozen=True, kw_only=True)
class OtherHand:
    """A second hand that the first one touches, already posed, in the first hand's frame."""

    vertices: Float[np.ndarray, "vertices 3"]
    """Label mesh, metres."""
    render_vertices: Float[np.ndarray, "render_vertices 3"]
    """Render mesh with its forearm, metres."""
    T_hand_other: Float[np.ndarray, "4 4"]
    """Rigid; maps the other hand's own frame (after mirroring, if any) into the first hand's."""
    mirrored: bool
    """True for a left hand: its faces must be read in reverse order to point outwards."""
    wrist_held: bool = False
    """One hand holds the other's wrist: distances then count the whole forearm too."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Interaction:
    """A right hand, what it touches, and the exact distance of every vertex to that.

    Everything is in the hand's rest frame: wrist at the origin, fingers along -x, thumb at +z, palm
    facing -y. The hand itself has no global rotation; turn the camera instead.
    """

    kind: Kind
    betas: Float[np.ndarray, "10"]
    hand_pose: Float[np.ndarray, "15 3"]
    """Axis-angle of joints 1..15 in the hand model's order, radians."""
    wrist_bend: Float[np.ndarray, "3"]
    """Axis-angle by which the forearm of the render mesh is turned about the wrist, radians."""
    objects: tuple[PlacedObject, ...]
    """All that is touched or nearly touched; empty for `free` and for most `hands`."""
    other_hand: OtherHand | None
    distance: Float32[np.ndarray, " vertices"]
    """Signed distance of each label vertex to all of the above, metres; `FAR` where none is."""
    threshold: float
    """The paper's contact threshold for this kind: 0.010 m, and 0.005 m hand on hand."""
    vertices: Float[np.ndarray, "vertices 3"]
    """Label mesh, metres."""
    render_vertices: Float[np.ndarray, "render_vertices 3"]
    """Render mesh with its forearm, metres."""
    joints: Float[np.ndarray, "21 3"]
    """Wrist, then thumb, index, middle, ring and little from base to tip, metres."""
