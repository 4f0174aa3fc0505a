"""Two hands: palm on palm, palm on back, side by side, a handshake, or only near each other."""

import dataclasses

import numpy as np
from jaxtyping import Float

from haco.synth.poses.capsules import palm_capsules
from haco.synth.poses.fitting import (
    Touch,
    X,
    Y,
    Z,
    close_fingers,
    close_thumb,
    draw_softness,
    own_capsules,
)
from haco.synth.poses.interaction import OtherHand
from haco.synth.poses.postures import Posture, Style, draw_posture, hand_pose_of
from haco.synth.poses.skin import ShapedHand, pose_label_mesh, pose_shaped_hand, shape_hand
from haco.synth.poses.targets import Target, target_of_surface, travel_to_touch
from haco.synth.turns import random_turn, turn_about, turn_of

_STYLES: dict[Style, float] = {
    "open": 0.4, "relaxed": 0.3, "fist": 0.1, "pointing": 0.1, "random": 0.1,
}  # fmt: skip
_LAYOUTS = {"palms": 0.40, "under": 0.15, "over": 0.15, "anyhow": 0.15, "shake": 0.15}
MIRROR = np.array([1.0, 1.0, -1.0])
"""A left hand is a right hand with z turned about."""
_START = 0.4
"""Where the other hand starts that is brought to this one, metres."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class OtherOnItsWay:
    """A second hand on its way: its own posture, and how it is turned and placed."""

    shaped: ShapedHand
    posture: Posture
    mirrored: bool
    turn: Float[np.ndarray, "3 3"]
    direction: Float[np.ndarray, "3"]
    """The way it comes."""
    shift: Float[np.ndarray, "3"]

    def outwards(self, points: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 3"]:
        """Carry points from the other hand's frame, unmirrored, into the first hand's."""
        return (points * MIRROR if self.mirrored else points) @ self.turn.T + self.shift

    def inwards(self, points: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 3"]:
        """Carry points of the first hand's frame into the other's, unmirrored."""
        turned = (points - self.shift) @ self.turn
        return turned * MIRROR if self.mirrored else turned


def hands(shaped: ShapedHand, rng: np.random.Generator) -> Touch | None:
    """Bring a second hand against this one and mostly close the fingers of both."""
    layout = list(_LAYOUTS)[rng.choice(len(_LAYOUTS), p=list(_LAYOUTS.values()))]
    posture = _draw_posture(layout, rng)
    own = label_mesh(shaped, posture)
    other = brought_near_hand(own, shaped, _draw_other(layout, shaped, rng), gap=0.0)
    if other is None:
        return None
    softness = draw_softness(rng)
    if rng.random() < 0.75:
        theirs = other.outwards(label_mesh(other.shaped, other.posture))
        target = hand_target(shaped, theirs, mirrored=other.mirrored)
        posture = closed_on(shaped, posture, target, softness, rng)
        own = label_mesh(shaped, posture)
    if rng.random() < 0.6:
        target = hand_target(shaped, other.inwards(own), mirrored=other.mirrored)
        closed = closed_on(other.shaped, other.posture, target, softness, rng)
        other = dataclasses.replace(other, posture=closed)
    return Touch(posture=posture, other_hand=posed_other(other, rng))


def hands_apart(shaped: ShapedHand, rng: np.random.Generator, *, gap: float) -> Touch | None:
    """Bring a second hand near this one, but no nearer than `gap`, metres."""
    layout = list(_LAYOUTS)[rng.choice(len(_LAYOUTS), p=list(_LAYOUTS.values()))]
    posture = _draw_posture(layout, rng)
    own = label_mesh(shaped, posture)
    other = brought_near_hand(own, shaped, _draw_other(layout, shaped, rng), gap=gap)
    return None if other is None else Touch(posture=posture, other_hand=posed_other(other, rng))


def label_mesh(shaped: ShapedHand, posture: Posture) -> Float[np.ndarray, "vertices 3"]:
    """Pose a hand's label mesh, metres."""
    return pose_label_mesh(shaped, hand_pose_of(posture, shaped.arrays))[0]


def _draw_posture(layout: str, rng: np.random.Generator) -> Posture:
    if layout == "shake":
        posture = draw_posture("open", rng)
        return dataclasses.replace(posture, opposition=float(rng.uniform(-0.3, 0.1)))
    style = list(_STYLES)[rng.choice(len(_STYLES), p=list(_STYLES.values()))]
    return draw_posture(style, rng)


def _draw_other(layout: str, shaped: ShapedHand, rng: np.random.Generator) -> OtherOnItsWay:
    """Draw the second hand, how it is turned, and from where it comes."""
    length = -shaped.joints[4, 0]
    posture = _draw_posture(layout, rng)
    shift = rng.normal(0.0, 0.015, 3)
    if layout == "shake":  # another person's right hand, fingers the other way
        betas = np.clip(rng.normal(size=10), -2.0, 2.0)
        return OtherOnItsWay(
            shaped=shape_hand(betas, hand=shaped.arrays),
            posture=posture,
            mirrored=False,
            turn=turn_of(rng.normal(0.0, 0.12, 3)) @ turn_about(Z, np.pi),
            direction=Y,
            shift=0.5 * shift - 1.75 * length * X,
        )
    spin = turn_about(Y, rng.choice([0.0, np.pi / 2, -np.pi / 3], p=[0.5, 0.25, 0.25]))
    turn = turn_of(rng.normal(0.0, 0.3, 3)) @ spin
    direction = -Y if layout == "over" else Y
    if layout == "palms":
        turn = turn @ turn_about(X, np.pi)
    elif layout == "anyhow":
        turn, direction = random_turn(rng), rng.normal(size=3)
        direction /= np.linalg.norm(direction)
    middle = -length * X  # turn about the end of the palm, not about the wrist
    return OtherOnItsWay(
        shaped=shaped,
        posture=posture,
        mirrored=True,
        turn=turn,
        direction=direction,
        shift=shift + middle - turn @ middle,
    )


def brought_near_hand(
    own: Float[np.ndarray, "vertices 3"], shaped: ShapedHand, other: OtherOnItsWay, *, gap: float
) -> OtherOnItsWay | None:
    """Move the other hand along its direction until it is `gap` off; None if it flies past."""
    start = dataclasses.replace(other, shift=other.shift - _START * other.direction)
    points = start.outwards(label_mesh(other.shaped, other.posture))
    target = hand_target(shaped, own, mirrored=False)
    way = travel_to_touch(points, other.direction, target, gap, 2 * _START)
    if np.isnan(way):
        return None
    return dataclasses.replace(start, shift=start.shift + way * other.direction)


def hand_target(
    shaped: ShapedHand, vertices: Float[np.ndarray, "vertices 3"], *, mirrored: bool
) -> Target:
    """Make a target of a posed label mesh; a mirrored one has its faces turned about."""
    hand = shaped.arrays
    corners = vertices[hand.faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.stack(
        [
            np.bincount(hand.faces.ravel(), np.repeat(across[:, k], 3), len(vertices))
            for k in range(3)
        ],
        axis=1,
    )
    normals *= (-1.0 if mirrored else 1.0) / np.linalg.norm(normals, axis=1, keepdims=True)
    return target_of_surface(vertices, normals, hand.cluster_84)


def closed_on(
    shaped: ShapedHand,
    posture: Posture,
    target: Target,
    softness: float,
    rng: np.random.Generator,
) -> Posture:
    """Close all fingers, then the thumb, on a target."""
    posture, _ = close_fingers(
        shaped, posture, (1, 2, 3, 4), target, softness=softness, blockers=palm_capsules(shaped)
    )
    blockers = own_capsules(shaped, posture, (1, 2, 3, 4))
    return close_thumb(shaped, posture, target, rng, softness=softness, blockers=blockers)[0]


def posed_other(other: OtherOnItsWay, rng: np.random.Generator) -> OtherHand:
    """Pose the second hand where it has arrived, its forearm bent a little."""
    bend = rng.normal(0.0, 0.2, 3)
    posed = pose_shaped_hand(other.shaped, hand_pose_of(other.posture, other.shaped.arrays), bend)
    T_hand_other = np.eye(4)
    T_hand_other[:3, :3], T_hand_other[:3, 3] = other.turn, other.shift
    return OtherHand(
        vertices=other.outwards(posed.vertices),
        render_vertices=other.outwards(posed.render_vertices),
        T_hand_other=T_hand_other,
        mirrored=other.mirrored,
    )
