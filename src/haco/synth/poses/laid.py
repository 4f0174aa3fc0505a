"""Hands laid on surfaces and bodies, hands that only come near something, and free hands."""

import numpy as np
from jaxtyping import Float
from scipy.spatial import ConvexHull

from haco.synth.objects.shapes import draw_body, draw_surface
from haco.synth.poses.fitting import (
    ShapeDrawer,
    Touch,
    X,
    Y,
    brought_near,
    close_fingers,
    close_thumb,
    draw_held_shape,
    draw_softness,
    own_capsules,
    placed,
    thumb_folded,
)
from haco.synth.poses.interaction import PlacedObject
from haco.synth.poses.pairs import hands_apart
from haco.synth.poses.postures import Posture, Style, draw_posture, hand_pose_of
from haco.synth.poses.skin import ShapedHand, pose_label_mesh
from haco.synth.poses.targets import target_of_objects
from haco.synth.turns import random_turn, turn_about, turn_carrying, turn_of

_SURFACE_STYLES: dict[Style, float] = {
    "open": 0.35, "relaxed": 0.30, "pointing": 0.15, "fist": 0.10, "random": 0.10,
}  # fmt: skip
_FREE_STYLES: dict[Style, float] = {
    "open": 0.2, "relaxed": 0.25, "pointing": 0.1, "fist": 0.1, "random": 0.15, "hook": 0.05,
    "victory": 0.05, "pinching": 0.1,
}  # fmt: skip
_NEAR_SHARES = {"object": 0.5, "surface": 0.2, "body": 0.15, "hands": 0.15}
NEAR_GAPS = (0.013, 0.050)
"""Least gap of a near miss, metres: beyond every threshold in use, but not by much."""
_NO_BLOCKERS = np.zeros((0, 7))


def surface(shaped: ShapedHand, rng: np.random.Generator) -> Touch | None:
    """Lay the hand on a plane or a box top, and mostly bend the fingers onto it."""
    posture = _draw_posture(_SURFACE_STYLES, shaped, rng)
    points = pose_label_mesh(shaped, hand_pose_of(posture, shaped.arrays))[0]
    if rng.random() < 0.4:
        normal = _resting_normal(points, rng)
    else:
        normal = _towards_palm(rng, spread=0.35, anyhow=0.15)
    softness = draw_softness(rng)
    thing = brought_near(_surface_below(points, normal, rng), normal, points, softness)
    if thing is None:
        return None
    if rng.random() < 0.65:
        posture, _ = close_fingers(
            shaped,
            posture,
            (0, 1, 2, 3, 4),
            target_of_objects([thing]),
            softness=softness,
            blockers=_NO_BLOCKERS,
        )
    return Touch(posture=posture, objects=(thing,))


def body(shaped: ShapedHand, rng: np.random.Generator) -> Touch | None:
    """Lay the hand on a limb, a head or a torso, and mostly bend the fingers round it."""
    posture = _draw_posture(_SURFACE_STYLES, shaped, rng)
    points = pose_label_mesh(shaped, hand_pose_of(posture, shaped.arrays))[0]
    direction = _towards_palm(rng, spread=0.35, anyhow=0.1)
    softness = draw_softness(rng)
    thing = brought_near(_body_below(points, direction, rng), direction, points, softness)
    if thing is None:
        return None
    if rng.random() < 0.75:
        target = target_of_objects([thing])
        posture, _ = close_fingers(
            shaped, posture, (1, 2, 3, 4), target, softness=softness, blockers=_NO_BLOCKERS
        )
        blockers = own_capsules(shaped, posture, (1, 2, 3, 4))
        posture, _ = close_thumb(shaped, posture, target, rng, softness=softness, blockers=blockers)
    return Touch(posture=posture, objects=(thing,))


def near(
    shaped: ShapedHand, rng: np.random.Generator, draw: ShapeDrawer = draw_held_shape
) -> Touch | None:
    """Hold the hand a little off a thing, a surface, a body or another hand."""
    gap = rng.uniform(*NEAR_GAPS)
    what = list(_NEAR_SHARES)[rng.choice(len(_NEAR_SHARES), p=list(_NEAR_SHARES.values()))]
    if what == "hands":
        return hands_apart(shaped, rng, gap=gap)
    posture = _draw_posture(_FREE_STYLES, shaped, rng)
    points = pose_label_mesh(shaped, hand_pose_of(posture, shaped.arrays))[0]
    direction = _towards_palm(rng, spread=0.5, anyhow=0.25)
    if what == "surface":
        thing = _surface_below(points, direction, rng)
    elif what == "body":
        thing = _body_below(points, direction, rng)
    else:
        shape = draw(rng, 0.01, 0.05)
        thing = placed(shape, random_turn(rng), _aim(points, rng), "object")
    thing = brought_near(thing, direction, points, gap)
    return None if thing is None else Touch(posture=posture, objects=(thing,))


def free(shaped: ShapedHand, rng: np.random.Generator) -> Touch:
    """Hold the hand in the air."""
    return Touch(posture=_draw_posture(_FREE_STYLES, shaped, rng))


def _draw_posture(
    styles: dict[Style, float], shaped: ShapedHand, rng: np.random.Generator
) -> Posture:
    style = list(styles)[rng.choice(len(styles), p=list(styles.values()))]
    posture = draw_posture(style, rng)
    if style in ("fist", "pointing", "victory") and rng.random() < 0.7:
        return thumb_folded(shaped, posture, rng)
    return posture


def _towards_palm(
    rng: np.random.Generator, *, spread: float, anyhow: float
) -> Float[np.ndarray, "3"]:
    """Draw the way a thing comes: up against the palm (+y), tilted, or, at times, from anywhere."""
    if rng.random() < anyhow:
        direction = rng.normal(size=3)
        return direction / np.linalg.norm(direction)
    return turn_of(rng.normal(0.0, spread, 3)) @ Y


def _resting_normal(
    points: Float[np.ndarray, "points 3"], rng: np.random.Generator
) -> Float[np.ndarray, "3"]:
    """Draw the normal of a surface on which the hand lies still: under a face of its hull.

    Large faces on the palm's side are likelier, as a dropped hand would have it.
    """
    hull = ConvexHull(points)
    corners = points[hull.simplices]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    below = np.maximum(-hull.equations[:, 1], 0.02)
    weights = np.linalg.norm(across, axis=1) * below**2
    return -hull.equations[rng.choice(len(weights), p=weights / weights.sum()), :3]


def _aim(points: Float[np.ndarray, "points 3"], rng: np.random.Generator) -> np.ndarray:
    """Choose where on the hand a thing shall arrive: near some vertex."""
    return points[rng.integers(len(points))] + rng.normal(0.0, 0.01, 3)


def _body_below(
    points: Float[np.ndarray, "points 3"],
    direction: Float[np.ndarray, "3"],
    rng: np.random.Generator,
) -> PlacedObject:
    """Place a part of a body, some side of it (not an end) along `direction`, under the hand."""
    side = turn_about(Y, rng.uniform(0, 2 * np.pi)) @ X
    turn = turn_carrying(side, direction, rng)
    return placed(draw_body(rng), turn, _aim(points, rng), "body")


def _surface_below(
    points: Float[np.ndarray, "points 3"], normal: Float[np.ndarray, "3"], rng: np.random.Generator
) -> PlacedObject:
    """Place a plane or a box top with its free side along `normal`, under the hand."""
    shape = draw_surface(rng)
    turn = turn_carrying(Y, normal, rng)
    position = points.mean(axis=0)
    if shape.kind == "block":
        halves = shape.primitives[0].sizes[:3]
        aside = rng.uniform(-1.0, 1.0, 3) * np.array([halves[0], 0.0, halves[2]])
        position = _aim(points, rng) + turn @ aside
    return placed(shape, turn, position, "surface")
