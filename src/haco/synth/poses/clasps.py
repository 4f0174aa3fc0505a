"""Two hands that hold each other: a clasped hand, interlaced fingers, a held wrist."""

import dataclasses

import numpy as np

from haco.synth.poses.arms import arm
from haco.synth.poses.capsules import palm_capsules
from haco.synth.poses.fitting import (
    Touch,
    X,
    Y,
    close_fingers,
    close_thumb,
    draw_softness,
    own_capsules,
)
from haco.synth.poses.held import opened_hand
from haco.synth.poses.interaction import OtherHand
from haco.synth.poses.interlaced import interlaced
from haco.synth.poses.pairs import (
    OtherOnItsWay,
    brought_near_hand,
    closed_on,
    hand_target,
    label_mesh,
    posed_other,
)
from haco.synth.poses.postures import Posture, draw_posture, hand_pose_of
from haco.synth.poses.skin import ShapedHand, pose_shaped_hand
from haco.synth.poses.targets import Target, target_of_surface, travel_to_touch
from haco.synth.turns import turn_about, turn_of

_FLESH = -0.003
"""How deep two hands that grip each other press in, metres."""


def clasp(shaped: ShapedHand, rng: np.random.Generator) -> Touch | None:
    """Clasp the other hand, interlace fingers with it, hold its wrist, or have one's own held."""
    way = rng.random()
    if way < 0.40:
        return _clasped(shaped, rng)
    return interlaced(shaped, rng) if way < 0.65 else _wrist_held(shaped, rng)


def _clasped(shaped: ShapedHand, rng: np.random.Generator) -> Touch | None:
    """Lay one open hand round the other, which is bent or a fist."""
    style = "fist" if rng.random() < 0.4 else "relaxed"
    bent, opened = draw_posture(style, rng), opened_hand(rng)
    covers = rng.random() < 0.5
    own_posture, their_posture = (opened, bent) if covers else (bent, opened)
    over = rng.random() < 0.4
    spin = turn_about(Y, rng.choice([np.pi / 2, -np.pi / 2, np.pi / 3]) + rng.normal(0.0, 0.15))
    turn = turn_of(rng.normal(0.0, 0.2, 3)) @ spin
    if not over:
        turn = turn @ turn_about(X, np.pi)
    middle = shaped.joints[4, 0] * X
    other = OtherOnItsWay(
        shaped=shaped,
        posture=their_posture,
        mirrored=True,
        turn=turn,
        direction=-Y if over else Y,
        shift=rng.normal(0.0, 0.01, 3) + middle - turn @ middle,
    )
    brought = brought_near_hand(label_mesh(shaped, own_posture), shaped, other, gap=0.5 * _FLESH)
    return None if brought is None else _both_closed(shaped, own_posture, brought, rng)


def _both_closed(
    shaped: ShapedHand, posture: Posture, other: OtherOnItsWay, rng: np.random.Generator
) -> Touch:
    softness = draw_softness(rng)
    theirs = other.outwards(label_mesh(other.shaped, other.posture))
    target = hand_target(shaped, theirs, mirrored=other.mirrored)
    posture = closed_on(shaped, posture, target, softness, rng)
    own = other.inwards(label_mesh(shaped, posture))
    target = hand_target(shaped, own, mirrored=other.mirrored)
    closed = closed_on(other.shaped, other.posture, target, softness, rng)
    other = dataclasses.replace(other, posture=closed)
    return Touch(posture=posture, other_hand=posed_other(other, rng))


def _wrist_held(shaped: ShapedHand, rng: np.random.Generator) -> Touch | None:
    """Close this hand round the other's wrist, or the other's round this one's."""
    free = draw_posture("relaxed" if rng.random() < 0.6 else "open", rng)
    bend = rng.normal(0.0, 0.15, 3)
    held = pose_shaped_hand(shaped, hand_pose_of(free, shaped.arrays), bend)
    along = rng.uniform(0.01, 0.06)
    across = turn_about(Y, np.pi / 2 * rng.choice([-1.0, 1.0]) + rng.normal(0.0, 0.2))
    turn = across @ turn_about(X, rng.uniform(0, 2 * np.pi))
    grip = 0.95 * shaped.joints[4, 0] * X
    other = OtherOnItsWay(
        shaped=shaped,
        posture=free,
        mirrored=True,
        turn=turn,
        direction=Y,
        shift=grip - turn @ (along * X),
    )
    opened = opened_hand(rng)
    softness = draw_softness(rng)
    points = label_mesh(shaped, opened)
    not_thumb = points[shaped.arrays.lbs_weights[:, 13:].sum(axis=1) < 0.3]
    start = dataclasses.replace(other, shift=other.shift - 0.4 * Y)
    target = _forearm_target(start, held.render_vertices)
    way = travel_to_touch(np.ascontiguousarray(not_thumb), -Y, target, softness, 0.8)
    if np.isnan(way):
        return None
    other = dataclasses.replace(start, shift=start.shift + way * Y)
    target = _forearm_target(other, held.render_vertices)
    posture, touching = close_fingers(
        shaped, opened, (1, 2, 3, 4), target, softness=softness, blockers=palm_capsules(shaped)
    )
    if touching < 2:
        return None
    blockers = own_capsules(shaped, posture, (1, 2, 3, 4))
    posture, _ = close_thumb(shaped, posture, target, rng, softness=softness, blockers=blockers)
    if rng.random() < 0.5:
        return Touch(posture=posture, other_hand=_arm_of(other, held, outwards=True))
    holder = pose_shaped_hand(shaped, hand_pose_of(posture, shaped.arrays), rng.normal(0, 0.15, 3))
    swapped = _arm_of(other, holder, outwards=False)
    return Touch(posture=free, other_hand=swapped, wrist_bend=bend)


def _arm_of(other: OtherOnItsWay, posed, *, outwards: bool) -> OtherHand:
    carry = other.outwards if outwards else other.inwards
    T = np.eye(4)
    T[:3, 3] = carry(np.zeros((1, 3)))[0]
    T[:3, :3] = (carry(np.eye(3) * np.array([[1.0], [1.0], [-1.0]])) - T[:3, 3]).T
    return OtherHand(
        vertices=carry(posed.vertices),
        render_vertices=carry(posed.render_vertices),
        T_hand_other=T,
        mirrored=True,
        wrist_held=True,
    )


def _forearm_target(other: OtherOnItsWay, render_vertices: np.ndarray) -> Target:
    """Make a target of the other hand's wrist and forearm, in this hand's frame."""
    whole = arm()
    vertices = other.outwards(render_vertices)
    faces = whole.faces[(whole.faces < whole.num_hand).all(axis=1)][:, ::-1]
    corners = vertices[faces]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.stack(
        [np.bincount(faces.ravel(), np.repeat(cross[:, k], 3), len(vertices)) for k in range(3)],
        axis=1,
    )
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-30
    near = whole.rest[: whole.num_hand, 0] > -0.03
    bins = np.unique((whole.rest[: whole.num_hand][near] // 0.03).astype(int), axis=0,
                     return_inverse=True)[1].ravel()  # fmt: skip
    return target_of_surface(vertices[near], normals[near], bins)
