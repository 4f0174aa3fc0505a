"""Two hands that touch: palm on palm, palm on back, side by side, and a handshake."""

import dataclasses

import numpy as np
from scipy.spatial.transform import Rotation

from haco.synth.capsules import palm_capsules
from haco.synth.held import Touch, close_fingers, close_thumb, draw_softness, own_capsules
from haco.synth.interaction import OtherHand
from haco.synth.postures import Posture, Style, draw_posture, hand_pose_of
from haco.synth.skin import ShapedHand, pose_label_mesh, pose_shaped_hand, shape_hand
from haco.synth.targets import Target, target_of_surface, travel_to_touch

_STYLES: dict[Style, float] = {
    "open": 0.4, "relaxed": 0.3, "fist": 0.1, "pointing": 0.1, "random": 0.1,
}  # fmt: skip
_LAYOUTS = {"palms": 0.40, "under": 0.15, "over": 0.15, "anyhow": 0.15, "shake": 0.15}
MIRROR = np.array([1.0, 1.0, -1.0])
"""A left hand is a right hand with z turned about."""
_UP = np.array([0.0, 1.0, 0.0])
_START = 0.4
_GAP = 0.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Placing:
    """Where the other hand comes from."""

    turn: Rotation
    direction: np.ndarray
    shift: np.ndarray
    mirrored: bool


def hands(shaped: ShapedHand, rng: np.random.Generator) -> Touch | None:
    """Bring a second hand against this one and mostly close the fingers of both."""
    layout = list(_LAYOUTS)[rng.choice(len(_LAYOUTS), p=list(_LAYOUTS.values()))]
    other_shaped = shaped
    if layout == "shake":  # another person's right hand
        betas = np.clip(rng.normal(size=10), -2, 2)
        other_shaped = shape_hand(betas, hand=shaped.arrays)
    posture, other_posture = (_draw_posture(layout, rng) for _ in range(2))
    placing = _draw_placing(layout, shaped, rng)
    own, _ = pose_label_mesh(shaped, hand_pose_of(posture, shaped.arrays))
    other, _ = pose_label_mesh(other_shaped, hand_pose_of(other_posture, shaped.arrays))
    T_hand_other = _approach(own, _mirrored(other, placing), placing, shaped)
    if T_hand_other is None:
        return None
    softness = draw_softness(rng)
    turn, shift = T_hand_other[:3, :3], T_hand_other[:3, 3]
    if rng.random() < 0.75:
        target = _target(shaped, _mirrored(other, placing) @ turn.T + shift, placing.mirrored)
        posture = _closed(shaped, posture, target, softness, rng)
        own, _ = pose_label_mesh(shaped, hand_pose_of(posture, shaped.arrays))
    if rng.random() < 0.6:
        seen_by_other = _mirrored((own - shift) @ turn, placing)
        target = _target(shaped, seen_by_other, placing.mirrored)
        other_posture = _closed(other_shaped, other_posture, target, softness, rng)
    bend = rng.normal(0.0, 0.2, 3)
    posed = pose_shaped_hand(other_shaped, hand_pose_of(other_posture, shaped.arrays), bend)
    other_hand = OtherHand(
        vertices=_mirrored(posed.vertices, placing) @ turn.T + shift,
        render_vertices=_mirrored(posed.render_vertices, placing) @ turn.T + shift,
        T_hand_other=T_hand_other,
        mirrored=placing.mirrored,
    )
    return Touch(posture=posture, other_hand=other_hand)


def _draw_posture(layout: str, rng: np.random.Generator) -> Posture:
    if layout == "shake":
        posture = draw_posture("open", rng)
        return dataclasses.replace(posture, opposition=float(rng.uniform(-0.3, 0.1)))
    style = list(_STYLES)[rng.choice(len(_STYLES), p=list(_STYLES.values()))]
    return draw_posture(style, rng)


def _draw_placing(layout: str, shaped: ShapedHand, rng: np.random.Generator) -> _Placing:
    """Draw how the other hand is turned, and from where it comes, before it touches."""
    length = -shaped.joints[4, 0]
    jitter = Rotation.from_rotvec(rng.normal(0.0, 0.3, 3))
    spin = Rotation.from_rotvec(rng.choice([0.0, np.pi / 2, -np.pi / 3], p=[0.5, 0.25, 0.25]) * _UP)
    shift = rng.normal(0.0, 0.015, 3)
    if layout == "shake":
        jitter = Rotation.from_rotvec(rng.normal(0.0, 0.12, 3))
        turn = jitter * Rotation.from_rotvec([0.0, 0.0, np.pi])
        shift = shift * 0.5 + np.array([-1.75 * length, 0.0, 0.0])
        return _Placing(turn=turn, direction=_UP, shift=shift, mirrored=False)
    if layout == "palms":
        turn = jitter * spin * Rotation.from_rotvec([np.pi, 0.0, 0.0])
    elif layout == "anyhow":
        turn = Rotation.random(random_state=rng)
    else:
        turn = jitter * spin
    direction = -_UP if layout == "over" else _UP
    if layout == "anyhow":
        direction = rng.normal(size=3)
        direction /= np.linalg.norm(direction)
    middle = np.array([-length, 0.0, 0.0])  # turn about the palm's end, not about the wrist
    shift = shift + middle - turn.apply(middle)
    return _Placing(turn=turn, direction=direction, shift=shift, mirrored=True)


def _mirrored(points: np.ndarray, placing: _Placing) -> np.ndarray:
    return points * MIRROR if placing.mirrored else points


def _approach(
    own: np.ndarray, other: np.ndarray, placing: _Placing, shaped: ShapedHand
) -> np.ndarray | None:
    """Move the other hand along its direction until it touches; None if it flies past."""
    start = placing.shift - _START * placing.direction
    points = placing.turn.apply(other) + start
    target = _target(shaped, own, mirrored=False)
    way = travel_to_touch(points, placing.direction, target, _GAP, 2 * _START)
    if np.isnan(way):
        return None
    T_hand_other = np.eye(4)
    T_hand_other[:3, :3] = placing.turn.as_matrix()
    T_hand_other[:3, 3] = start + way * placing.direction
    return T_hand_other


def _target(shaped: ShapedHand, vertices: np.ndarray, mirrored: bool) -> Target:  # noqa: FBT001
    """Make a target of a posed label mesh; a mirrored one has its faces turned about."""
    faces = shaped.arrays.faces[:, ::-1] if mirrored else shaped.arrays.faces
    corners = vertices[faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros_like(vertices)
    for k in range(3):
        np.add.at(normals, faces[:, k], across)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return target_of_surface(vertices, normals)


def _closed(
    shaped: ShapedHand,
    posture: Posture,
    target: Target,
    softness: float,
    rng: np.random.Generator,
) -> Posture:
    posture, _ = close_fingers(
        shaped, posture, (1, 2, 3, 4), target, softness=softness, blockers=palm_capsules(shaped)
    )
    blockers = own_capsules(shaped, posture, (1, 2, 3, 4))
    return close_thumb(shaped, posture, target, rng, softness=softness, blockers=blockers)[0]
