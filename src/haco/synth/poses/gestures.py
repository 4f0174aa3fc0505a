"""Hands that say something, and hands that touch only themselves."""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from haco.synth.poses.closing import close_finger
from haco.synth.poses.fitting import Touch, own_capsules, thumb_folded
from haco.synth.poses.postures import Posture, curled, draw_posture
from haco.synth.poses.skin import ShapedHand
from haco.synth.poses.targets import target_of_objects

STRAIGHT, BENT = (-0.25, 0.05), (1.15, 1.45)
_S, _B = STRAIGHT, BENT
GESTURES: Mapping[str, tuple[tuple[float, float], ...]] = MappingProxyType(
    {
        "thumb up": ((-0.35, -0.1), _B, _B, _B, _B),
        "point": ((0.2, 0.8), _S, _B, _B, _B),
        "victory": ((0.4, 0.9), _S, _S, _B, _B),
        "three": ((0.4, 0.9), _S, _S, _S, _B),
        "four": ((0.5, 0.9), _S, _S, _S, _S),
        "stop": ((-0.3, 0.1), _S, _S, _S, _S),
        "horns": ((0.3, 0.9), _S, _B, _B, _S),
        "call me": ((-0.35, -0.1), _B, _B, _B, _S),
        "gun": ((-0.35, -0.1), _S, _B, _B, _B),
        "beckon": ((0.0, 0.5), (0.4, 0.9), (0.5, 1.0), (0.6, 1.0), (0.6, 1.1)),
    }
)
"""Ranges of the curl of thumb, index, middle, ring and little, radians."""
_FOLDED = ("point", "victory", "three", "four", "horns")
"""Here the thumb mostly lies on the bent fingers or the palm."""


def gesture(shaped: ShapedHand, rng: np.random.Generator) -> Touch:
    """Show a sign with the hand in the air."""
    name = list(GESTURES)[rng.integers(len(GESTURES))]
    low, high = np.array(GESTURES[name]).T
    raised = name in ("thumb up", "call me", "gun", "stop")
    opposition = rng.uniform(-0.4, 0.0) if raised else rng.uniform(0.3, 1.0)
    posture = Posture(
        flexion=curled(rng.uniform(low, high)) + rng.normal(0.0, 0.06, (5, 3)),
        abduction=rng.uniform(-0.25, 0.05) * np.array([0.0, -1.0, 0.0, 0.8, 1.4]),
        opposition=float(opposition),
    ).clipped()
    if name in _FOLDED and rng.random() < 0.8:
        posture = thumb_folded(shaped, posture, rng)
    return Touch(posture=posture)


def touching_itself(shaped: ShapedHand, rng: np.random.Generator) -> Touch | None:
    """Touch the hand's own fingers with the thumb: a ring as in "OK", or a closed fist."""
    if rng.random() < 0.3:
        fist = draw_posture("fist", rng)
        folded = thumb_folded(shaped, fist, rng)
        return None if folded is fist else Touch(posture=folded)
    posture = draw_posture("open" if rng.random() < 0.6 else "relaxed", rng)
    met = int(rng.choice([1, 2, 3], p=[0.6, 0.25, 0.15]))
    flexion = posture.flexion.copy()
    flexion[met] = curled(np.full(5, rng.uniform(0.55, 0.95)))[met]
    posture = dataclasses.replace(posture, flexion=flexion).clipped()
    blockers = own_capsules(shaped, posture, (met,))
    for opposition in rng.permutation(np.linspace(0.1, 1.3, 9)):
        turned = dataclasses.replace(posture, opposition=float(opposition))
        closed, result = close_finger(
            shaped, turned, 0, target_of_objects([]), blockers=blockers, softness=0.0
        )
        if result.blocked:
            return Touch(posture=closed)
    return None
