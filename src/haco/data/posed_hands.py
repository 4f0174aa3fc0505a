"""MANO hands from the parameters that datasets store, each in its own convention."""

import dataclasses
import functools
import os
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float32, Int64

from haco.files import InputError
from haco.hands import HandModel, load_hand
from haco.types import Side

Fingers = Literal["absolute", "about_mean", "components", "components_about_zero"]
"""How a dataset stores the fingers: axis-angle seen from the flat template (elsewhere called
`flat_hand_mean=True`) or from MANO's mean hand, or coefficients of its principal components, about
the mean hand or about the flat one. A wrong word here moves vertices by centimetres."""

JOINT_TOLERANCE = 0.015
"""Mean distance of 21 joints, metres, beyond which a hand is not the one that was stored."""


class PosedHand(NamedTuple):
    """A hand in the frame that its parameters are in."""

    vertices: Float32[np.ndarray, "778 3"]
    """Metres."""
    joints: Float32[np.ndarray, "21 3"]
    """Wrist, then thumb, index, middle, ring and little from base to tip; metres."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ManoHands:
    """The user's own MANO, as one dataset uses it."""

    fingers: Fingers
    fix_left_shape: bool
    """Whether the dataset was made with the left shape basis mended; see `haco.hands.mano`."""
    mano_dir: str | Path | None = None
    """Folder of MANO_RIGHT.pkl and MANO_LEFT.pkl; by default the variable `HACO_MANO_DIR`."""

    def model(self, side: Side) -> HandModel:
        """Give one side's hand, read once a process; an `InputError` says what is missing."""
        named = self.mano_dir or os.environ.get("HACO_MANO_DIR")
        return _load(side, None if named is None else str(named), self.fix_left_shape)

    def closed_faces(self, side: Side) -> Int64[np.ndarray, "faces 3"]:
        """Give the triangles of a hand that serves as a target: its wrist is closed."""
        return self.model(side).closed_faces.numpy()

    def pose(
        self,
        side: Side,
        pose: Float[np.ndarray, " numbers"],
        *,
        betas: Float[np.ndarray, "10"],
        transl: Float[np.ndarray, "3"],
        path: Path,
    ) -> PosedHand:
        """Pose one hand.

        Args:
            side: Which hand.
            pose: The wrist's turn as axis-angle, then the fingers as `fingers` says.
            betas: Shape coefficients.
            transl: Added at the end, metres.
            path: Where the numbers came from, for the message.

        Raises:
            InputError: A number is NaN or infinite, or MANO's files are missing.
        """
        if not all(np.isfinite(part).all() for part in (pose, betas, transl)):
            raise InputError(f"{path}: the {side} hand's pose holds NaN; leave this frame out")
        hand = self.model(side)
        turn, fingers = (torch.tensor(part, dtype=torch.float32) for part in (pose[:3], pose[3:]))
        surface = hand(
            torch.tensor(betas, dtype=torch.float32),
            turn,
            _absolute(hand, fingers, self.fingers),
            torch.tensor(transl, dtype=torch.float32),
        )
        return PosedHand(surface.vertices.numpy(), surface.joints.numpy())


def _absolute(hand: HandModel, fingers: torch.Tensor, kind: Fingers) -> torch.Tensor:
    if kind == "absolute":
        return fingers.reshape(15, 3)
    if kind == "about_mean":
        return fingers.reshape(15, 3) + hand.mean_pose
    return hand.pose_from_components(fingers, about_zero=kind == "components_about_zero")


@functools.lru_cache(maxsize=8)
def _load(side: Side, mano_dir: str | None, fix_left_shape: bool) -> HandModel:  # noqa: FBT001
    return load_hand("mano", side, mano_dir, fix_left_shape=fix_left_shape)


def check_joints(hand: PosedHand, joints: Float[np.ndarray, "21 3"], path: Path) -> None:
    """Refuse a hand that is not where its dataset says that its joints are.

    Fingertips are defined a few millimetres apart by different tools; what this finds is another
    hand: not MANO, the other version or side, or numbers read under a wrong convention.

    Args:
        hand: As made from the parameters.
        joints: As stored by the dataset, in the same order and frame, metres.
        path: Where they were stored, for the message.
    """
    apart = float(np.linalg.norm(hand.joints - joints, axis=1).mean())
    if apart > JOINT_TOLERANCE:
        raise InputError(
            f"{path}: the hand made from its pose lies {1000 * apart:.0f} mm from its joints; are "
            "the files in mano_dir MANO 1.2 as published?"
        )
