"""Hands laid on surfaces and bodies, hands that only come near something, and free hands."""

import numpy as np
from scipy.spatial.transform import Rotation

from haco.synth.capsules import palm_capsules
from haco.synth.held import (
    Touch,
    brought_near,
    close_fingers,
    close_thumb,
    draw_held_shape,
    draw_softness,
    own_capsules,
    placed,
)
from haco.synth.interaction import PlacedObject
from haco.synth.postures import Style, draw_posture, hand_pose_of
from haco.synth.shapes import draw_body, draw_surface
from haco.synth.skin import ShapedHand, pose_label_mesh
from haco.synth.targets import target_of_objects

_SURFACE_STYLES: dict[Style, float] = {
    "open": 0.35, "relaxed": 0.30, "pointing": 0.15, "fist": 0.10, "random": 0.10,
}  # fmt: skip
_FREE_STYLES: dict[Style, float] = {
    "open": 0.2, "relaxed": 0.25, "pointing": 0.1, "fist": 0.1, "random": 0.15, "hook": 0.05,
    "victory": 0.05, "pinching": 0.1,
}  # fmt: skip
NEAR_GAPS = (0.013, 0.050)
"""Least gap of a near miss, metres: beyond every threshold in use, but not by much."""


def draw_style(styles: dict[Style, float], rng: np.random.Generator) -> Style:
    """Draw a style of posture from a table of shares."""
    return list(styles)[rng.choice(len(styles), p=list(styles.values()))]


def surface(shaped: ShapedHand, rng: np.random.Generator) -> Touch | None:
    """Lay the hand on a plane or a box top, and mostly bend the fingers onto it."""
    posture = draw_posture(draw_style(_SURFACE_STYLES, rng), rng)
    points = pose_label_mesh(shaped, hand_pose_of(posture, shaped.arrays))[0]
    normal = _towards_palm(rng, spread=0.35, anyhow=0.1)
    thing = _surface_below(points, normal, rng)
    softness = draw_softness(rng)
    thing = brought_near(thing, normal, points, softness)
    if thing is None:
        return None
    target = target_of_objects([thing])
    if rng.random() < 0.65:
        posture, _ = close_fingers(
            shaped,
            posture,
            (0, 1, 2, 3, 4),
            target,
            softness=softness,
            blockers=palm_capsules(shaped)[:0],
        )
    return Touch(posture=posture, objects=(thing,))


def body(shaped: ShapedHand, rng: np.random.Generator) -> Touch | None:
    """Lay the hand on a limb, a head or a torso, and mostly bend the fingers round it."""
    posture = draw_posture(draw_style(_SURFACE_STYLES, rng), rng)
    points = pose_label_mesh(shaped, hand_pose_of(posture, shaped.arrays))[0]
    direction = _towards_palm(rng, spread=0.35, anyhow=0.1)
    thing = placed(draw_body(rng), _facing(direction, rng), _aim(points, rng), "body")
    softness = draw_softness(rng)
    thing = brought_near(thing, direction, points, softness)
    if thing is None:
        return None
    target = target_of_objects([thing])
    if rng.random() < 0.75:
        posture, _ = close_fingers(
            shaped,
            posture,
            (1, 2, 3, 4),
            target,
            softness=softness,
            blockers=palm_capsules(shaped)[:0],
        )
        blockers = own_capsules(shaped, posture, (1, 2, 3, 4))
        posture, _ = close_thumb(shaped, posture, target, rng, softness=softness, blockers=blockers)
    return Touch(posture=posture, objects=(thing,))


def near(shaped: ShapedHand, rng: np.random.Generator) -> Touch | None:
    """Hold the hand a little off an object, a surface or a body, often as if about to grasp."""
    posture = draw_posture(draw_style(_FREE_STYLES, rng), rng)
    points = pose_label_mesh(shaped, hand_pose_of(posture, shaped.arrays))[0]
    direction = _towards_palm(rng, spread=0.5, anyhow=0.25)
    share = rng.random()
    if share < 0.6:
        thing = placed(
            draw_held_shape(rng, 0.01, 0.05),
            Rotation.random(random_state=rng),
            _aim(points, rng),
            "object",
        )
    elif share < 0.85:
        thing = _surface_below(points, direction, rng)
    else:
        thing = placed(draw_body(rng), _facing(direction, rng), _aim(points, rng), "body")
    thing = brought_near(thing, direction, points, rng.uniform(*NEAR_GAPS))
    return None if thing is None else Touch(posture=posture, objects=(thing,))


def free(shaped: ShapedHand, rng: np.random.Generator) -> Touch:
    """Hold the hand in the air."""
    del shaped  # any hand will do
    return Touch(posture=draw_posture(draw_style(_FREE_STYLES, rng), rng))


def _towards_palm(rng: np.random.Generator, *, spread: float, anyhow: float) -> np.ndarray:
    """Draw the way a thing comes: up against the palm (+y), tilted, or, at times, from anywhere."""
    if rng.random() < anyhow:
        direction = rng.normal(size=3)
        return direction / np.linalg.norm(direction)
    tilt = Rotation.from_rotvec(rng.normal(0.0, spread, 3))
    return tilt.apply([0.0, 1.0, 0.0])


def _facing(normal: np.ndarray, rng: np.random.Generator) -> Rotation:
    """Turn so that some side direction (not the long axis y) points along `normal`."""
    side = Rotation.from_rotvec([0.0, rng.uniform(0, 2 * np.pi), 0.0]).apply([1.0, 0.0, 0.0])
    return _carrying(side, normal, rng)


def _carrying(source: np.ndarray, goal: np.ndarray, rng: np.random.Generator) -> Rotation:
    """Draw a rotation that carries one unit vector to another, any spin about it."""
    frames = []
    for direction in (source, goal):
        beside = np.cross(direction, rng.normal(size=3))
        beside /= np.linalg.norm(beside)
        frames.append(np.stack([direction, beside, np.cross(direction, beside)], axis=1))
    return Rotation.from_matrix(frames[1] @ frames[0].T)


def _aim(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Choose where on the hand a thing shall arrive: near some vertex."""
    return points[rng.integers(len(points))] + rng.normal(0.0, 0.01, 3)


def _surface_below(
    points: np.ndarray, normal: np.ndarray, rng: np.random.Generator
) -> PlacedObject:
    """Place a plane or a box top with its free side along `normal`, under the hand."""
    shape = draw_surface(rng)
    turn = _carrying(np.array([0.0, 1.0, 0.0]), normal, rng)
    position = points.mean(axis=0)
    if shape.kind == "block":
        halves = shape.primitives[0].sizes[:3]
        aside = rng.uniform(-1.0, 1.0, 3) * np.array([halves[0], 0.0, halves[2]])
        position = _aim(points, rng) + turn.apply(aside)
    return placed(shape, turn, position, "surface")
