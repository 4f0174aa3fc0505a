"""Rough grasps of the engine's, refined by contact from several sources, against the truth."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8

from haco.downstream.cases import KINDS, GraspCase, case_of
from haco.downstream.field import DistanceField, distance_field
from haco.downstream.grasp import HandPose, refine_grasp
from haco.downstream.grasp_scores import GraspScores, score_grasp
from haco.downstream.perturb import Roughness, perturbed
from haco.hands.model import HandModel, HandSurface
from haco.synth.engine import draw_all, photograph

ROUGH, GEOMETRY, IMAGE, TRUTH = "rough hand", "geometry only", "image contact", "true contact"
NEAR = 0.02
"""Metres: geometry alone takes the vertices of the rough hand that are so near for touching."""

SeesContact = Callable[
    [UInt8[np.ndarray, "height width 3"], Float[np.ndarray, "4"]], Bool[np.ndarray, " vertices"]
]
"""From a picture and the box of the right hand in it to the vertices that touch."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class BenchCase:
    """A grasp with its picture."""

    grasp: GraspCase
    image: UInt8[np.ndarray, "height width 3"]
    box: Float[np.ndarray, "4"]


def bench_cases(picture_set: str, seed: int, num: int, *, size: int = 256) -> Iterator[BenchCase]:
    """Draw pictures of right hands that hold one thing, the first `num` of a series.

    Args:
        picture_set: A set of the picture engine.
        seed: Which series.
        num: How many.
        size: Pixels of the picture along each side.
    """
    found = index = 0
    while found < num:
        drawn = draw_all(picture_set, seed, index)
        index += 1
        interaction = drawn.interaction
        if interaction.kind not in KINDS or len(interaction.objects) != 1:
            continue
        sample = photograph(drawn._replace(is_left=False), size, 1)
        found += 1
        yield BenchCase(grasp=case_of(interaction), image=sample.image, box=sample.box)


def bench_one(
    hand: HandModel,
    case: BenchCase,
    sees: SeesContact,
    rng: np.random.Generator,
    *,
    threshold: float,
    steps: int = 200,
    roughness: Roughness | None = None,
) -> Mapping[str, GraspScores]:
    """Make one grasp rough, refine it by each source of contact, and score all of them.

    Args:
        hand: The open right hand.
        case: The grasp.
        sees: The image model.
        rng: Makes it rough.
        threshold: A vertex touches if it is nearer than this, metres.
        steps: Of the optimiser.
        roughness: How rough.
    """
    grasp = case.grasp
    field = distance_field(grasp.vertices, grasp.faces)
    rough = perturbed(hand, grasp.pose, rng, roughness)
    true = grasp.distance < threshold
    near = field(rough.surface(hand).vertices[0]).detach().numpy() < NEAR
    contact = {GEOMETRY: near, IMAGE: sees(case.image, case.box), TRUTH: true}
    asked = torch.from_numpy(np.stack([each.astype(np.float32) for each in contact.values()]))
    refined = refine_grasp(hand, _repeated(rough, len(asked)), field, asked, steps=steps)
    surfaces = {ROUGH: rough.surface(hand)}
    surfaces |= {name: _row(refined.pose, row).surface(hand) for row, name in enumerate(contact)}
    return {
        name: _scored(hand, surface, grasp, true, field, threshold)
        for name, surface in surfaces.items()
    }


def _scored(
    hand: HandModel,
    found: HandSurface,
    grasp: GraspCase,
    contact: np.ndarray,
    field: DistanceField,
    threshold: float,
) -> GraspScores:
    first, true = (
        HandSurface(each.vertices[0].detach(), each.joints[0].detach())
        for each in (found, grasp.pose.surface(hand))
    )
    return score_grasp(hand, first, true, contact, field, threshold=threshold)


def _repeated(pose: HandPose, times: int) -> HandPose:
    return _each(pose, lambda value: value.expand(times, *value.shape[1:]))


def _row(pose: HandPose, row: int) -> HandPose:
    return _each(pose, lambda value: value[row : row + 1])


def _each(pose: HandPose, change: Callable[[torch.Tensor], torch.Tensor]) -> HandPose:
    names = [field.name for field in dataclasses.fields(HandPose)]
    return HandPose(**{name: change(getattr(pose, name)) for name in names})
