"""Scenes: an interaction with clothes, things, light and a camera around it."""

import dataclasses

import numpy as np
from jaxtyping import Float64

from haco.geometry.camera import project, transform_points
from haco.geometry.raster import rasterize
from haco.synth.looks.backgrounds import TEXTURES, Background, draw_background
from haco.synth.looks.extras import draw_passer_by, draw_rings
from haco.synth.looks.lights import draw_light
from haco.synth.looks.materials import draw_object_material, draw_skin
from haco.synth.looks.parts import Part, hand_part, having_role, shape_parts
from haco.synth.looks.postprocess import Photo, draw_photo
from haco.synth.looks.things import (
    CLEARANCE,
    clearance,
    draw_clothing,
    draw_clutter,
    target_parts,
)
from haco.synth.looks.views import View, draw_view, free_normal
from haco.synth.objects.shapes import Shape
from haco.synth.picture_sets import PictureSet
from haco.synth.poses.arms import arm
from haco.synth.poses.interaction import Interaction

LEAST_VISIBLE = 0.35
"""Share of the hand's own outline that must be seen in a sample."""
HAND_END = 0.025
"""Where the hand ends and the forearm begins in the resting frame's x, metres."""
_CHECK_SIZE = 64
_MOST_VIEWS = 6


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scene:
    """Everything that a picture shows, in the camera's frame, for a picture of any size."""

    parts: tuple[Part, ...]
    """The right hand of the labels comes first."""
    view: View
    light: np.ndarray
    """One `LIGHT` record."""
    background: Background
    photo: Photo
    clutter_distance: Float64[np.ndarray, " vertices"]
    """Of each label vertex to the nearest thing that the scene added, metres; infinite if none."""


def draw_scene(
    interaction: Interaction, picture_set: PictureSet, rng: np.random.Generator
) -> Scene | None:
    """Put an interaction into a scene and look at it.

    Args:
        interaction: A right hand and what it touches, in the hand's frame.
        picture_set: Says how varied the scene is.
        rng: Where chance comes from.

    Returns:
        The scene; None if the hand is mostly hidden from every view that was tried.
    """
    everyday = picture_set.everyday
    fine = picture_set.extras
    skin = draw_skin(rng, fine=fine) if everyday else draw_skin(rng, gloves=0.0, varnish=0.0)
    parts = [hand_part(interaction.render_vertices, skin)]
    if everyday:
        parts += having_role("clothing", draw_clothing(interaction.render_vertices, rng))
    if picture_set.extras:
        parts += having_role("clothing", draw_rings(interaction.render_vertices, rng))
    parts += target_parts(interaction, skin, rng, plain=not everyday)
    forearm = arm().direction(interaction.render_vertices)
    for _ in range(_MOST_VIEWS):
        view = draw_view(interaction, forearm, picture_set, rng)
        clutter = draw_clutter(interaction, view, rng) if everyday else []
        everything = list(parts)
        for shape, T in clutter:
            size = 0.2 if shape.kind == "plane" else 0.05
            look = draw_object_material(rng, num_pictures=len(TEXTURES), size=size)
            everything += shape_parts(shape, T, [look])
        nearest = _clutter_distance(interaction, clutter)
        passer_by = None
        if picture_set.extras:
            passer_by = draw_passer_by(interaction, view, clear=CLEARANCE, rng=rng)
        if passer_by is not None:
            everything.append(passer_by[0])
            nearest = np.minimum(nearest, passer_by[1])
        seen = tuple(part.placed(view.T_camera_hand) for part in everything)
        if visible_share(seen, view) >= LEAST_VISIBLE:
            return lit_scene(interaction, seen, view, nearest, picture_set, rng)
    return None


def visible_share(parts: tuple[Part, ...], view: View) -> float:
    """Measure how much of the first part's hand, without its forearm, the others leave in sight.

    Args:
        parts: In the camera's frame, the hand first.
        view: The camera.

    Returns:
        Pixels of the hand that are seen over pixels that would be if it were alone, 0..1.
    """
    hand = parts[0]
    proper = (hand.rest[hand.faces, 0] < HAND_END).all(axis=1)
    alone = _seen_faces((hand,), view)
    together = _seen_faces(parts, view)
    whole = np.count_nonzero(proper[alone[alone >= 0]])
    seen = np.count_nonzero(proper[together[(together >= 0) & (together < len(proper))]])
    return seen / whole if whole else 0.0


def join_meshes(parts: tuple[Part, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Join the meshes of parts into one: vertices and faces."""
    starts = np.cumsum([0, *(len(part.vertices) for part in parts)])
    faces = [part.faces + start for part, start in zip(parts, starts[:-1], strict=True)]
    return np.concatenate([part.vertices for part in parts]), np.concatenate(faces)


def to_pixels(vertices: np.ndarray, K: np.ndarray) -> np.ndarray:
    """Give pixel x, pixel y and depth; what lies behind the camera keeps a depth below zero."""
    ahead = np.where(vertices[:, 2:] > 1e-6, vertices[:, 2:], 1e-6)
    pixels = project(np.concatenate([vertices[:, :2], ahead], axis=1), K)
    return np.concatenate([pixels, vertices[:, 2:]], axis=1)


def _seen_faces(parts: tuple[Part, ...], view: View) -> np.ndarray:
    vertices, faces = join_meshes(parts)
    pixels = to_pixels(vertices, view.intrinsics(_CHECK_SIZE))
    return rasterize(pixels, faces, _CHECK_SIZE, _CHECK_SIZE).face_index


def _clutter_distance(
    interaction: Interaction, clutter: list[tuple[Shape, Float64[np.ndarray, "4 4"]]]
) -> Float64[np.ndarray, " vertices"]:
    nearest = np.full(len(interaction.vertices), np.inf)
    for shape, T in clutter:
        nearest = np.minimum(nearest, clearance(shape, T, interaction.vertices))
    return nearest


def lit_scene(
    interaction: Interaction,
    parts: tuple[Part, ...],
    view: View,
    clutter_distance: Float64[np.ndarray, " vertices"],
    picture_set: PictureSet,
    rng: np.random.Generator,
) -> Scene:
    """Draw light, background and camera flaws around parts that are in the camera's frame."""
    R_camera_hand = view.T_camera_hand[:3, :3]
    normal = free_normal(interaction)
    free_side = None if normal is None else R_camera_hand @ normal
    level = free_side if free_side is not None and rng.random() < 0.7 else np.array([0, -1.0, -0.3])
    up = level + rng.normal(0, 0.25, 3)
    centre = transform_points(interaction.vertices.astype(np.float64), view.T_camera_hand)
    light = draw_light(
        rng, up=up / np.linalg.norm(up), free_side=free_side, centre=centre.mean(axis=0)
    )
    return Scene(
        parts=parts,
        view=view,
        light=light,
        background=draw_background(
            rng, plain=not picture_set.everyday, own=picture_set.backgrounds
        ),
        photo=draw_photo(rng, flaws=picture_set.everyday, lens=picture_set.extras),
        clutter_distance=clutter_distance,
    )
