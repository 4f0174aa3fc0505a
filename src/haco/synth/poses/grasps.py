"""One posed hand and what it touches, drawn at random: `draw_interaction`.

Each kind has a recipe that proposes a touch; what comes out inhuman or runs deep into something is
drawn again. Labels are distances, measured at the end, never what the recipe meant.
"""

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from jaxtyping import Float
from scipy.spatial import KDTree

from haco.files import InputError
from haco.geometry.proximity import signed_distance
from haco.hands.open_hand import OpenHandArrays, open_hand_arrays
from haco.synth.poses.arms import arm
from haco.synth.poses.capsules import self_overlap
from haco.synth.poses.clasps import clasp
from haco.synth.poses.fitting import ShapeDrawer, Touch, draw_held_shape
from haco.synth.poses.gestures import gesture, touching_itself
from haco.synth.poses.held import pinch, power
from haco.synth.poses.interaction import FAR, Interaction, Kind
from haco.synth.poses.laid import body, free, near, surface
from haco.synth.poses.pairs import hands
from haco.synth.poses.postures import hand_pose_of
from haco.synth.poses.skin import PosedHand, ShapedHand, pose_shaped_hand, shape_hand
from haco.synth.poses.used import scene, shared, tool

INTERACTION_SHARES: Mapping[Kind, float] = MappingProxyType(
    {
        "power": 0.13, "pinch": 0.11, "tool": 0.15, "surface": 0.08, "scene": 0.08, "body": 0.07,
        "hands": 0.04, "clasp": 0.05, "shared": 0.03, "near": 0.10, "free": 0.08, "gesture": 0.05,
        "self": 0.03,
    }
)  # fmt: skip
"""How often each kind is drawn; sums to one."""
MAX_PENETRATION = 0.005
"""No vertex lies deeper inside what the hand touches, metres; flesh gives way that far."""
MAX_SELF_OVERLAP = 0.004
"""Deepest that a hand's own capsules may run into each other, metres."""
CONTACTLESS_KEPT = 0.3
"""Share kept of those that were meant to touch and do not."""
HAND_ON_HAND, ELSEWHERE = 0.005, 0.010
"""Contact thresholds of the paper, metres."""
UNTOUCHED: tuple[Kind, ...] = ("near", "free", "gesture", "self")
"""Kinds in which the hand touches nothing but, at most, itself."""
_MAX_TRIES = 300

_OF_THINGS: Mapping[
    Kind, Callable[[ShapedHand, np.random.Generator, ShapeDrawer], Touch | None]
] = {"power": power, "pinch": pinch, "near": near}
"""Recipes that can do with any thing."""
_RECIPES: Mapping[Kind, Callable[[ShapedHand, np.random.Generator], Touch | None]] = {
    "surface": surface,
    "body": body,
    "hands": hands,
    "free": free,
    "tool": tool,
    "scene": scene,
    "clasp": clasp,
    "shared": shared,
    "gesture": gesture,
    "self": touching_itself,
}


def draw_kind(rng: np.random.Generator) -> Kind:
    """Draw one kind of interaction after `INTERACTION_SHARES`."""
    shares = INTERACTION_SHARES
    return list(shares)[rng.choice(len(shares), p=list(shares.values()))]


def draw_interaction(
    kind: Kind,
    rng: np.random.Generator,
    *,
    hand: OpenHandArrays | None = None,
    draw: ShapeDrawer = draw_held_shape,
) -> Interaction:
    """Draw a hand of some person in some posture, with what it touches or nearly touches.

    Args:
        kind: `power` or `pinch` (holds a thing), `tool` (uses one), `surface`, `scene` (rails,
            keyboards, buttons, edges), `body`, `hands` (touches a second hand), `clasp` (holds
            it), `shared` (both hold a thing), `near` (13 to 50 mm off something), `free`,
            `gesture`, or `self` (touches only itself, which is no contact).
        rng: The same state gives the same interaction, to the byte.
        hand: The open hand's arrays; None loads them.
        draw: Draws what is held (`power`, `pinch`) or nearly touched (`near`).

    Returns:
        The hand, the things, and the exact distance of each label vertex to them.

    Raises:
        InputError: `draw` gives nothing that a hand could hold so.
    """
    hand = open_hand_arrays() if hand is None else hand
    for _ in range(_MAX_TRIES):
        shaped = shape_hand(np.clip(rng.normal(size=10), -2.0, 2.0), hand=hand)
        of_things = _OF_THINGS.get(kind)
        touch = of_things(shaped, rng, draw) if of_things else _RECIPES[kind](shaped, rng)
        interaction = None if touch is None else _finished(kind, shaped, touch, rng)
        if interaction is not None:
            return interaction
    if draw is not draw_held_shape:
        raise InputError(
            f"no hand can hold any of your objects by '{kind}' (tried {_MAX_TRIES} times); leave "
            f"that out with --share {kind}=0, or add other objects"
        )
    raise RuntimeError(f"no acceptable '{kind}' in {_MAX_TRIES} tries")


def _finished(
    kind: Kind, shaped: ShapedHand, touch: Touch, rng: np.random.Generator
) -> Interaction | None:
    """Pose the meshes, measure all distances, and refuse what no hand would do."""
    hand_pose = hand_pose_of(touch.posture, shaped.arrays)
    bend = _draw_bend(rng) if touch.wrist_bend is None else touch.wrist_bend
    posed = pose_shaped_hand(shaped, hand_pose, bend)
    if self_overlap(shaped, posed.joints) > MAX_SELF_OVERLAP:
        return None
    distance = _distance(touch, posed.vertices, shaped.arrays)
    if distance.min() < -MAX_PENETRATION:
        return None
    threshold = HAND_ON_HAND if kind in ("hands", "clasp") else ELSEWHERE
    meant_to_touch = kind not in UNTOUCHED
    if meant_to_touch and distance.min() >= threshold and rng.random() > CONTACTLESS_KEPT:
        return None
    for _ in range(8):
        if not _forearm_inside(touch, shaped, posed):
            break
        if touch.wrist_bend is not None:
            return None
        bend = _draw_bend(rng)
        posed = pose_shaped_hand(shaped, hand_pose, bend)
    else:
        return None
    return Interaction(
        kind=kind,
        betas=shaped.betas,
        hand_pose=hand_pose,
        wrist_bend=bend,
        objects=touch.objects,
        other_hand=touch.other_hand,
        distance=distance.astype(np.float32),
        threshold=threshold,
        vertices=posed.vertices,
        render_vertices=posed.render_vertices,
        joints=posed.joints,
    )


def _draw_bend(rng: np.random.Generator) -> Float[np.ndarray, "3"]:
    """Draw how the forearm meets the wrist: twist (x), sideways (y) and up or down (z)."""
    return rng.normal(0.0, (0.15, 0.2, 0.25)).clip(-0.6, 0.6)


def _distance(
    touch: Touch, vertices: Float[np.ndarray, "points 3"], hand: OpenHandArrays
) -> Float[np.ndarray, " points"]:
    """Measure the signed distance from points to everything that the hand may touch."""
    distance = np.full(len(vertices), FAR)
    for thing in touch.objects:
        distance = np.minimum(distance, thing.distance(vertices))
    other = touch.other_hand
    if other is not None and other.wrist_held:
        whole = arm()
        faces = whole.faces[:, ::-1] if other.mirrored else whole.faces
        theirs = whole.prolong(other.render_vertices)
        distance = np.minimum(distance, signed_distance(vertices, theirs, faces))
    elif other is not None:
        faces = hand.closed_faces[:, ::-1] if other.mirrored else hand.closed_faces
        distance = np.minimum(distance, signed_distance(vertices, other.vertices, faces))
    return distance


def _forearm_inside(touch: Touch, shaped: ShapedHand, posed: PosedHand) -> bool:
    """Say whether the forearm, which has no labels, runs into what the hand touches."""
    forearm = shaped.arrays.render_weights[:, 16] > 0.3
    own = posed.render_vertices
    objects = dataclasses.replace(touch, other_hand=None)
    if _distance(objects, own[forearm], shaped.arrays).min() < -MAX_PENETRATION:
        return True
    if touch.other_hand is None or touch.other_hand.wrist_held:
        return False
    other = touch.other_hand.render_vertices
    return (
        _least_apart(own[forearm][::4], other[::4]) < MAX_PENETRATION
        or _least_apart(other[forearm][::4], own[::4]) < MAX_PENETRATION
    )


def _least_apart(some: Float[np.ndarray, "n 3"], others: Float[np.ndarray, "m 3"]) -> float:
    return float(KDTree(others).query(some)[0].min())
