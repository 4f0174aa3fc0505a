"""Filming a motion: one scene, one light and one camera, on a tripod or in a hand."""

import dataclasses
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Float, Float64
from scipy.spatial import KDTree

from haco.synth.looks.backgrounds import TEXTURES, Background
from haco.synth.looks.extras import draw_passer_by, draw_rings
from haco.synth.looks.materials import draw_object_material, draw_skin
from haco.synth.looks.parts import Part, hand_part, having_role, shape_parts
from haco.synth.looks.scenes import LEAST_VISIBLE, Scene, lit_scene, visible_share
from haco.synth.looks.things import (
    CLEARANCE,
    clearance,
    draw_clothing,
    draw_clutter,
    target_parts,
)
from haco.synth.looks.views import View, draw_view
from haco.synth.motions.motion import Moment, Motion
from haco.synth.objects.shapes import Shape
from haco.synth.picture_sets import PictureSet
from haco.synth.poses.arms import arm
from haco.synth.poses.interaction import Interaction
from haco.synth.turns import turn_of

WAY_SHARE = (0.6, 0.85)
"""Longer side of the box of all that the hand passes, as a share of the picture's width."""
HANDHELD = 0.5
"""Share of clips filmed from the hand, not from a tripod."""
_LOOKED_AT = np.array([0.0, 0.25, 0.45, 0.6, 1.0])
_MOST_VIEWS = 8


class Shot(NamedTuple):
    """One frame before it is a picture."""

    moment: Moment
    interaction: Interaction
    scene: Scene
    T_camera_world: Float64[np.ndarray, "4 4"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Film:
    """What a camera sees of a motion, at any time from 0 to 1."""

    motion: Motion
    picture_set: PictureSet
    first: Scene
    """Its light, background, lens and camera are those of all frames, but for the camera's sway."""
    clutter: tuple[Part, ...]
    """What lies about, in the world's frame."""
    clutter_shapes: tuple[tuple[Shape, np.ndarray], ...]
    passer_by: Part | None
    look_seed: tuple[int, ...]
    """Decides skin, clothes and colours, anew and alike in every frame."""
    sway: Float[np.ndarray, "2 2 3"]
    """Amplitude (axis-angle, radians) and phase of two swings of the camera; zeros on a tripod."""

    def shot(self, time: float, number: int) -> Shot:
        """Set one frame up.

        Args:
            time: 0..1.
            number: Of the frame, which decides the noise of its pixels.
        """
        moment = self.motion.at(time)
        interaction = self.motion.interaction(moment)
        swing = self._swing(time)
        T_camera_world = swing @ self.first.view.T_camera_hand
        T_camera_hand = T_camera_world @ moment.T_world_hand
        parts = [
            *(part.placed(T_camera_hand) for part in self._hand_and_things(interaction)),
            *(part.placed(T_camera_world) for part in self.clutter),
        ]
        nearest = self._clutter_distance(interaction, moment)
        if self.passer_by is not None:
            parts.append(self.passer_by.placed(T_camera_world))
        view = dataclasses.replace(self.first.view, T_camera_hand=T_camera_hand)
        photo = dataclasses.replace(
            self.first.photo, noise_seed=self.first.photo.noise_seed + number
        )
        scene = dataclasses.replace(
            self.first,
            parts=tuple(parts),
            view=view,
            light=_turned_light(self.first.light, swing[:3, :3]),
            background=_turned_background(self.first.background, swing[:3, :3], view),
            photo=photo,
            clutter_distance=nearest,
        )
        return Shot(moment, interaction, scene, T_camera_world)

    def _hand_and_things(self, interaction: Interaction) -> list[Part]:
        return _hand_and_things(interaction, self.picture_set, self.look_seed)

    def _clutter_distance(
        self, interaction: Interaction, moment: Moment
    ) -> Float64[np.ndarray, " vertices"]:
        T = moment.T_world_hand
        points = interaction.vertices @ T[:3, :3].T + T[:3, 3]
        nearest = np.full(len(points), np.inf)
        for shape, T_world_shape in self.clutter_shapes:
            nearest = np.minimum(nearest, clearance(shape, T_world_shape, points))
        if self.passer_by is not None:
            nearest = np.minimum(nearest, KDTree(self.passer_by.vertices).query(points)[0])
        return nearest

    def _swing(self, time: float) -> Float64[np.ndarray, "4 4"]:
        amplitudes, phases = self.sway
        angles = 2 * np.pi * np.array([[1.3], [3.1]]) * time + phases
        swing = np.eye(4)
        swing[:3, :3] = turn_of((amplitudes * np.sin(angles)).sum(axis=0))
        return swing


def draw_film(motion: Motion, picture_set: PictureSet, rng: np.random.Generator) -> Film | None:
    """Put a motion into a scene and film it; None if the hand is hidden from every view tried."""
    look_seed = tuple(int(n) for n in rng.integers(2**31, size=4))
    whole = _whole_way(motion)
    grasp = motion.interaction(motion.at(0.5))
    forearm = arm().direction(grasp.render_vertices)
    for _ in range(_MOST_VIEWS):
        view = draw_view(whole, forearm, picture_set, rng, share=WAY_SHARE)
        shapes = draw_clutter(whole, view, rng) if picture_set.everyday else []
        clutter: list[Part] = []
        for shape, T in shapes:
            size = 0.2 if shape.kind == "plane" else 0.05
            look = draw_object_material(rng, num_pictures=len(TEXTURES), size=size)
            clutter += shape_parts(shape, T, [look])
        passer_by = None
        if picture_set.extras:
            passer_by = draw_passer_by(whole, view, clear=CLEARANCE, rng=rng)
        own = _hand_and_things(grasp, picture_set, look_seed)
        seen = tuple(part.placed(view.T_camera_hand) for part in (*own, *clutter))
        scene = lit_scene(whole, seen, view, np.zeros(0), picture_set, rng)
        handheld = picture_set.everyday and rng.random() < HANDHELD
        film = Film(
            motion=motion,
            picture_set=picture_set,
            first=dataclasses.replace(
                scene, photo=dataclasses.replace(scene.photo, motion=(0.0, 0.0))
            ),
            clutter=tuple(clutter),
            clutter_shapes=tuple(shapes),
            passer_by=None if passer_by is None else passer_by[0],
            look_seed=look_seed,
            sway=_draw_sway(rng) if handheld else np.zeros((2, 2, 3)),
        )
        if all(_well_seen(film.shot(float(time), 0).scene) for time in _LOOKED_AT):
            return film
    return None


def _hand_and_things(
    interaction: Interaction, picture_set: PictureSet, look_seed: tuple[int, ...]
) -> list[Part]:
    """Paint the hand, its clothes and what it touches, alike whenever the seed is."""
    rng = np.random.default_rng(look_seed)
    everyday = picture_set.everyday
    skin = draw_skin(rng) if everyday else draw_skin(rng, gloves=0.0, varnish=0.0)
    parts = [hand_part(interaction.render_vertices, skin)]
    if everyday:
        parts += having_role("clothing", draw_clothing(interaction.render_vertices, rng))
    if picture_set.extras:
        parts += having_role("clothing", draw_rings(interaction.render_vertices, rng))
    return parts + target_parts(interaction, skin, rng, plain=not everyday)


def _whole_way(motion: Motion) -> Interaction:
    """Gather all places where the hand and what it is after ever are, as if they were one hand."""
    labels, points, carried = [], [], []
    for time in np.linspace(0.0, 1.0, 13):
        moment = motion.at(float(time))
        one = motion.interaction(moment)
        T = moment.T_world_hand
        labels.append(one.vertices @ T[:3, :3].T + T[:3, 3])
        points.append(one.render_vertices @ T[:3, :3].T + T[:3, 3])
        for thing in motion.carried:
            T = moment.T_world_carried
            carried.append(thing.mesh()[0] @ T[:3, :3].T + T[:3, 3])
    if motion.kind == "near":  # a thing that is only aimed at must be in the picture
        carried += [thing.mesh()[0] for thing in motion.still if thing.role == "object"]
    vertices = np.concatenate([*labels, *carried])
    grasp = motion.interaction(motion.at(0.5))
    return dataclasses.replace(
        grasp,
        objects=(*motion.carried, *motion.still),
        vertices=vertices,
        render_vertices=np.concatenate([*points, *carried]),
        distance=np.zeros(len(vertices), np.float32),
    )


def _well_seen(scene: Scene) -> bool:
    return visible_share(scene.parts, scene.view) >= LEAST_VISIBLE


def _draw_sway(rng: np.random.Generator) -> Float[np.ndarray, "2 2 3"]:
    amplitudes = rng.normal(0.0, 1.0, (2, 3)) * np.array([[0.012], [0.004]])
    return np.stack([amplitudes, rng.uniform(0.0, 2 * np.pi, (2, 3))])


def _turned_light(light: np.ndarray, turn: Float[np.ndarray, "3 3"]) -> np.ndarray:
    """Turn a `LIGHT` record as the camera turns."""
    turned = light.copy()
    for field in ("key_direction", "fill_direction", "up", "shadow_centre"):
        turned[field] = turn @ light[field]
    turned["shadow_axes"] = light["shadow_axes"] @ turn.T
    return turned


def _turned_background(
    background: Background, turn: Float[np.ndarray, "3 3"], view: View
) -> Background:
    """Show a background that is infinitely far off through a turned camera."""
    size = len(background)
    K = view.intrinsics(size)
    return cv2.warpPerspective(
        background,
        K @ turn @ np.linalg.inv(K),
        (size, size),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
