"""How far a finger's joints turn: a penalty for poses that no hand takes."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from haco.geometry.rotations import mirror_axis_angle
from haco.hands.model import HandModel
from haco.hands.open_hand import open_hand_arrays
from haco.synth.poses.postures import LOWER, MAX_ABDUCTION, OPPOSITION_RANGE, UPPER
from haco.synth.poses.skin import FINGER_JOINTS

TWIST = 0.15
"""Radians by which a joint may turn about other axes than its own."""


class JointLimits:
    """The ranges of the 15 joints: flexion about each joint's own axis, and little else.

    The ranges are those within which the picture engine poses hands. MANO and the open hand rest
    alike and have the same joints, so one table of axes serves both.
    """

    def __init__(self, hand: HandModel) -> None:
        """Take the axes for a hand of either side."""
        axes = torch.from_numpy(open_hand_arrays().flexion_axes.copy()).to(hand.template)
        self.axes = mirror_axis_angle(axes) if hand.side == "left" else axes
        rows = np.array(FINGER_JOINTS) - 1
        lower, upper, loose = np.zeros(15), np.zeros(15), np.full(15, TWIST)
        lower[rows], upper[rows] = LOWER, UPPER
        loose[rows[:, 0]] = MAX_ABDUCTION + TWIST
        loose[rows[0, 0]] = max(np.abs(OPPOSITION_RANGE)) + TWIST
        self.lower, self.upper, self.loose = (
            torch.from_numpy(each).to(hand.template) for each in (lower, upper, loose)
        )

    def excess(self, hand_pose: Float[Tensor, "*batch 15 3"]) -> Float[Tensor, "*batch 15"]:
        """Say by how many radians each joint is beyond its range; 0 within it."""
        flexion = (hand_pose * self.axes).sum(dim=-1)
        rest = hand_pose - flexion[..., None] * self.axes
        aside = rest.square().sum(dim=-1).clamp(min=1e-12).sqrt()
        over = (flexion - self.upper).clamp(min=0) + (self.lower - flexion).clamp(min=0)
        return over + (aside - self.loose).clamp(min=0)
