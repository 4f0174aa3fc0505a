"""Rough grasps made of true ones, as an estimator would give them."""

import dataclasses

import numpy as np
import torch

from haco.downstream.grasp import HandPose
from haco.downstream.limits import JointLimits
from haco.geometry.rotations import axis_angle_from_matrix, matrix_from_axis_angle
from haco.hands.model import HandModel


@dataclasses.dataclass(frozen=True, kw_only=True)
class Roughness:
    """Standard deviations of what is added to a true grasp."""

    shift: float = 0.02
    """Metres along each axis."""
    turn: float = 0.15
    """Radians about each axis."""
    bend: float = 0.15
    """Radians of flexion of each joint."""
    shape: float = 0.5
    """Of each beta."""


def perturbed(
    hand: HandModel, true: HandPose, rng: np.random.Generator, roughness: Roughness | None = None
) -> HandPose:
    """Make a rough grasp of each true one.

    Args:
        hand: The hand that is posed.
        true: The true grasps.
        rng: What is drawn.
        roughness: How rough.
    """
    rough = Roughness() if roughness is None else roughness
    batch = len(true.betas)

    def drawn(*shape: int) -> torch.Tensor:
        return torch.from_numpy(rng.normal(size=(batch, *shape))).to(true.betas)

    turn = matrix_from_axis_angle(rough.turn * drawn(3))
    bend = rough.bend * drawn(15)[..., None] * JointLimits(hand).axes
    return HandPose(
        betas=true.betas + rough.shape * drawn(10),
        global_orient=axis_angle_from_matrix(turn @ matrix_from_axis_angle(true.global_orient)),
        hand_pose=true.hand_pose + bend,
        transl=true.transl + rough.shift * drawn(3),
    )
