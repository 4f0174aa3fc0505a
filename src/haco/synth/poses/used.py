"""Hands that use things as people do, lean on the fittings of a room, or share a thing."""

import dataclasses

import numpy as np
from jaxtyping import Float

from haco.synth.objects.shapes import Shape, draw_surface
from haco.synth.objects.solids import capsule, ellipsoid, frustum, rounded_box
from haco.synth.objects.tools import TOOLS, draw_keyboard, draw_panel
from haco.synth.objects.walls import draw_wall
from haco.synth.poses.fitting import (
    Touch,
    X,
    Y,
    Z,
    brought_near,
    close_fingers,
    draw_softness,
    placed,
    thumb_folded,
)
from haco.synth.poses.held import opened_hand, squeezed, wrapped
from haco.synth.poses.interaction import OtherHand
from haco.synth.poses.pairs import MIRROR
from haco.synth.poses.postures import Posture, curled, draw_posture, hand_pose_of
from haco.synth.poses.skin import ShapedHand, pose_label_mesh, pose_shaped_hand
from haco.synth.poses.targets import target_of_objects
from haco.synth.turns import rigid_inverse, turn_about, turn_carrying, turn_of

TOOL_SHARES = {
    "pen": 0.14, "phone": 0.14, "mug": 0.12, "knife": 0.10, "bottle": 0.10, "ball": 0.10,
    "book": 0.08, "bag": 0.07, "door handle": 0.08, "steering wheel": 0.07,
}  # fmt: skip
"""How often each thing in use is drawn; sums to one."""
_SCENE_SHARES = {"rail": 0.28, "keyboard": 0.24, "panel": 0.16, "edge": 0.12, "wall": 0.20}
_SHARED_SHARES = {"bar": 0.25, "box": 0.3, "ball": 0.25, "tray": 0.1, "wheel": 0.1}
_BASE = np.stack([Y, Z, X], axis=1)
"""Turns a thing of `TOOLS` into the palm: its x to the palm, its length across the palm."""
_NO_BLOCKERS = np.zeros((0, 7))


def tool(shaped: ShapedHand, rng: np.random.Generator) -> Touch | None:
    """Use a pen, phone, mug, knife, bottle, ball, book, bag, door handle or steering wheel."""
    kind = _chosen(TOOL_SHARES, rng)
    if kind == "pen":
        return _writing(shaped, rng)
    if kind == "book":
        return _book_held(shaped, rng)
    return gripped(shaped, TOOLS[kind](rng), rng)


def scene(shaped: ShapedHand, rng: np.random.Generator) -> Touch | None:
    """Hold a rail or an edge, lean on a wall, type on a keyboard, or press a button."""
    kind = _chosen(_SCENE_SHARES, rng)
    if kind == "rail":
        return gripped(shaped, TOOLS["rail"](rng), rng)
    if kind == "wall":
        return _leaning(shaped, rng)
    if kind == "edge":
        return _edge_held(shaped, rng)
    if kind == "keyboard":
        return _typing(shaped, rng)
    return _pressing(shaped, rng)


def shared(shaped: ShapedHand, rng: np.random.Generator) -> Touch | None:
    """Hold one thing with both hands; the thing is its own mirror image, so either side will do.

    Each hand grips it by itself. The second grip is mirrored in the thing's own frame, which makes
    it a left hand's and leaves the thing as it is.
    """
    kind = _chosen(_SHARED_SHARES, rng)
    shape, flipped = _shared_shape(kind, rng)
    apart = 0.05 + rng.uniform(0.0, 0.08) if flipped == 1 else 0.0
    grips = []
    for _ in range(2):
        at = np.array([0.0, -apart, 0.0])
        turn = _lean(rng, 12.0) @ _BASE @ _spin(kind, rng)
        thing = placed(shape, turn, _on_palm(shaped, rng) + turn @ at, "object")
        grip = wrapped(shaped, opened_hand(rng), thing, rng)
        if grip is None:
            return None
        grips.append(grip)
    own, theirs = grips
    flip = np.eye(4)
    flip[flipped, flipped] = -1.0
    own_thing = own.objects[0]
    T_own_theirs = own_thing.T_hand_object @ flip @ rigid_inverse(theirs.objects[0].T_hand_object)
    other = _posed_other(shaped, theirs.posture, T_own_theirs, rng)
    return dataclasses.replace(own, other_hand=other)


def _posed_other(
    shaped: ShapedHand,
    posture: Posture,
    reflection: Float[np.ndarray, "4 4"],
    rng: np.random.Generator,
) -> OtherHand:
    """Pose a right hand and carry it by a reflection, which makes it a left one."""
    pose = hand_pose_of(posture, shaped.arrays)
    posed = pose_shaped_hand(shaped, pose, rng.normal(0.0, 0.2, 3).clip(-0.6, 0.6))
    T_hand_other = reflection.copy()
    T_hand_other[:3, :3] = reflection[:3, :3] * MIRROR
    linear, shift = reflection[:3, :3], reflection[:3, 3]
    return OtherHand(
        vertices=posed.vertices @ linear.T + shift,
        render_vertices=posed.render_vertices @ linear.T + shift,
        T_hand_other=T_hand_other,
        mirrored=True,
    )


def _shared_shape(kind: str, rng: np.random.Generator) -> tuple[Shape, int]:
    """Draw a thing for two hands, and along which of its axes the hands face each other."""
    if kind == "bar":
        return Shape("bar", (capsule(rng.uniform(0.25, 0.45), rng.uniform(0.010, 0.02)),)), 1
    if kind == "box":
        halves = rng.uniform((0.05, 0.05, 0.05), (0.14, 0.15, 0.15))
        return Shape("box", (rounded_box(halves, rng.uniform(0.001, 0.006)),)), 0
    if kind == "ball":
        radius = rng.uniform(0.06, 0.13)
        return Shape("ball", (ellipsoid(radius, radius, radius),)), 0
    if kind == "tray":
        halves = np.array([rng.uniform(0.004, 0.01), 0.2, rng.uniform(0.1, 0.15)])
        return Shape("tray", (rounded_box(halves, 0.003),)), 1
    radius = rng.uniform(0.035, 0.05)
    return Shape("jar", (frustum(rng.uniform(0.05, 0.09), radius, radius, 0.004),)), 0


def _spin(kind: str, rng: np.random.Generator) -> Float[np.ndarray, "3 3"]:
    """Turn a round thing about its length; what has sides keeps them towards the palm."""
    return turn_about(Y, rng.uniform(0, 2 * np.pi)) if kind == "bar" else np.eye(3)


def gripped(shaped: ShapedHand, shape: Shape, rng: np.random.Generator) -> Touch | None:
    """Wrap the hand around the handle of a thing, which lies across the palm."""
    turn = _lean(rng, 15.0) @ _BASE
    if shape.kind in ("knife", "door handle", "mug", "phone", "bottle", "rail"):
        turn = turn @ turn_about(X, np.pi * (rng.random() < 0.35))  # the other end up
    if shape.kind in ("knife", "bottle", "ball"):
        turn = turn @ turn_about(Y, rng.uniform(0, 2 * np.pi))
    thing = placed(shape, turn, _on_palm(shaped, rng), "object")
    touch = wrapped(shaped, opened_hand(rng), thing, rng)
    if touch is None:
        return None
    held = touch.objects[0].distance(
        pose_label_mesh(shaped, hand_pose_of(touch.posture, shaped.arrays))[0]
    )
    return touch if (held < 0.006).mean() > 0.03 or rng.random() < 0.1 else None


def _writing(shaped: ShapedHand, rng: np.random.Generator) -> Touch | None:
    """Hold a pen between thumb, index and middle finger, its end in the web of the thumb."""
    posture = draw_posture("pinching", rng)
    flexion = posture.flexion.copy()
    flexion[3:] = curled(np.full(5, rng.uniform(0.6, 1.0)))[3:]
    posture = dataclasses.replace(posture, flexion=flexion).clipped()
    joints = pose_label_mesh(shaped, hand_pose_of(posture, shaped.arrays))[1]
    held = joints[[4, 8, 12]].mean(axis=0)
    web = joints[5] + rng.uniform(0.008, 0.016) * Z + rng.uniform(0.004, 0.014) * Y
    along = (web - held) / np.linalg.norm(web - held)
    pen = placed(TOOLS["pen"](rng), turn_carrying(Y, along, rng), held, "object")
    touch = squeezed(shaped, posture, (1, 2), pen, rng)
    if touch is None or rng.random() < 0.25:  # a pen may also be held in the air
        return touch
    points = pose_label_mesh(shaped, hand_pose_of(touch.posture, shaped.arrays))[0]
    level = along + rng.uniform(0.2, 1.0) * Z + rng.normal(0.0, 0.15, 3)
    level /= np.linalg.norm(level)
    paper = placed(draw_surface(rng), turn_carrying(Y, level, rng), points.mean(axis=0), "surface")
    everything = np.concatenate([points, pen.mesh()[0]])
    paper = brought_near(paper, level, everything, draw_softness(rng))
    return None if paper is None else dataclasses.replace(touch, objects=(pen, paper))


def _book_held(shaped: ShapedHand, rng: np.random.Generator) -> Touch | None:
    """Hold a book at its edge, thumb on one cover, fingers on the other."""
    posture = draw_posture("pinching", rng)
    fingers = (1, 2, 3, 4) if rng.random() < 0.7 else (1, 2)
    joints = pose_label_mesh(shaped, hand_pose_of(posture, shaped.arrays))[1]
    thumb, others = joints[4], joints[[4 + 4 * finger for finger in fingers]].mean(axis=0)
    x = (others - thumb) / np.linalg.norm(others - thumb)
    inwards = X - (X @ x) * x
    inwards /= np.linalg.norm(inwards)
    turn = turn_of(rng.normal(0.0, 0.12, 3)) @ np.stack([x, np.cross(inwards, x), inwards], axis=1)
    centre = 0.5 * (thumb + others) + rng.uniform(-0.015, 0.01) * inwards
    return squeezed(
        shaped, posture, fingers, placed(TOOLS["book"](rng), turn, centre, "object"), rng
    )


def _typing(shaped: ShapedHand, rng: np.random.Generator) -> Touch | None:
    """Lay bent fingers on the keys."""
    posture = draw_posture("relaxed", rng)
    flexion = posture.flexion.copy()
    flexion[1:, 1:] += rng.uniform(0.1, 0.5)
    posture = dataclasses.replace(posture, flexion=flexion).clipped()
    normal = turn_of(rng.normal(0.0, 0.15, 3)) @ turn_about(Z, rng.uniform(-0.5, 0.1)) @ Y
    turn = _facing(normal, rng.normal(0.0, 0.3))
    return _laid(shaped, posture, draw_keyboard(rng), turn, shaped.joints[4], rng)


def _pressing(shaped: ShapedHand, rng: np.random.Generator) -> Touch | None:
    """Press a button on a wall with the index finger."""
    posture = draw_posture("pointing", rng)
    if rng.random() < 0.7:
        posture = thumb_folded(shaped, posture, rng)
    tip = pose_label_mesh(shaped, hand_pose_of(posture, shaped.arrays))[1][8]
    normal = X + rng.uniform(0.0, 1.2) * Y + rng.normal(0.0, 0.25, 3)
    turn = _facing(normal / np.linalg.norm(normal), rng.uniform(0, 2 * np.pi))
    aim = tip + rng.normal(0.0, 0.008, 3)
    return _laid(shaped, posture, draw_panel(rng), turn, aim, rng, closing=False)


def _leaning(shaped: ShapedHand, rng: np.random.Generator) -> Touch | None:
    """Lean on a wall with the palm or the finger tips, the forearm away from it."""
    posture = draw_posture("open" if rng.random() < 0.7 else "relaxed", rng)
    normal = turn_of(rng.normal(0.0, 0.12, 3)) @ Y
    turn = _facing(normal, rng.uniform(0, 2 * np.pi))
    aim = shaped.joints[4, 0] * rng.uniform(0.3, 1.2) * X
    touch = _laid(shaped, posture, draw_wall(rng), turn, aim, rng)
    bend = np.array([*rng.normal(0.0, 0.1, 2), rng.uniform(0.15, 0.6)])
    return None if touch is None else dataclasses.replace(touch, wrist_bend=bend)


def _edge_held(shaped: ShapedHand, rng: np.random.Generator) -> Touch | None:
    """Take hold of the edge of a board, such as a table's or a shelf's."""
    halves = np.array([rng.uniform(0.006, 0.02), 0.4, 0.3])
    T = np.eye(4)
    T[2, 3] = -halves[2]
    board = Shape("board", (rounded_box(halves, rng.uniform(0.001, 0.005), T),))
    turn = _lean(rng, 20.0) @ _BASE @ turn_about(Y, rng.uniform(-1.8, -1.2))
    thing = placed(board, turn, _on_palm(shaped, rng), "object")
    return wrapped(shaped, opened_hand(rng), thing, rng)


def _laid(
    shaped: ShapedHand,
    posture: Posture,
    shape: Shape,
    turn: Float[np.ndarray, "3 3"],
    aim: Float[np.ndarray, "3"],
    rng: np.random.Generator,
    *,
    closing: bool = True,
) -> Touch | None:
    """Bring a shape, its y axis first, under the place `aim` of the hand; then bend the fingers."""
    points = pose_label_mesh(shaped, hand_pose_of(posture, shaped.arrays))[0]
    softness = draw_softness(rng)
    normal = np.ascontiguousarray(turn[:, 1])
    thing = brought_near(placed(shape, turn, aim, "surface"), normal, points, softness)
    if thing is None:
        return None
    if closing:
        target = target_of_objects([thing])
        posture, _ = close_fingers(
            shaped, posture, (0, 1, 2, 3, 4), target, softness=softness, blockers=_NO_BLOCKERS
        )
    return Touch(posture=posture, objects=(thing,))


def _facing(normal: Float[np.ndarray, "3"], yaw: float) -> Float[np.ndarray, "3 3"]:
    """Turn a thing so that its y axis lies along `normal` and its x axis about across the hand."""
    x = Z - (Z @ normal) * normal
    x /= np.linalg.norm(x)
    return np.stack([x, normal, np.cross(x, normal)], axis=1) @ turn_about(Y, yaw)


def _lean(rng: np.random.Generator, degrees: float) -> Float[np.ndarray, "3 3"]:
    axis = rng.normal(size=3)
    return turn_about(axis / np.linalg.norm(axis), np.radians(rng.uniform(0, degrees)))


def _on_palm(shaped: ShapedHand, rng: np.random.Generator) -> Float[np.ndarray, "3"]:
    """Choose where across the palm a handle lies: near the roots of the fingers."""
    return shaped.joints[4, 0] * rng.uniform(0.8, 1.05) * X + rng.normal(0.0, 0.008) * Z


def _chosen(shares: dict[str, float], rng: np.random.Generator) -> str:
    return list(shares)[rng.choice(len(shares), p=list(shares.values()))]
