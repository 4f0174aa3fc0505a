"""Hands that hold things: the power grip and the pinch, whole and in their parts."""

import dataclasses

import numpy as np
from jaxtyping import Float

from haco.synth.objects.meshes import MeshShape
from haco.synth.poses.capsules import palm_capsules
from haco.synth.poses.fitting import (
    ShapeDrawer,
    Touch,
    X,
    Y,
    Z,
    brought_near,
    close_fingers,
    close_thumb,
    draw_held_shape,
    draw_softness,
    own_capsules,
    placed,
)
from haco.synth.poses.interaction import PlacedObject
from haco.synth.poses.postures import Posture, curled, draw_posture, hand_pose_of
from haco.synth.poses.skin import ShapedHand, pose_label_mesh
from haco.synth.poses.targets import target_of_objects
from haco.synth.turns import random_turn, turn_about, turn_carrying, turn_of


def power(
    shaped: ShapedHand, rng: np.random.Generator, draw: ShapeDrawer = draw_held_shape
) -> Touch | None:
    """Wrap the whole hand around a thing that is slid against the palm."""
    opened = opened_hand(rng)
    shape = draw(rng, 0.012, 0.05)
    turn, place = _across_palm(rng), _in_palm(shaped, rng)
    if isinstance(shape, MeshShape):  # it may be held anywhere along its length
        place = place + turn @ (rng.uniform(-0.45, 0.45) * shape.extents[1] * Y)
    thing = placed(shape, turn, place, "object")
    return wrapped(shaped, opened, thing, rng)


def opened_hand(rng: np.random.Generator) -> Posture:
    """Draw an open hand that is about to take hold of something."""
    return Posture(
        flexion=curled(np.full(5, -0.3) + rng.normal(0.0, 0.05, 5)),
        abduction=rng.uniform(-0.15, 0.05) * np.array([0.0, -1.0, 0.0, 0.8, 1.4]),
        opposition=float(rng.uniform(0.2, 0.9)),
    ).clipped()


def wrapped(
    shaped: ShapedHand, opened: Posture, thing: PlacedObject, rng: np.random.Generator
) -> Touch | None:
    """Slide a thing up against the palm of an open hand and close fingers and thumb on it."""
    points = pose_label_mesh(shaped, hand_pose_of(opened, shaped.arrays))[0]
    not_thumb = shaped.arrays.lbs_weights[:, 13:].sum(axis=1) < 0.3
    softness = draw_softness(rng)
    gap = rng.uniform(0.0, 0.03) if rng.random() < 0.25 else softness
    brought = brought_near(thing, Y, np.ascontiguousarray(points[not_thumb]), gap)
    if brought is None:
        return None
    target = target_of_objects([brought])
    fingers = tuple(finger for finger in (1, 2, 3, 4) if rng.random() < 0.93)
    posture, _ = close_fingers(
        shaped, opened, fingers, target, softness=softness, blockers=palm_capsules(shaped)
    )
    blockers = own_capsules(shaped, posture, (1, 2, 3, 4))
    posture, _ = close_thumb(shaped, posture, target, rng, softness=softness, blockers=blockers)
    return Touch(posture=posture, objects=(brought,))


def _across_palm(rng: np.random.Generator) -> Float[np.ndarray, "3 3"]:
    """Lay a thing's long axis (y) across the palm (z), within 25 degrees or, at times, anyhow."""
    if rng.random() < 0.15:
        return random_turn(rng)
    spin = turn_about(Y, rng.uniform(0, 2 * np.pi))
    across = turn_about(X, np.pi / 2 * rng.choice([-1.0, 1.0]))
    lean = rng.normal(size=3)
    lean /= np.linalg.norm(lean)
    return turn_about(lean, np.radians(rng.uniform(0, 25))) @ across @ spin


def _in_palm(shaped: ShapedHand, rng: np.random.Generator) -> np.ndarray:
    knuckle = shaped.joints[4]
    return knuckle[0] * rng.uniform(0.5, 1.0) * X + rng.normal(0.0, 0.012) * Z


def pinch(
    shaped: ShapedHand, rng: np.random.Generator, draw: ShapeDrawer = draw_held_shape
) -> Touch | None:
    """Hold a small thing between the thumb and one to four finger tips."""
    hand = shaped.arrays
    posture = draw_posture("pinching", rng)
    num_fingers = int(rng.choice([1, 2, 3, 4], p=[0.3, 0.3, 0.2, 0.2]))
    fingers = tuple(range(1, 1 + num_fingers))
    joints = pose_label_mesh(shaped, hand_pose_of(posture, hand))[1]
    tips = joints[[4, 8, 12, 16, 20]]
    thumb, others = tips[0], tips[list(fingers)].mean(axis=0)
    shape = draw(rng, 0.006, 0.028)
    turn = _between(others - thumb, tips[fingers[-1]] - tips[fingers[0]], rng)
    half_length = float(np.abs(shape.mesh()[0][:, 1]).max())
    along = turn @ (rng.uniform(-0.8, 0.8) * (half_length - 0.01) * Y)
    centre = 0.5 * (thumb + others) + rng.normal(0.0, 0.003, 3) + along
    thing = placed(shape, turn, centre, "object")
    return squeezed(shaped, posture, fingers, thing, rng)


def squeezed(
    shaped: ShapedHand,
    posture: Posture,
    fingers: tuple[int, ...],
    thing: PlacedObject,
    rng: np.random.Generator,
) -> Touch | None:
    """Open the thumb and some fingers a little and close them on a thing between them."""
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
    vertices = pose_label_mesh(shaped, hand_pose_of(posture, shaped.arrays))[0]
    if thing.distance(vertices[shaped.arrays.lbs_weights[:, 0] > 0.5]).min() < -0.004:
        return None
    return Touch(posture=posture, objects=(thing,))


def _between(
    axis: Float[np.ndarray, "3"], row: Float[np.ndarray, "3"], rng: np.random.Generator
) -> Float[np.ndarray, "3 3"]:
    """Turn a thing so that its thinnest way (x) lies along `axis`, or, at times, anyhow.

    Often its long way (y) lies along `row`, the line of the finger tips, where there is one.
    """
    if rng.random() < 0.3:
        return random_turn(rng)
    x = axis / np.linalg.norm(axis)
    lean = turn_of(rng.normal(0.0, 0.2, 3))
    y = row - (row @ x) * x
    if np.linalg.norm(y) < 0.01 or rng.random() < 0.3:
        return lean @ turn_carrying(X, x, rng)
    y /= np.linalg.norm(y)
    return lean @ np.stack([x, y, np.cross(x, y)], axis=1)
