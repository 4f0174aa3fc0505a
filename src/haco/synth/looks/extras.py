"""What makes a picture less tidy: rings on fingers, and other people's hands behind."""

import numpy as np
from jaxtyping import Float, Float64
from scipy.spatial import KDTree

from haco.hands.open_hand import open_hand_arrays
from haco.synth.looks.materials import draw_colour, draw_skin, linear, make_material
from haco.synth.looks.parts import Part, hand_part, make_part, plain_paint
from haco.synth.looks.views import View
from haco.synth.objects.solids import ellipsoid, torus
from haco.synth.poses.interaction import Interaction
from haco.synth.poses.postures import draw_posture, hand_pose_of
from haco.synth.poses.skin import FINGER_JOINTS, pose_shaped_hand, shape_hand
from haco.synth.turns import random_turn

RING_SHARE, PASSER_BY_SHARE = 0.15, 0.06
METALS = np.array([[0.85, 0.66, 0.32], [0.80, 0.80, 0.82], [0.86, 0.60, 0.50], [0.25, 0.25, 0.27]])
"""Gold, silver, rose gold and steel, sRGB."""
_WHERE = 0.55
"""Where a ring sits on its bone, from the knuckle to the next joint."""


def draw_rings(
    vertices: Float[np.ndarray, "render_vertices 3"], rng: np.random.Generator
) -> list[Part]:
    """Draw one to three rings on the roots of fingers, or, mostly, none.

    Args:
        vertices: Posed render mesh, metres.
        rng: Where chance comes from.
    """
    if rng.random() > RING_SHARE:
        return []
    num_rings = int(rng.choice([1, 2, 3], p=[0.7, 0.2, 0.1]))
    fingers = rng.choice(5, num_rings, replace=False, p=[0.05, 0.2, 0.25, 0.4, 0.1])
    metal = linear(METALS[rng.integers(len(METALS))])
    return [part for finger in fingers for part in _ring(vertices, int(finger), metal, rng)]


def _ring(
    vertices: Float[np.ndarray, "render_vertices 3"],
    finger: int,
    colour: Float64[np.ndarray, "3"],
    rng: np.random.Generator,
) -> list[Part]:
    hand = open_hand_arrays()
    root, second = FINGER_JOINTS[finger][:2] if finger else FINGER_JOINTS[0][1:]
    joints = hand.J_regressor @ hand.template
    bone = joints[second] - joints[root]
    along = (hand.render_template - joints[root]) @ bone / (bone @ bone)
    own = hand.render_weights[:, root] > 0.6
    near = own & (np.abs(along - _WHERE) < 0.14)
    lower, upper = own & (np.abs(along - 0.35) < 0.14), own & (np.abs(along - 0.75) < 0.14)
    centre = vertices[near].mean(axis=0)
    axis = vertices[upper].mean(axis=0) - vertices[lower].mean(axis=0)
    axis /= np.linalg.norm(axis)
    out = vertices[near] - centre
    out -= (out @ axis)[:, None] * axis
    # A finger is wider than thick, so the ring is an ellipse: fitted by its principal axes.
    spread, turn = np.linalg.eigh(out.T @ out / len(out) + 1e3 * np.outer(axis, axis))
    halves = np.sqrt(2 * spread[:2]) + 0.0006
    tube = rng.uniform(0.0008, 0.0018)
    rest, faces = torus(1.0, 1.0).mesh()  # both radii are put in below
    ring_angle = np.arctan2(rest[:, 2], rest[:, 0])
    bulge = np.hypot(rest[:, 0], rest[:, 2]) - 1.0
    stretch = np.stack([np.cos(ring_angle), np.sin(ring_angle)], axis=1)
    flat = stretch * (halves + tube * bulge[:, None])
    width = rng.uniform(1.0, 2.2) * tube
    frame = np.stack([turn[:, 0], turn[:, 1], axis], axis=1)
    if np.linalg.det(frame) > 0:  # x, z, y of the torus is a left-handed order
        frame[:, 1] *= -1
    placed = centre + np.column_stack([flat, width * rest[:, 1]]) @ frame.T
    material = make_material(gloss=rng.uniform(0.5, 1.2), shininess=rng.uniform(40, 150))
    parts = [make_part(placed, faces, plain_paint(colour, len(rest)), material, rest=rest)]
    if rng.random() < 0.25:
        size = rng.uniform(0.002, 0.004)
        stone, stone_faces = ellipsoid(size, size, size).mesh()
        back = np.array([0.0, 1.0, 0.0]) @ frame[:, :2]
        place = centre + frame[:, :2] @ (halves * back / max(float(np.linalg.norm(back)), 1e-9))
        paint = plain_paint(draw_colour(rng), len(stone))
        parts.append(make_part(place + stone, stone_faces, paint, material, rest=stone))
    return parts


def draw_passer_by(
    interaction: Interaction, view: View, *, clear: float, rng: np.random.Generator
) -> tuple[Part, Float64[np.ndarray, " vertices"]] | None:
    """Now and then draw another person's hand, 20 to 60 cm behind the hand that counts.

    Args:
        interaction: The hand that counts, which the other must stay clear of.
        view: The camera, behind whose view of the hand the other one is put.
        clear: Least distance between the two, metres.
        rng: Where chance comes from.

    Returns:
        The other hand, and the distance of each label vertex to its surface's corners, metres.
    """
    if rng.random() > PASSER_BY_SHARE:
        return None
    shaped = shape_hand(np.clip(rng.normal(size=10), -2, 2), hand=open_hand_arrays())
    style = ("open", "relaxed", "fist", "pointing")[rng.integers(4)]
    pose = hand_pose_of(draw_posture(style, rng), shaped.arrays)
    posed = pose_shaped_hand(shaped, pose, rng.normal(0.0, 0.2, 3))
    R_camera_hand, t = view.T_camera_hand[:3, :3], view.T_camera_hand[:3, 3]
    middle = R_camera_hand @ interaction.vertices.mean(axis=0) + t
    depth = middle[2] + rng.uniform(0.2, 0.6)
    x, y = (rng.uniform(0, 1, 2) - view.centre) / view.focal
    place = R_camera_hand.T @ (depth * np.array([x, y, 1.0]) - t)
    mirrored = rng.random() < 0.5
    points = posed.render_vertices * np.array([1.0, 1.0, -1.0 if mirrored else 1.0])
    points = (points - points.mean(axis=0)) @ random_turn(rng).T + place
    part = hand_part(points, draw_skin(rng), mirrored=mirrored)
    whole = KDTree(part.vertices)
    if whole.query(interaction.render_vertices)[0].min() < clear + 0.02:
        return None
    return part, whole.query(interaction.vertices)[0]
