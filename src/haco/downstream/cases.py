"""Grasps whose truth is known: the picture engine's, each with its object and its contact."""

import dataclasses

import numpy as np
import torch
from jaxtyping import Float, Int

from haco.downstream.grasp import HandPose
from haco.synth.poses.grasps import draw_interaction
from haco.synth.poses.interaction import Interaction, Kind

KINDS: tuple[Kind, ...] = ("power", "pinch", "tool")
"""Kinds of interaction in which a hand holds one thing."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class GraspCase:
    """A true grasp. Hand and object share the hand's frame: no turn, no shift."""

    pose: HandPose
    """Of the open right hand; a batch of one."""
    vertices: Float[np.ndarray, "object_vertices 3"]
    """Of the object, metres."""
    faces: Int[np.ndarray, "object_faces 3"]
    distance: Float[np.ndarray, " vertices"]
    """Of each vertex of the hand from the object, metres, negative inside."""


def draw_case(kind: Kind, rng: np.random.Generator) -> GraspCase:
    """Draw a grasp of one of `KINDS`; see `draw_interaction`."""
    return case_of(draw_interaction(kind, rng))


def case_of(interaction: Interaction) -> GraspCase:
    """Take a grasp out of what the engine drew.

    Raises:
        ValueError: The hand does not hold exactly one thing.
    """
    if len(interaction.objects) != 1:
        raise ValueError(f"a '{interaction.kind}' holds {len(interaction.objects)} things, not one")
    vertices, faces = interaction.objects[0].mesh()
    return GraspCase(
        pose=HandPose(
            betas=torch.from_numpy(interaction.betas).float()[None],
            global_orient=torch.zeros(1, 3),
            hand_pose=torch.from_numpy(interaction.hand_pose).float()[None],
            transl=torch.zeros(1, 3),
        ),
        vertices=vertices,
        faces=faces,
        distance=interaction.distance,
    )
