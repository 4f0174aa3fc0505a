"""What the recipes share: bringing things to a hand, and closing its fingers and thumb."""

import dataclasses
from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from haco.synth.objects.meshes import AnyShape
from haco.synth.objects.shapes import SHAPE_SHARES, draw_shape
from haco.synth.poses.capsules import finger_capsules, palm_capsules
from haco.synth.poses.closing import close_finger
from haco.synth.poses.interaction import OtherHand, PlacedObject, Role
from haco.synth.poses.postures import OPPOSITION_RANGE, Posture, hand_pose_of
from haco.synth.poses.skin import ShapedHand, pose_label_mesh
from haco.synth.poses.targets import Target, target_of_objects, travel_to_touch

X, Y, Z = np.eye(3)
"""Axes of the hand's frame: fingers along -X, back of the hand along Y, thumb along Z."""
FAR_OFF = 0.6
"""Where a thing starts that is brought to the hand, metres."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Touch:
    """What a recipe proposes: a posture, and what it touches."""

    posture: Posture
    objects: tuple[PlacedObject, ...] = ()
    other_hand: OtherHand | None = None
    wrist_bend: Float[np.ndarray, "3"] | None = None
    """How the forearm must meet the wrist, axis-angle in radians; None if any way will do."""


ShapeDrawer = Callable[[np.random.Generator, float, float], AnyShape]
"""Draws something to hold, given between which sizes (half widths that a hand spans), metres."""


def draw_held_shape(rng: np.random.Generator, low: float, high: float) -> AnyShape:
    """Draw a graspable shape whose size lies between `low` and `high`, metres."""
    kind = list(SHAPE_SHARES)[rng.choice(len(SHAPE_SHARES), p=list(SHAPE_SHARES.values()))]
    return draw_shape(kind, rng.uniform(low, high), rng)


def draw_softness(rng: np.random.Generator) -> float:
    """Draw the distance at which skin counts as pressed on, metres: from -2 to +1 mm."""
    return float(rng.uniform(-0.002, 0.001))


def placed(
    shape: AnyShape,
    turn: Float[np.ndarray, "3 3"],
    position: Float[np.ndarray, "3"],
    role: Role,
) -> PlacedObject:
    """Put a shape's origin at `position`, turned by `turn`, in the hand's frame."""
    T_hand_object = np.eye(4)
    T_hand_object[:3, :3], T_hand_object[:3, 3] = turn, position
    return PlacedObject(shape=shape, T_hand_object=T_hand_object, role=role)


def brought_near(
    thing: PlacedObject, direction: np.ndarray, points: np.ndarray, gap: float
) -> PlacedObject | None:
    """Move a thing along `direction` until it is `gap` from the nearest point.

    Returns:
        The thing in its new place, or None when it flies past.
    """
    T_hand_object = thing.T_hand_object.copy()
    T_hand_object[:3, 3] -= FAR_OFF * direction
    start = dataclasses.replace(thing, T_hand_object=T_hand_object)
    target = target_of_objects([start])
    way = travel_to_touch(points, -direction, target, gap, 2 * FAR_OFF)
    if np.isnan(way):
        return None
    T_hand_object = T_hand_object.copy()
    T_hand_object[:3, 3] += way * direction
    return dataclasses.replace(thing, T_hand_object=T_hand_object)


def close_thumb(
    shaped: ShapedHand,
    posture: Posture,
    target: Target,
    rng: np.random.Generator,
    *,
    softness: float,
    blockers: Float[np.ndarray, "capsules 7"],
) -> tuple[Posture, bool]:
    """Close the thumb, trying nine turns across the palm until one lets it touch.

    Where none does, it comes to rest on the hand's own fingers or palm, if it meets them.

    Returns:
        The posture with the thumb closed, and whether it touches the target.
    """
    resting = posture
    for opposition in rng.permutation(np.linspace(-0.3, OPPOSITION_RANGE[1], 9)):
        turned = dataclasses.replace(posture, opposition=float(opposition))
        tried, closed = close_finger(
            shaped, turned, 0, target, blockers=blockers, softness=softness
        )
        if closed.gap < -0.006:
            continue
        if closed.touched:
            return tried, True
        if closed.blocked and resting is posture:
            resting = tried
    return resting, False


def own_capsules(
    shaped: ShapedHand, posture: Posture, fingers: tuple[int, ...]
) -> Float[np.ndarray, "capsules 7"]:
    """Gather the palm's capsules and those of some fingers of a posed hand."""
    joints = pose_label_mesh(shaped, hand_pose_of(posture, shaped.arrays))[1]
    chosen = finger_capsules(shaped, joints)[list(fingers)].reshape(-1, 7)
    return np.concatenate([palm_capsules(shaped), chosen])


def close_fingers(
    shaped: ShapedHand,
    posture: Posture,
    fingers: tuple[int, ...],
    target: Target,
    *,
    softness: float,
    blockers: Float[np.ndarray, "capsules 7"],
) -> tuple[Posture, int]:
    """Close some of the four fingers one by one; returns the posture and how many touch."""
    num_touching = 0
    for finger in fingers:
        posture, closed = close_finger(
            shaped, posture, finger, target, blockers=blockers, softness=softness
        )
        num_touching += closed.touched
    return posture, num_touching


def thumb_folded(shaped: ShapedHand, posture: Posture, rng: np.random.Generator) -> Posture:
    """Lay the thumb over the hand's own fingers, as in a fist."""
    nothing = target_of_objects([])
    blockers = own_capsules(shaped, posture, (1, 2, 3, 4))
    turned = dataclasses.replace(posture, opposition=float(rng.uniform(0.3, 1.3)))
    folded, closed = close_finger(shaped, turned, 0, nothing, blockers=blockers, softness=0.0)
    return folded if closed.blocked else posture
