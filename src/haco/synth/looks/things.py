"""What stands in a scene beside the hand: sleeves, what is touched, and what only lies about."""

import numpy as np
from jaxtyping import Float, Float64

from haco.synth.looks.backgrounds import TEXTURES
from haco.synth.looks.materials import (
    PATTERNS,
    Skin,
    draw_cloth_material,
    draw_colour,
    draw_object_material,
    draw_skin,
    make_material,
)
from haco.synth.looks.parts import (
    Part,
    band_part,
    hand_part,
    having_role,
    mesh_part,
    shape_parts,
    watch_face,
)
from haco.synth.looks.views import View, free_normal
from haco.synth.objects.meshes import MeshShape
from haco.synth.objects.shapes import SHAPE_SHARES, Shape, draw_shape
from haco.synth.objects.solids import half_space
from haco.synth.poses.interaction import Interaction, PlacedObject

CLEARANCE = 0.03
"""Whatever a scene adds stays at least so far from the hand, metres, so that labels stay true."""

FITTED = ("keyboard", "panel", "book", "bag", "door handle", "rail", "wall")
"""Shapes whose first primitive is the body and whose others are its fittings."""

Vertices = Float[np.ndarray, "render_vertices 3"]


def draw_clothing(
    vertices: Vertices, rng: np.random.Generator, *, mirrored: bool = False
) -> list[Part]:
    """Draw a sleeve (55 %), or else now and then a watch or a bracelet, or nothing."""
    if rng.random() < 0.55:
        colour, material = draw_cloth_material(rng, num_pictures=len(TEXTURES))
        sleeve = band_part(
            vertices, colour, material, start=rng.uniform(0.03, 0.12), stop=0.5,
            thickness=rng.uniform(0.003, 0.012), folds=rng.uniform(0.1, 0.6), mirrored=mirrored,
        )  # fmt: skip
        return [sleeve]
    if rng.random() > 0.25:
        return []
    start, width = rng.uniform(0.022, 0.04), rng.uniform(0.006, 0.03)
    colour, gloss = draw_colour(rng), rng.uniform(0.0, 0.7)
    material = make_material(gloss=gloss, shininess=60.0)
    parts = [
        band_part(
            vertices, colour, material, start=start, stop=start + width, thickness=0.003,
            folds=0.0, mirrored=mirrored,
        )
    ]  # fmt: skip
    if rng.random() < 0.6 and not mirrored:
        face = watch_face(
            vertices, draw_colour(rng), start=start + width / 2, radius=rng.uniform(0.013, 0.02)
        )
        parts.append(face)
    return parts


def target_parts(
    interaction: Interaction, skin: Skin, rng: np.random.Generator, *, plain: bool = False
) -> list[Part]:
    """Paint what the hand touches or nearly touches; a body or second hand may share its skin.

    Args:
        interaction: What is touched, in the hand's frame.
        skin: Of the hand that touches.
        rng: Where chance comes from.
        plain: Leave all patterns out.
    """
    parts = []
    for placed in interaction.objects:
        parts += having_role(placed.role, _placed_parts(placed, skin, rng))
    for part in parts if plain else []:
        part.material["pattern"] = PATTERNS.index("plain")
    other = interaction.other_hand
    if other is not None:
        theirs = skin if rng.random() < 0.8 else draw_skin(rng)
        drawn = [hand_part(other.render_vertices, theirs, mirrored=other.mirrored)]
        drawn += draw_clothing(other.render_vertices, rng, mirrored=other.mirrored)
        parts += having_role("other hand", drawn)
    return parts


def _placed_parts(placed: PlacedObject, skin: Skin, rng: np.random.Generator) -> list[Part]:
    shape = placed.shape
    if isinstance(shape, MeshShape):
        size = float(np.median(shape.extents))
        look = draw_object_material(rng, num_pictures=len(TEXTURES), size=size)
        return [mesh_part(shape, placed.T_hand_object, look)]
    if placed.role == "body":
        bare = rng.random() < {"limb": 0.6, "head": 0.95}.get(shape.kind, 0.25)
        theirs = skin if rng.random() < 0.6 else draw_skin(rng, gloves=0.0)
        look = theirs.back, _bare_skin(theirs)
        clothed = draw_cloth_material(rng, num_pictures=len(TEXTURES))
        return shape_parts(shape, placed.T_hand_object, [look if bare else clothed])
    size = rng.uniform(0.05, 0.5) if placed.role == "surface" else _size(shape)
    count = 1 if rng.random() < 0.5 else 2
    looks = [draw_object_material(rng, num_pictures=len(TEXTURES), size=size) for _ in range(count)]
    if shape.kind in FITTED:  # keys and buttons look alike, the base otherwise
        looks = looks[:1] + looks[-1:] * (len(shape.primitives) - 1)
    return shape_parts(shape, placed.T_hand_object, looks)


def _bare_skin(skin: Skin) -> np.ndarray:
    material = skin.material.copy()
    material["crease"] = material["lines"] = 0.0  # lines and nails are a hand's
    return material


def _size(shape: Shape) -> float:
    vertices, _ = shape.mesh()
    return float(np.median(np.ptp(vertices, axis=0)))


def draw_clutter(
    interaction: Interaction, view: View, rng: np.random.Generator
) -> list[tuple[Shape, Float64[np.ndarray, "4 4"]]]:
    """Draw things that only lie about: a backdrop, things on the table, things behind the hand.

    Each keeps `CLEARANCE` from the hand.

    Returns:
        Shapes, each with its T_hand_object.
    """
    normal = free_normal(interaction)
    clutter: list[tuple[Shape, np.ndarray]] = []
    if normal is None and interaction.kind != "body" and rng.random() < 0.4:
        clutter.append(_backdrop(interaction, view, rng))
    ground = [placed.T_hand_object for placed in interaction.objects if placed.role == "surface"]
    ground += [T for shape, T in clutter if shape.kind == "plane"]
    for _ in range(int(rng.integers(1, 4)) if rng.random() < 0.6 else 0):
        kind = str(rng.choice(list(SHAPE_SHARES), p=list(SHAPE_SHARES.values())))
        shape = draw_shape(kind, rng.uniform(0.015, 0.06), rng)
        if ground and rng.random() < 0.85:
            T = _standing(shape, ground[0], interaction, rng)
        else:
            T = _floating(view, interaction, rng)
        if clearance(shape, T, interaction.render_vertices).min() > CLEARANCE:
            clutter.append((shape, T))
    return clutter


def clearance(
    shape: Shape, T_hand_object: Float[np.ndarray, "4 4"], points: Float[np.ndarray, "points 3"]
) -> Float64[np.ndarray, " points"]:
    """Measure signed distance from points of the hand's frame to a placed shape, metres."""
    return shape.distance((points - T_hand_object[:3, 3]) @ T_hand_object[:3, :3])


def _backdrop(
    interaction: Interaction, view: View, rng: np.random.Generator
) -> tuple[Shape, Float64[np.ndarray, "4 4"]]:
    """Stand a plane behind all that is there, facing the camera more or less."""
    R_camera_hand = view.T_camera_hand[:3, :3]
    normal = -R_camera_hand[2] - rng.uniform(-0.3, 1.6) * R_camera_hand[1]
    normal = normal + rng.normal(0, 0.25) * R_camera_hand[0]
    normal /= np.linalg.norm(normal)
    behind = [interaction.render_vertices, *(placed.mesh()[0] for placed in interaction.objects)]
    if interaction.other_hand is not None:
        behind.append(interaction.other_hand.render_vertices)
    level = min(float((points @ normal).min()) for points in behind)
    centre = interaction.vertices.mean(axis=0)
    T = _upright(normal, rng)
    gap = CLEARANCE + 0.002 + rng.exponential(0.08)
    T[:3, 3] = centre + (level - gap - centre @ normal) * normal
    return Shape("plane", (half_space(),)), T


def _standing(
    shape: Shape,
    T_hand_ground: Float[np.ndarray, "4 4"],
    interaction: Interaction,
    rng: np.random.Generator,
) -> Float64[np.ndarray, "4 4"]:
    """Put a thing upright, or on its side, on a plane, 6 to 35 cm from the hand's middle."""
    normal = T_hand_ground[:3, 1]
    T = _upright(normal, rng)
    if rng.random() < 0.35:
        T[:3, :3] = T[:3, [1, 0, 2]] * np.array([1.0, 1.0, -1.0])
    vertices, _ = shape.mesh()
    lowest = float((vertices @ T[:3, :3].T @ normal).min())
    centre = interaction.vertices.mean(axis=0)
    across = rng.normal(size=3)
    across -= (across @ normal) * normal
    across *= rng.uniform(0.06, 0.35) / np.linalg.norm(across)
    level = float(T_hand_ground[:3, 3] @ normal)
    T[:3, 3] = centre + across + (level - lowest - centre @ normal) * normal
    return T


def _floating(
    view: View, interaction: Interaction, rng: np.random.Generator
) -> Float64[np.ndarray, "4 4"]:
    """Put a thing anywhere 12 to 60 cm behind the hand, as seen by the camera."""
    R_camera_hand, t = view.T_camera_hand[:3, :3], view.T_camera_hand[:3, 3]
    depth = (R_camera_hand @ interaction.vertices.mean(axis=0) + t)[2] + rng.uniform(0.12, 0.6)
    x, y = (rng.uniform(0, 1, 2) - view.centre) / view.focal
    T = _upright(rng.normal(size=3), rng)
    T[:3, 3] = R_camera_hand.T @ (depth * np.array([x, y, 1.0]) - t)
    return T


def _upright(
    normal: Float[np.ndarray, "3"], rng: np.random.Generator
) -> Float64[np.ndarray, "4 4"]:
    """Turn a thing's y axis along `normal`, and any way about it."""
    up = normal / np.linalg.norm(normal)
    across = np.cross(up, rng.normal(size=3))
    across /= np.linalg.norm(across)
    T = np.eye(4)
    T[:3, :3] = np.stack([across, up, np.cross(across, up)], axis=1)
    return T
