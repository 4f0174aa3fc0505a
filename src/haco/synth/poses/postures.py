"""Postures of a hand in anatomical words (flexion, spread, opposition), and their limits."""

import dataclasses
from typing import Literal

import numpy as np
from jaxtyping import Float

from haco.hands.open_hand import OpenHandArrays
from haco.synth.poses.skin import FINGER_JOINTS
from haco.synth.turns import axis_angle_of, turn_about, turn_of

Style = Literal["open", "relaxed", "pointing", "fist", "random", "hook", "victory", "pinching"]

COUPLING = np.array([[0.35, 0.6, 0.8], *[[0.9, 1.0, 0.7]] * 4])
"""How the three joints of thumb, index, middle, ring and little share one closing motion."""
UPPER = np.array([[0.9, 0.9, 1.2], *[[1.55, 1.75, 1.1]] * 4])
"""Largest flexion, radians from the rest pose; the fingers of that pose are already a bit bent."""
LOWER = np.array([[-0.35, -0.35, -0.55], *[[-0.5, -0.25, -0.2]] * 4])
"""Smallest flexion, radians: a little beyond straight."""
MAX_ABDUCTION = 0.3
"""Largest sideways turn of a finger, radians from the rest pose."""
OPPOSITION_RANGE = (-0.4, 1.3)
"""How far the thumb turns across the palm, radians."""
OPPOSITION_AXIS = np.array([-1.0, 0.0, 0.0])
_FAN = np.array([0.0, -1.0, 0.0, 0.8, 1.4])
"""Direction and share of each finger in a spread of all."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Posture:
    """How five fingers (thumb, index, middle, ring, little) are held; radians from rest."""

    flexion: Float[np.ndarray, "5 3"]
    """Of the three joints, from the palm outwards; positive closes."""
    abduction: Float[np.ndarray, "5"]
    """Sideways turn at the first joint; positive is towards the little finger."""
    opposition: float
    """Turn of the thumb's base across the palm."""

    def clipped(self) -> "Posture":
        """Bring every angle within its limits; a bent finger can hardly turn sideways."""
        flexion = np.clip(self.flexion, LOWER, UPPER)
        freedom = MAX_ABDUCTION * (1.0 - 0.75 * np.clip(flexion[:, 0] / 1.2, 0.0, 1.0))
        return Posture(
            flexion=flexion,
            abduction=np.clip(self.abduction, -freedom, freedom),
            opposition=float(np.clip(self.opposition, *OPPOSITION_RANGE)),
        )


def base_turns(
    posture: Posture, finger: int, hand: OpenHandArrays
) -> tuple[Float[np.ndarray, "3 3"], Float[np.ndarray, "3 3"]]:
    """Give the rotations of a finger's first joint that come after and before its flexion."""
    after = np.eye(3)
    if finger == 0:
        after = turn_about(OPPOSITION_AXIS, posture.opposition)
    sideways = posture.abduction[finger] * np.asarray(hand.abduction_axes[finger], np.float64)
    return after, turn_of(sideways)


def hand_pose_of(posture: Posture, hand: OpenHandArrays) -> Float[np.ndarray, "15 3"]:
    """Turn a posture into axis-angle vectors of joints 1..15, in the model's order."""
    pose = np.zeros((15, 3))
    for finger, joints in enumerate(FINGER_JOINTS):
        rows = np.array(joints) - 1
        pose[rows] = posture.flexion[finger][:, None] * hand.flexion_axes[rows]
        after, before = base_turns(posture, finger, hand)
        turn = after @ turn_of(pose[rows[0]]) @ before
        pose[rows[0]] = axis_angle_of(turn)
    return pose


def curled(curl: Float[np.ndarray, "5"]) -> Float[np.ndarray, "5 3"]:
    """Flex each finger by `curl` radians shared among its joints."""
    return curl[:, None] * COUPLING


_CURLS: dict[str, tuple[tuple[float, float], ...]] = {
    # Ranges of the curl of thumb, index, middle, ring, little; radians.
    "open": ((-0.3, 0.2), (-0.25, 0.1), (-0.25, 0.1), (-0.25, 0.1), (-0.25, 0.1)),
    "relaxed": ((-0.1, 0.4), (0.0, 0.4), (0.1, 0.5), (0.1, 0.6), (0.1, 0.6)),
    "pointing": ((0.2, 0.9), (-0.25, 0.1), (0.9, 1.4), (1.0, 1.45), (1.0, 1.45)),
    "fist": ((0.3, 1.0), (1.15, 1.45), (1.2, 1.5), (1.2, 1.5), (1.2, 1.5)),
    "random": ((-0.3, 1.0), (-0.2, 1.3), (-0.2, 1.3), (-0.2, 1.3), (-0.2, 1.3)),
    "hook": ((-0.2, 0.5), (0.5, 0.9), (0.5, 0.9), (0.5, 0.9), (0.5, 0.9)),
    "victory": ((0.4, 0.9), (-0.2, 0.1), (-0.2, 0.1), (1.0, 1.4), (1.0, 1.4)),
    "pinching": ((0.0, 0.5), (0.4, 0.8), (0.3, 0.8), (0.1, 0.8), (0.0, 0.8)),
}


def draw_posture(style: Style, rng: np.random.Generator) -> Posture:
    """Draw a posture of one style, within the limits.

    Neighbouring fingers go together: half of a finger's curl is its own, half is shared.
    """
    low, high = np.array(_CURLS[style]).T
    shared = rng.random()
    own = rng.random(5)
    share = own if style == "random" else 0.5 * (own + shared)
    flexion = curled(low + share * (high - low))
    flexion[1:] += rng.normal(0.0, 0.07, (4, 3))
    flexion[0] += rng.normal(0.0, 0.1, 3)
    opposition = rng.uniform(0.3, 1.0) if style == "fist" else rng.uniform(-0.3, 0.8)
    return Posture(
        flexion=flexion,
        abduction=rng.uniform(-0.15, 0.1) * _FAN + rng.normal(0.0, 0.03, 5),
        opposition=float(opposition),
    ).clipped()
