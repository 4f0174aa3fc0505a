"""Hands that hold things: the power grip and the pinch."""

import dataclasses

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from haco.synth.capsules import finger_capsules, palm_capsules
from haco.synth.closing import close_finger
from haco.synth.interaction import OtherHand, PlacedObject
from haco.synth.postures import OPPOSITION_RANGE, Posture, curled, draw_posture, hand_pose_of
from haco.synth.shapes import SHAPE_SHARES, Shape, draw_shape
from haco.synth.skin import ShapedHand, pose_label_mesh
from haco.synth.targets import Target, least_distance, target_of_objects, travel_to_touch

FAR_OFF = 0.6
"""Where a thing starts that is brought to the hand, metres."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Touch:
    """What a recipe proposes: a posture, and what it touches."""

    posture: Posture
    objects: tuple[PlacedObject, ...] = ()
    other_hand: OtherHand | None = None


def draw_held_shape(rng: np.random.Generator, low: float, high: float) -> Shape:
    """Draw a graspable shape whose size lies between `low` and `high`, metres."""
    kind = list(SHAPE_SHARES)[rng.choice(len(SHAPE_SHARES), p=list(SHAPE_SHARES.values()))]
    return draw_shape(kind, rng.uniform(low, high), rng)


def draw_softness(rng: np.random.Generator) -> float:
    """Draw the distance at which skin counts as pressed on, metres: from -2 to +1 mm."""
    return float(rng.uniform(-0.002, 0.001))


def placed(shape: Shape, turn: Rotation, position: np.ndarray, role: str) -> PlacedObject:
    """Put a shape's origin at `position`, turned by `turn`, in the hand's frame."""
    T_hand_object = np.eye(4)
    T_hand_object[:3, :3], T_hand_object[:3, 3] = turn.as_matrix(), position
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

    Returns:
        The posture with the thumb closed, and True; or the posture as it was, and False.
    """
    for opposition in rng.permutation(np.linspace(-0.3, OPPOSITION_RANGE[1], 9)):
        turned = dataclasses.replace(posture, opposition=float(opposition))
        tried, closed = close_finger(
            shaped, turned, 0, target, blockers=blockers, softness=softness
        )
        if closed.touched and closed.gap > -0.006:
            return tried, True
    return posture, False


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


def power(shaped: ShapedHand, rng: np.random.Generator) -> Touch | None:
    """Wrap the whole hand around a thing that is slid against the palm."""
    opened = Posture(
        flexion=curled(np.full(5, -0.2) + rng.normal(0.0, 0.05, 5)),
        abduction=rng.uniform(-0.15, 0.05) * np.array([0.0, -1.0, 0.0, 0.8, 1.4]),
        opposition=float(rng.uniform(0.2, 0.9)),
    ).clipped()
    shape = draw_held_shape(rng, 0.012, 0.05)
    thing = placed(shape, _across_palm(rng), _in_palm(shaped, rng), "object")
    points = pose_label_mesh(shaped, hand_pose_of(opened, shaped.arrays))[0]
    not_thumb = shaped.arrays.lbs_weights[:, 13:].sum(axis=1) < 0.3
    softness = draw_softness(rng)
    gap = rng.uniform(0.0, 0.03) if rng.random() < 0.25 else softness
    up = np.array([0.0, 1.0, 0.0])
    thing = brought_near(thing, up, np.ascontiguousarray(points[not_thumb]), gap)
    if thing is None:
        return None
    target = target_of_objects([thing])
    fingers = tuple(finger for finger in (1, 2, 3, 4) if rng.random() < 0.93)
    posture, _ = close_fingers(
        shaped, opened, fingers, target, softness=softness, blockers=palm_capsules(shaped)
    )
    blockers = own_capsules(shaped, posture, (1, 2, 3, 4))
    posture, _ = close_thumb(shaped, posture, target, rng, softness=softness, blockers=blockers)
    return Touch(posture=posture, objects=(thing,))


def _across_palm(rng: np.random.Generator) -> Rotation:
    """Lay a thing's long axis (y) across the palm (z), within 25 degrees or, at times, anyhow."""
    if rng.random() < 0.15:
        return Rotation.random(random_state=rng)
    spin = Rotation.from_rotvec([0.0, rng.uniform(0, 2 * np.pi), 0.0])
    across = Rotation.from_rotvec([np.pi / 2 * rng.choice([-1.0, 1.0]), 0.0, 0.0])
    lean = rng.normal(size=3)
    lean *= np.radians(rng.uniform(0, 25)) / np.linalg.norm(lean)
    return Rotation.from_rotvec(lean) * across * spin


def _in_palm(shaped: ShapedHand, rng: np.random.Generator) -> np.ndarray:
    knuckle = shaped.joints[4]
    return np.array([knuckle[0] * rng.uniform(0.65, 1.05), 0.0, rng.normal(0.0, 0.012)])


def pinch(shaped: ShapedHand, rng: np.random.Generator) -> Touch | None:
    """Hold a small thing between the thumb and one to four finger tips."""
    hand = shaped.arrays
    posture = draw_posture("pinching", rng)
    num_fingers = int(rng.choice([1, 2, 3, 4], p=[0.3, 0.3, 0.2, 0.2]))
    fingers = tuple(range(1, 1 + num_fingers))
    joints = pose_label_mesh(shaped, hand_pose_of(posture, hand))[1]
    tips = joints[[4, 8, 12, 16, 20]]
    thumb, others = tips[0], tips[list(fingers)].mean(axis=0)
    shape = draw_held_shape(rng, 0.006, 0.028)
    turn = _between(others - thumb, rng)
    half_length = float(np.abs(shape.mesh()[0][:, 1]).max())
    along = turn.apply([0.0, rng.uniform(-0.8, 0.8) * (half_length - 0.01), 0.0])
    centre = 0.5 * (thumb + others) + rng.normal(0.0, 0.003, 3) + along
    thing = placed(shape, turn, centre, "object")
    target = target_of_objects([thing])
    flexion = posture.flexion.copy()
    reopened = (0, *fingers)
    flexion[list(reopened)] -= curled(np.full(5, 0.35))[list(reopened)]
    posture = dataclasses.replace(posture, flexion=flexion).clipped()
    softness = draw_softness(rng)
    posture, thumb_touches = close_thumb(
        shaped, posture, target, rng, softness=softness, blockers=palm_capsules(shaped)
    )
    blockers = own_capsules(shaped, posture, (0,))
    posture, num_touching = close_fingers(
        shaped, posture, fingers, target, softness=softness, blockers=blockers
    )
    if not (thumb_touches and num_touching) and rng.random() < 0.9:
        return None
    vertices = pose_label_mesh(shaped, hand_pose_of(posture, hand))[0]
    palm = np.ascontiguousarray(vertices[hand.lbs_weights[:, 0] > 0.5])
    if least_distance(palm, np.zeros(3), target) < -0.004:
        return None
    return Touch(posture=posture, objects=(thing,))


def _between(axis: np.ndarray, rng: np.random.Generator) -> Rotation:
    """Turn a thing so that its thinnest way (x) lies along `axis`, or, at times, anyhow."""
    if rng.random() < 0.3:
        return Rotation.random(random_state=rng)
    x = axis / np.linalg.norm(axis)
    y = np.cross(x, rng.normal(size=3))
    y /= np.linalg.norm(y)
    frame = Rotation.from_matrix(np.stack([x, y, np.cross(x, y)], axis=1))
    return Rotation.from_rotvec(rng.normal(0.0, 0.2, 3)) * frame
