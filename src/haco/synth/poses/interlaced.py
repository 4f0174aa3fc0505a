"""Two hands with interlaced fingers: each finger lies between two of the other hand."""

import dataclasses
from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize

from haco.synth.poses.capsules import capsules_apart, finger_capsules, palm_capsules
from haco.synth.poses.fitting import Touch, X, Y, Z, draw_softness
from haco.synth.poses.pairs import OtherOnItsWay, closed_on, hand_target, label_mesh, posed_other
from haco.synth.poses.postures import MAX_ABDUCTION, Posture, curled, hand_pose_of
from haco.synth.poses.skin import ShapedHand, pose_label_mesh
from haco.synth.turns import turn_about

PRESSED = 0.0015
"""How deep the sides of fingers may press into each other before it costs, metres."""
DEEPEST = 0.0035
"""Deepest overlap of two capsules with which the hands are left, metres."""
_BOUNDS = (
    *[(-0.012, 0.012)] * 3,  # metres along x, y, z
    *[(-0.25, 0.25)] * 2,  # radians about x, y
    *[(-MAX_ABDUCTION, MAX_ABDUCTION)] * 4,  # of both hands' index .. little
    *[(-0.4, 0.9)] * 2,  # opposition of either thumb
)
_START = np.array([0, 0, 0, 0, 0, -1.0, -0.35, 0.35, 1.0, 0, 0])
_STEP = np.array([0.004] * 3 + [0.08] * 2 + [0.95 * MAX_ABDUCTION] * 4 + [0.3] * 2)
"""Sizes that the search takes for one."""

_jit = numba.njit(cache=True, error_model="numpy")


def interlaced(shaped: ShapedHand, rng: np.random.Generator) -> Touch | None:
    """Put the fingers of the other hand between those of this one, then bend those of both.

    The palms form a V that opens towards the wrists, in which the fingers cross at their middle
    bones. Where exactly, and how far the fingers spread, is searched for: capsules around all
    fingers shall not overlap.
    """
    hinge = np.radians(rng.uniform(60.0, 110.0))
    flexion = curled(np.full(5, rng.uniform(-0.25, 0.0)) + rng.normal(0.0, 0.03, 5))
    flexion[0] = rng.uniform(-0.2, 0.4, 3)
    plan = _Plan(
        shaped=shaped,
        turn=turn_about(Z, -hinge) @ turn_about(X, np.pi),
        flexion=flexion,
        side=float(rng.choice([-0.5, 0.5])),
        reach=float(rng.uniform(0.2, 0.8)),
    )
    start = _START + rng.normal(0.0, 0.1, len(_START))
    bounds = [(low / step, high / step) for (low, high), step in zip(_BOUNDS, _STEP, strict=True)]
    found = minimize(
        lambda values: plan.overlap(values)[0], start, method="L-BFGS-B", bounds=bounds,
        options={"maxiter": 12, "maxfun": 400, "eps": 0.02},
    ).x  # fmt: skip
    if plan.overlap(found)[1] > DEEPEST:
        return None
    own, other = plan.arranged(found)
    across = (
        _places(shaped, own, plan.reach),
        other.outwards(_places(shaped, other.posture, plan.reach)),
    )
    if not _alternate(across[0][:, 2], across[1][:, 2]):
        return None
    return _bent(shaped, own.clipped(), other, rng)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Plan:
    """How the two hands shall meet, up to what is searched for."""

    shaped: ShapedHand
    turn: Float[np.ndarray, "3 3"]
    """Of the other hand."""
    flexion: Float[np.ndarray, "5 3"]
    """Of the fingers of both."""
    side: float
    """By how many gaps the other's fingers are shifted sideways: half a one, either way."""
    reach: float
    """Where along the middle bones the fingers cross, 0..1."""

    def arranged(self, values: Float[np.ndarray, "11"]) -> tuple[Posture, OtherOnItsWay]:
        """Place both hands; the values are in units of `_STEP`."""
        steps = values * _STEP
        abduction = np.concatenate([[0.0], steps[5:9]])
        own, theirs = (
            Posture(flexion=self.flexion, abduction=abduction, opposition=float(opposition))
            for opposition in steps[9:]
        )
        crossing, gap = _crossing(self.shaped, own, self.reach)
        turn = turn_about(X, steps[3]) @ turn_about(Y, steps[4]) @ self.turn
        other = OtherOnItsWay(
            shaped=self.shaped,
            posture=theirs,
            mirrored=True,
            turn=turn,
            direction=turn @ -X,
            shift=np.zeros(3),
        )
        start = other.outwards(_crossing(self.shaped, theirs, self.reach)[0][None])[0]
        shift = crossing + self.side * gap * Z + steps[:3] - start
        return own, dataclasses.replace(other, shift=shift)

    def overlap(self, values: Float[np.ndarray, "11"]) -> tuple[float, float]:
        """Give the squares of all overlaps, summed, and the deepest overlap, metres."""
        own, other = self.arranged(values)
        return _overlap(hand_capsules(self.shaped, own), their_capsules(other), PRESSED)


def _bent(
    shaped: ShapedHand, posture: Posture, other: OtherOnItsWay, rng: np.random.Generator
) -> Touch:
    """Bend the fingers of both hands until they lie on the other's back."""
    softness = draw_softness(rng)
    theirs = other.outwards(label_mesh(other.shaped, other.posture))
    target = hand_target(shaped, theirs, mirrored=True)
    posture = closed_on(shaped, posture, target, softness, rng)
    own = other.inwards(label_mesh(shaped, posture))
    target = hand_target(shaped, own, mirrored=True)
    closed = closed_on(other.shaped, other.posture, target, softness, rng)
    other = dataclasses.replace(other, posture=closed)
    return Touch(posture=posture, other_hand=posed_other(other, rng))


def _crossing(
    shaped: ShapedHand, posture: Posture, reach: float
) -> tuple[Float[np.ndarray, "3"], float]:
    """Give the middle of the four places a share `reach` along the fingers' middle bones.

    Returns:
        That place, and how far the four lie apart sideways, metres.
    """
    places = _places(shaped, posture, reach)
    return places.mean(axis=0), float(np.abs(np.diff(places[:, 2])).mean())


def _places(shaped: ShapedHand, posture: Posture, reach: float) -> Float[np.ndarray, "4 3"]:
    joints = pose_label_mesh(shaped, hand_pose_of(posture, shaped.arrays))[1]
    return (1 - reach) * joints[[6, 10, 14, 18]] + reach * joints[[7, 11, 15, 19]]


def _alternate(own: Float[np.ndarray, "4"], theirs: Float[np.ndarray, "4"]) -> bool:
    """Say whether, along one axis, each finger of one hand is followed by one of the other."""
    owners = np.argsort(np.concatenate([own, theirs])) < 4
    return bool((owners[1:] != owners[:-1]).all())


def hand_capsules(shaped: ShapedHand, posture: Posture) -> Float[np.ndarray, "19 7"]:
    """Wrap a posed hand's fingers and palm in capsules: two ends and a radius, metres."""
    joints = pose_label_mesh(shaped, hand_pose_of(posture, shaped.arrays))[1]
    fingers = finger_capsules(shaped, joints).reshape(-1, 7)
    return np.concatenate([fingers, palm_capsules(shaped)])


def their_capsules(other: OtherOnItsWay) -> Float[np.ndarray, "19 7"]:
    """Do the same to the other hand, in the first hand's frame."""
    capsules = hand_capsules(other.shaped, other.posture)
    ends = other.outwards(capsules[:, :6].reshape(-1, 3)).reshape(-1, 6)
    return np.concatenate([ends, capsules[:, 6:]], axis=1)


@_jit
@no_type_check
def _overlap(some, others, free):
    """Sum of squares, in square millimetres, of all overlaps beyond `free`; and the deepest."""
    total, deepest = 0.0, 0.0
    for i in range(some.shape[0]):
        for j in range(others.shape[0]):
            depth = -capsules_apart(some[i], others[j])
            deepest = max(deepest, depth)
            if depth > free:
                total += (1e3 * (depth - free)) ** 2
    return total, deepest
