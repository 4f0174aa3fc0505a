"""Objects of the engine placed again from their masks and a hand, with contact and without."""

import dataclasses
from collections.abc import Iterator, Mapping

import numpy as np
import torch
import trimesh
from jaxtyping import Bool, Float, Int, UInt8
from scipy.spatial import KDTree

from haco.downstream.cases import KINDS
from haco.downstream.field import distance_field
from haco.downstream.reconstruct import (
    WITHOUT_CONTACT,
    ObjectPose,
    ReconstructionWeights,
    Scene,
    random_turns,
    reconstruct,
)
from haco.geometry.camera import transform_points
from haco.synth.engine import draw_all, photograph
from haco.synth.truth import SEGMENTS, truth_of

NO_CONTACT, IMAGE, TRUTH = "no contact", "image contact", "true contact"
NUM_POINTS = 300
LEAST_SEEN = 80
"""Pixels of the object that a picture must show."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReconstructionCase:
    """A picture of a right hand with one thing, and where that thing truly is."""

    scene: Scene
    """Without contact; the object in a frame and size of its own."""
    contact: Bool[np.ndarray, " vertices"]
    image: UInt8[np.ndarray, "height width 3"]
    box: Float[np.ndarray, "4"]
    vertices: Float[np.ndarray, "object_vertices 3"]
    """Of the object, in its own frame."""
    true: Float[np.ndarray, "object_vertices 3"]
    """The same where they truly are, camera frame, metres."""
    faces: Int[np.ndarray, "object_faces 3"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReconstructionScores:
    """How near a placed object is to the truth."""

    mpvpe: float
    """Mean distance of vertices from their true places, mm; large for a turned round bottle."""
    chamfer: float
    """Mean distance from one surface to the other, both ways, mm."""
    f_5mm: float
    """F-score of points of either surface within 5 mm of the other."""
    f_10mm: float
    confidence: float


def reconstruction_cases(
    picture_set: str, seed: int, num: int, *, threshold: float, size: int = 192
) -> Iterator[ReconstructionCase]:
    """Draw pictures of right hands that hold one thing that is seen.

    Args:
        picture_set: A set of the picture engine.
        seed: Which series.
        num: How many.
        threshold: A vertex touches if it is nearer than this, metres.
        size: Pixels along each side.
    """
    found = index = 0
    while found < num:
        drawn = draw_all(picture_set, seed, index)._replace(is_left=False)
        index += 1
        interaction = drawn.interaction
        if interaction.kind not in KINDS or len(interaction.objects) != 1:
            continue
        truth = truth_of(drawn, size)
        mask = truth.segments == SEGMENTS.index("object")
        if mask.sum() < LEAST_SEEN:
            continue
        found += 1
        sample = photograph(drawn, size, 1)
        assert sample.vertices is not None
        assert sample.K is not None
        vertices, faces = interaction.objects[0].mesh()
        own = _own_frame(vertices, index)
        yield ReconstructionCase(
            scene=Scene(
                field=distance_field(own, faces, resolution=40, margin=0.3),
                points=surface_points(own, faces),
                hand=torch.from_numpy(sample.vertices),
                contact=torch.zeros(len(sample.vertices)),
                object_mask=mask,
                hand_mask=np.isin(
                    truth.segments,
                    [SEGMENTS.index(name) for name in ("hand", "forearm", "clothing")],
                ),
                K=torch.from_numpy(sample.K),
            ),
            contact=interaction.distance < threshold,
            image=sample.image,
            box=sample.box,
            vertices=own,
            true=transform_points(vertices, drawn.scene.view.T_camera_hand),
            faces=faces,
        )


def bench_one(
    case: ReconstructionCase, seen: Bool[np.ndarray, " vertices"], *, steps: int, starts: int
) -> Mapping[str, ReconstructionScores]:
    """Place one object without contact, with what a model saw, and with the true contact.

    Args:
        case: The picture and its truth.
        seen: The contact that an image model saw.
        steps: As in `reconstruct`.
        starts: As in `reconstruct`.
    """
    sources = {NO_CONTACT: None, IMAGE: seen, TRUTH: case.contact}
    scores = {}
    for name, contact in sources.items():
        scene, weights = case.scene, WITHOUT_CONTACT
        if contact is not None:
            weights = ReconstructionWeights()
            asked = torch.from_numpy(contact.astype(np.float32))
            scene = dataclasses.replace(scene, contact=asked)
        found = reconstruct(scene, weights=weights, steps=steps, starts=starts)
        scores[name] = score_object(case, found.pose, found.confidence)
    return scores


def score_object(
    case: ReconstructionCase, pose: ObjectPose, confidence: float
) -> ReconstructionScores:
    """Compare a placed object with the true one."""
    placed = pose.place(torch.from_numpy(case.vertices).float())[0].double().numpy()
    there, here = (_sampled(points, case.faces, 2_000) for points in (case.true, placed))
    missed, strayed = KDTree(here).query(there)[0], KDTree(there).query(here)[0]

    def f_score(reach: float) -> float:
        precision, recall = (strayed < reach).mean(), (missed < reach).mean()
        return float(2 * precision * recall / max(precision + recall, 1e-12))

    return ReconstructionScores(
        mpvpe=1e3 * float(np.linalg.norm(placed - case.true, axis=1).mean()),
        chamfer=1e3 * float(missed.mean() + strayed.mean()) / 2,
        f_5mm=f_score(0.005),
        f_10mm=f_score(0.01),
        confidence=confidence,
    )


def surface_points(
    vertices: Float[np.ndarray, "vertices 3"], faces: Int[np.ndarray, "faces 3"]
) -> Float[torch.Tensor, "points 3"]:
    """Spread points over an object's surface, always the same ones."""
    return torch.from_numpy(_sampled(vertices, faces, NUM_POINTS)).float()


def _own_frame(vertices: np.ndarray, seed: int) -> np.ndarray:
    """Hide an object's place, direction and size: what is to be found."""
    centred = (vertices - vertices.mean(axis=0)) / np.ptp(vertices, axis=0).max()
    return centred @ random_turns(1, seed)[0]


def _sampled(vertices: np.ndarray, faces: np.ndarray, num: int) -> np.ndarray:
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    return np.asarray(trimesh.sample.sample_surface(mesh, num, seed=0)[0])
