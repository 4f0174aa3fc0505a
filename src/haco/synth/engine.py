"""The picture engine: sample i of a picture set, made from three numbers and nothing else."""

import dataclasses
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32

from haco.files import InputError
from haco.geometry.boxes import box_of_points, mirror_box
from haco.geometry.camera import project, transform_points
from haco.synth.looks.scenes import Scene, draw_scene
from haco.synth.looks.shading import render
from haco.synth.picture_sets import PICTURE_SETS, PictureSet
from haco.synth.poses.fitting import draw_held_shape
from haco.synth.poses.grasps import draw_interaction
from haco.synth.poses.interaction import Interaction
from haco.types import Sample

_MOST_INTERACTIONS = 50


def make_sample(
    picture_set: str | PictureSet,
    seed: int,
    index: int,
    *,
    size: int = 256,
    supersample: int | None = None,
) -> Sample:
    """Make one picture of a hand, with its exact labels.

    The scene depends on the set, the seed and the index alone; size and supersampling only say how
    finely it is drawn.

    Args:
        picture_set: A name in `PICTURE_SETS`, or a set that `haco.synth.variants` made of one.
        seed: Names a series of samples; training and test use different ones.
        index: Which sample of the series.
        size: Pixels along each side.
        supersample: Rays along each side of a pixel; the set's own number if not given.
    """
    chosen = find_picture_set(picture_set)
    drawn = draw_all(picture_set, seed, index)
    rays = chosen.supersample if supersample is None else supersample
    return photograph(drawn, size, rays)


class Drawn(NamedTuple):
    """Sample `index` of a series before it is a picture."""

    key: str
    interaction: Interaction
    scene: Scene
    is_left: bool
    """The finished picture is mirrored, so that the right hand in it becomes a left one."""


def draw_all(picture_set: str | PictureSet, seed: int, index: int) -> Drawn:
    """Draw what one sample shows, but no picture of it; see `make_sample`."""
    chosen = find_picture_set(picture_set)
    rng = np.random.default_rng([chosen.number, seed, index])
    interaction, scene = draw_visible(chosen, rng)
    is_left = rng.random() < chosen.left_share
    return Drawn(f"synthetic/{chosen.name}/{seed}/{index}", interaction, scene, is_left)


def photograph(drawn: Drawn, size: int, supersample: int) -> Sample:
    """Draw the picture of a scene and label it."""
    image = render(drawn.scene, size, supersample)
    sample = _label(drawn, image)
    return mirror_sample(sample) if drawn.is_left else sample


def label_distance(drawn: Drawn) -> Float32[np.ndarray, " vertices"]:
    """Give the signed distance of each label vertex to all that is there, metres."""
    nearest = np.minimum(drawn.interaction.distance, drawn.scene.clutter_distance)
    return nearest.astype(np.float32)


def find_picture_set(name: str | PictureSet) -> PictureSet:
    """Look a picture set up by its name; a set is given back as it is."""
    if isinstance(name, PictureSet):
        return name
    if name not in PICTURE_SETS:
        raise InputError(f"no picture set is called '{name}'; choose of {', '.join(PICTURE_SETS)}")
    return PICTURE_SETS[name]


def mirror_sample(sample: Sample) -> Sample:
    """Mirror a labelled picture left to right: the hand becomes the other one, touch stays."""
    assert sample.keypoints is not None
    assert sample.vertices is not None
    assert sample.K is not None
    width = sample.image.shape[1]
    keypoints, K = sample.keypoints.copy(), sample.K.copy()
    keypoints[:, 0] = width - 1 - keypoints[:, 0]
    K[0, 2] = width - 1 - K[0, 2]
    return dataclasses.replace(
        sample,
        image=np.ascontiguousarray(sample.image[:, ::-1]),
        box=mirror_box(sample.box, width),
        side="left" if sample.side == "right" else "right",
        vertices=sample.vertices * np.array([-1, 1, 1], np.float32),
        keypoints=keypoints,
        K=K,
    )


def draw_visible(picture_set: PictureSet, rng: np.random.Generator) -> tuple[Interaction, Scene]:
    """Draw interactions of one kind until one can be seen; hidden ones must not thin a kind out."""
    kinds, shares = list(picture_set.shares), list(picture_set.shares.values())
    kind = kinds[rng.choice(len(kinds), p=shares)]
    draw = draw_held_shape if picture_set.objects is None else picture_set.draw_held
    for _ in range(_MOST_INTERACTIONS):
        interaction = draw_interaction(kind, rng, draw=draw)
        scene = draw_scene(interaction, picture_set, rng)
        if scene is not None:
            return interaction, scene
    raise RuntimeError(f"{_MOST_INTERACTIONS} hands of kind '{kind}' were all hidden")


def _label(drawn: Drawn, image: np.ndarray) -> Sample:
    interaction, scene = drawn.interaction, drawn.scene
    K = scene.view.intrinsics(image.shape[1])
    vertices, joints = (
        transform_points(points.astype(np.float64), scene.view.T_camera_hand)
        for points in (interaction.vertices, interaction.joints)
    )
    return Sample(
        key=drawn.key,
        image=image,
        box=box_of_points(project(vertices, K)),
        side="right",
        distance=label_distance(drawn),
        vertices=vertices.astype(np.float32),
        keypoints=project(joints, K).astype(np.float32),
        K=K.astype(np.float32),
        interaction=interaction.kind,
    )
