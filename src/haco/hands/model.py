"""A hand as a function: shape and pose in, surface and joints out, by linear blend skinning."""

import dataclasses
from typing import Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from haco.geometry.rotations import matrix_from_axis_angle, mirror_axis_angle
from haco.hands.skeleton import KEYPOINTS, PARENTS
from haco.types import Side

Topology = Literal["open", "mano"]


@dataclasses.dataclass(frozen=True)
class HandSurface:
    """A posed hand, or a batch of them."""

    vertices: Float[Tensor, "*batch vertices 3"]
    """Metres."""
    joints: Float[Tensor, "*batch 21 3"]
    """Wrist, then thumb, index, middle, ring and little from base to tip; metres."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class HandModel:
    """One hand's tables, and the skinning that poses them.

    The right hand rests with its fingers along -x, the thumb at +z and the palm facing -y. The
    left hand is its mirror image across x = 0 (fingers along +x), as MANO's is, and vertex i is
    the same place on both. Poses are absolute axis-angle, as seen from the template: whoever has
    a pose about MANO's mean hand, or its principal components, calls `pose_from_components`.
    """

    topology: Topology
    """`"open"` or `"mano"`: whose vertex numbers these are."""
    side: Side
    template: Float[Tensor, "vertices 3"]
    """The mean hand at rest, metres."""
    faces: Int[Tensor, "faces 3"]
    """Anticlockwise seen from outside; open at the wrist."""
    closed_faces: Int[Tensor, "closed_faces 3"]
    """`faces`, and then those that close the wrist."""
    shapedirs: Float[Tensor, "vertices 3 betas"]
    """Metres a unit of each beta."""
    posedirs: Float[Tensor, "vertices 3 135"]
    """Metres a unit of each entry of the 15 finger rotations less identity; zero if open."""
    J_regressor: Float[Tensor, "16 vertices"]
    lbs_weights: Float[Tensor, "vertices 16"]
    parents: Int[Tensor, " 16"]
    """Of the wrist (-1), then index, middle, little, ring, thumb, three each."""
    tips: Int[Tensor, " 5"]
    """The vertices at the ends of thumb, index, middle, ring and little."""
    parts: dict[str, Bool[Tensor, " vertices"]]
    """Named regions; each vertex is in exactly one."""
    levels: tuple[Float[Tensor, "_ vertices"], ...]
    """From 778 vertices to 336, 84 and 21 coarse ones: rows that average their cluster."""
    nail: Bool[Tensor, " vertices"]
    mean_pose: Float[Tensor, "15 3"]
    """MANO's mean hand, radians; zero for the open hand."""
    pose_basis: Float[Tensor, "45 15 3"]
    """MANO's principal components, radians; for the open hand one component an angle."""

    def __post_init__(self) -> None:
        assert tuple(self.parents.tolist()) == PARENTS, "the skinning knows this one skeleton"

    def __call__(
        self,
        betas: Float[Tensor, "*#batch betas"] | None = None,
        global_orient: Float[Tensor, "*#batch 3"] | None = None,
        hand_pose: Float[Tensor, "*#batch 15 3"] | None = None,
        transl: Float[Tensor, "*#batch 3"] | None = None,
    ) -> HandSurface:
        """Pose the hand; what is left out is zero, and batch axes broadcast.

        Args:
            betas: Shape coefficients, standard deviations.
            global_orient: Axis-angle about the wrist joint, radians.
            hand_pose: Axis-angle of each finger joint, absolute, radians.
            transl: Added at the end, metres.

        Returns:
            The surface, in the hand's frame turned by `global_orient` and moved by `transl`.
        """
        zero = self.template.new_zeros
        shaped = self.template
        if betas is not None:
            shaped = shaped + torch.einsum("vcs,...s->...vc", self.shapedirs, betas)
        rest = self.J_regressor @ shaped
        hand_pose = zero(15, 3) if hand_pose is None else hand_pose
        turns = matrix_from_axis_angle(hand_pose)
        bulge = (turns - torch.eye(3, dtype=turns.dtype, device=turns.device)).flatten(-3)
        posed = shaped + torch.einsum("vcp,...p->...vc", self.posedirs, bulge)

        wrist_turn = matrix_from_axis_angle(zero(3) if global_orient is None else global_orient)
        R, joints = _forward_kinematics(wrist_turn, turns, rest)
        offsets = joints - (R @ rest[..., None]).squeeze(-1)
        R_vertex = torch.einsum("vj,...jrc->...vrc", self.lbs_weights, R)
        vertices = (R_vertex @ posed[..., None]).squeeze(-1) + self.lbs_weights @ offsets
        if transl is not None:
            vertices, joints = vertices + transl[..., None, :], joints + transl[..., None, :]
        tips = vertices[..., self.tips, :]
        return HandSurface(vertices, torch.cat([joints, tips], dim=-2)[..., KEYPOINTS, :])

    def pose_from_components(
        self, coefficients: Float[Tensor, "*batch components"], *, about_zero: bool = False
    ) -> Float[Tensor, "*batch 15 3"]:
        """Turn coefficients of the first principal components into an absolute pose.

        Args:
            coefficients: At most 45, one a component.
            about_zero: Whether they are meant about the flat hand and not about the mean one.

        Returns:
            What `hand_pose` takes, radians.
        """
        basis = self.pose_basis[: coefficients.shape[-1]]
        pose = torch.einsum("...k,kjc->...jc", coefficients, basis)
        return pose if about_zero else pose + self.mean_pose

    def mirrored(self) -> "HandModel":
        """Give the same hand of the other side."""
        flip = self.template.new_tensor([-1.0, 1.0, 1.0])
        # A mirrored rotation is M R M, so an entry changes sign with its row and with its column.
        entries = (flip[:, None] * flip).flatten().repeat(15)
        return dataclasses.replace(
            self,
            side="left" if self.side == "right" else "right",
            template=self.template * flip,
            faces=self.faces.flip(-1),
            closed_faces=self.closed_faces.flip(-1),
            shapedirs=self.shapedirs * flip[:, None],
            posedirs=self.posedirs * flip[:, None] * entries,
            mean_pose=mirror_axis_angle(self.mean_pose),
            pose_basis=mirror_axis_angle(self.pose_basis),
        )

    def to(
        self, *, dtype: torch.dtype | None = None, device: torch.device | str | None = None
    ) -> "HandModel":
        """Give a copy with its real numbers in `dtype` and all its tables on `device`."""

        def move(value: object) -> object:
            if isinstance(value, Tensor):
                return value.to(device, dtype if value.is_floating_point() else None)
            if isinstance(value, tuple):
                return tuple(move(entry) for entry in value)
            if isinstance(value, dict):
                return {name: move(entry) for name, entry in value.items()}
            return value

        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return dataclasses.replace(self, **{name: move(field) for name, field in fields.items()})


def _forward_kinematics(
    wrist_turn: Float[Tensor, "*#batch 3 3"],
    turns: Float[Tensor, "*#batch 15 3 3"],
    rest: Float[Tensor, "*#batch 16 3"],
) -> tuple[Float[Tensor, "*batch 16 3 3"], Float[Tensor, "*batch 16 3"]]:
    """Add up the turns from the wrist to the tips: each joint's rotation and position.

    The five fingers go side by side: the first joints of all, then the second ones, the third ones.
    """
    batch = torch.broadcast_shapes(wrist_turn.shape[:-2], turns.shape[:-3], rest.shape[:-2])
    rest = rest.expand(*batch, 16, 3)
    turns = turns.expand(*batch, 15, 3, 3).unflatten(-3, (5, 3))
    bones = (rest[..., 1:, :] - rest[..., PARENTS[1:], :]).unflatten(-2, (5, 3))
    R = wrist_turn.expand(*batch, 3, 3)[..., None, :, :]
    position = rest[..., :1, :]
    rotations, positions = [], []
    for joint in range(3):
        position = position + (R @ bones[..., joint, :, None]).squeeze(-1)
        R = R @ turns[..., joint, :, :]
        rotations.append(R)
        positions.append(position)
    all_R = torch.stack(rotations, dim=-3).flatten(-4, -3)
    all_positions = torch.stack(positions, dim=-2).flatten(-3, -2)
    wrist_R = wrist_turn.expand(*batch, 3, 3)[..., None, :, :]
    return (
        torch.cat([wrist_R, all_R], dim=-3),
        torch.cat([rest[..., :1, :], all_positions], dim=-2),
    )
