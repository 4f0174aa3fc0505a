"""How good a grasp is: against the true hand, and by itself on its object."""

import dataclasses

import igl
import numpy as np
import torch
from jaxtyping import Bool, Float

from haco.downstream.field import DistanceField
from haco.downstream.slip import held_share
from haco.hands.model import HandModel, HandSurface


@dataclasses.dataclass(frozen=True, kw_only=True)
class GraspScores:
    """Scores of one grasp."""

    precision: float
    """Of the vertices that touch, those that truly do; 0 where none does."""
    recall: float
    f1: float
    mpjpe: float
    """Mean distance of the 21 joints from the true ones, millimetres, in the object's frame."""
    mpvpe: float
    """Mean distance of the vertices from the true ones, millimetres."""
    intersection: float
    """Volume that is in the hand and in the object, cubic centimetres."""
    penetration: float
    """How deep the deepest vertex is in the object, millimetres."""
    stability: float
    """Share of six directions of gravity in which friction holds the object."""


def score_grasp(
    hand: HandModel,
    found: HandSurface,
    true: HandSurface,
    contact: Bool[np.ndarray, " vertices"],
    field: DistanceField,
    *,
    threshold: float,
) -> GraspScores:
    """Score one posed hand.

    Args:
        hand: The hand that was posed.
        found: Where it is; no batch axis.
        true: Where it should be.
        contact: Which vertices truly touch.
        field: The object.
        threshold: A vertex touches if it is nearer than this, metres.
    """
    distance = field(found.vertices).detach().numpy()
    touching = distance < threshold
    hits = int((touching & contact).sum())
    precision, recall = hits / max(int(touching.sum()), 1), hits / max(int(contact.sum()), 1)
    return GraspScores(
        precision=precision,
        recall=recall,
        f1=2 * hits / max(int(touching.sum() + contact.sum()), 1),
        mpjpe=_mean_distance(found.joints, true.joints),
        mpvpe=_mean_distance(found.vertices, true.vertices),
        intersection=1e6 * intersection_volume(hand, found.vertices.detach().numpy(), field),
        penetration=1e3 * max(0.0, -float(distance.min())),
        stability=stability(found.vertices, field),
    )


def intersection_volume(
    hand: HandModel, vertices: Float[np.ndarray, "vertices 3"], field: DistanceField
) -> float:
    """Measure the volume that a posed hand and an object share, cubic metres, by the grid."""
    inner = field.inner_points().double().numpy()
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    inner = inner[((inner >= low) & (inner <= high)).all(axis=1)]
    if len(inner) == 0:
        return 0.0
    faces = np.ascontiguousarray(hand.closed_faces.numpy(), np.int64)
    winding = igl.fast_winding_number(np.ascontiguousarray(vertices, np.float64), faces, inner)
    return float((np.atleast_1d(winding) > 0.5).sum()) * field.cell_volume


def stability(
    vertices: Float[torch.Tensor, "vertices 3"], field: DistanceField, *, reach: float = 0.003
) -> float:
    """Test whether a posed hand could hold an object; see `held_share`.

    Args:
        vertices: Of the hand, metres.
        field: The object; its centre of mass is that of a full solid.
        reach: A vertex presses if it is nearer than this, metres.
    """
    points = vertices.detach().clone().requires_grad_()
    distance = field(points)
    (normals,) = torch.autograd.grad(distance.sum(), points)
    pressing = (distance < reach).detach()
    directions = normals[pressing]
    lengths = directions.norm(dim=-1, keepdim=True)
    good = lengths[:, 0] > 0.1
    inner = field.inner_points()
    if len(inner) == 0:
        return 0.0
    return held_share(
        points.detach()[pressing][good].double().numpy(),
        (directions[good] / lengths[good]).double().numpy(),
        inner.mean(dim=0).double().numpy(),
    )


def _mean_distance(first: torch.Tensor, second: torch.Tensor) -> float:
    return 1e3 * float((first - second).norm(dim=-1).mean())
