"""Grasp refinement: move a rough hand until what should touch the object does.

The protocol is ContactOpt's (Grady et al., CVPR 2021): a hand that some estimator put roughly in
place, an object, and a guess of contact; then an optimisation of the hand's place, pose and shape.
There DeepContact guesses the contact from hand and object; here an image model does.
"""

import dataclasses
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from haco.downstream.field import DistanceField
from haco.downstream.limits import JointLimits
from haco.geometry.rotations import axis_angle_from_matrix, matrix_from_axis_angle
from haco.hands.model import HandModel, HandSurface

CENTIMETRE = 0.01
RATE = 0.02
"""Of Adam at first, radians; tenths of metres and fifths of a beta go as fast."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class HandPose:
    """A batch of posed hands, in the object's frame."""

    betas: Float[Tensor, "batch 10"]
    global_orient: Float[Tensor, "batch 3"]
    """Axis-angle about the wrist joint, radians."""
    hand_pose: Float[Tensor, "batch 15 3"]
    """Axis-angle of each joint, absolute, radians."""
    transl: Float[Tensor, "batch 3"]
    """Metres."""

    def surface(self, hand: HandModel) -> HandSurface:
        """Pose a hand so."""
        return hand(self.betas, self.global_orient, self.hand_pose, self.transl)


@dataclasses.dataclass(frozen=True, kw_only=True)
class GraspWeights:
    """What counts how much; distances are squared in centimetres, angles in radians."""

    attract: float = 3.0
    """For each vertex that should touch, by its probability, and is farther off than `skin`."""
    repel: float = 3.0
    """For each vertex that should not, and is nearer than `clear`."""
    penetrate: float = 20.0
    """For each vertex deeper inside than `soft`."""
    limits: float = 20.0
    """For joints beyond their range."""
    keep_pose: float = 0.3
    """For leaving the pose that the rough hand had."""
    keep_place: float = 0.02
    """For leaving its place and direction."""
    keep_shape: float = 0.1
    """For leaving its shape, and the average shape."""
    skin: float = 0.002
    """Metres; skin as near as this touches."""
    clear: float = 0.01
    """Metres; a vertex that does not touch is at least as far off."""
    soft: float = 0.001
    """Metres by which flesh gives way."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Refined:
    """Refined hands, and how well they meet what was asked."""

    pose: HandPose
    energy: Float[Tensor, " batch"]
    """What was made small; comparable between starts of one grasp."""


def refine_grasp(
    hand: HandModel,
    start: HandPose,
    field: DistanceField,
    contact: Float[Tensor, "batch vertices"],
    *,
    weights: GraspWeights | None = None,
    steps: int = 200,
    progress: Callable[[int], object] = lambda step: None,
) -> Refined:
    """Move rough hands so that the vertices likely to touch touch, and nothing is pierced.

    Rigid motion goes first, by itself, for a third of the steps; then pose and shape move too.

    Args:
        hand: The hand that `start` poses.
        start: Rough hands, in the object's frame; each is refined by itself.
        field: The object.
        contact: How surely each vertex touches, 0..1. Calibrated probabilities pull too weakly to
            close a hand; cut them at the threshold of their weights first.
        weights: What counts how much.
        steps: Of Adam.
        progress: Is told how many steps are done.

    Returns:
        The best hands met on the way, never worse than the start.
    """
    weights = GraspWeights() if weights is None else weights
    moves = _Moves(start)
    limits = JointLimits(hand)
    best = _Best(start)
    groups = [{"params": [moves.turn, moves.shift]}, {"params": [moves.pose, moves.betas]}]
    optimiser = torch.optim.Adam(groups, betas=(0.9, 0.99))
    for step in range(steps):
        rate = RATE * (1.0 - 0.9 * step / steps)
        rigid, articulated = optimiser.param_groups
        rigid["lr"], articulated["lr"] = rate, rate if step >= steps // 3 else 0.0
        optimiser.zero_grad()
        pose = moves.applied()
        energy = grasp_energy(hand, pose, start, field, contact, weights, limits)
        best.offer(energy.detach(), pose)
        energy.sum().backward()
        optimiser.step()
        progress(step + 1)
    with torch.no_grad():
        pose = moves.applied()
        best.offer(grasp_energy(hand, pose, start, field, contact, weights, limits), pose)
    return Refined(pose=best.pose, energy=best.energy)


def grasp_energy(
    hand: HandModel,
    pose: HandPose,
    start: HandPose,
    field: DistanceField,
    contact: Float[Tensor, "batch vertices"],
    weights: GraspWeights,
    limits: JointLimits,
) -> Float[Tensor, " batch"]:
    """Measure how far posed hands are from what is asked of them.

    Args:
        hand: The hand that is posed.
        pose: Where it is.
        start: Where it came from.
        field: The object.
        contact: Probability that each vertex touches.
        weights: What counts how much.
        limits: The joints' ranges.
    """
    distance = field(pose.surface(hand).vertices)
    far = (distance - weights.skin).clamp(min=0) / CENTIMETRE
    near = (weights.clear - distance).clamp(min=0) / CENTIMETRE
    deep = (-distance - weights.soft).clamp(min=0) / CENTIMETRE
    # Beyond a centimetre the pull grows no more, so that a wrong guess does not tear the hand.
    pull = torch.where(far < 1, far.square(), 2 * far - 1)
    asked = contact.sum(dim=-1).clamp(min=5.0)
    attract = (contact * pull).sum(dim=-1) / asked
    repel = ((1 - contact) * near.square()).sum(dim=-1) / 50
    terms = {
        "attract": attract,
        "repel": repel,
        "penetrate": deep.square().sum(dim=-1) / 50,
        "limits": limits.excess(pose.hand_pose).square().sum(dim=-1),
        "keep_pose": (pose.hand_pose - start.hand_pose).square().sum(dim=(-1, -2)),
        "keep_place": ((pose.transl - start.transl) / CENTIMETRE).square().sum(dim=-1)
        + _turn_between(pose.global_orient, start.global_orient),
        "keep_shape": (pose.betas - start.betas).square().sum(dim=-1)
        + 0.1 * pose.betas.square().sum(dim=-1),
    }
    total = torch.zeros_like(attract)
    for name, term in terms.items():
        total = total + getattr(weights, name) * term
    return total


def _turn_between(
    first: Float[Tensor, "batch 3"], second: Float[Tensor, "batch 3"]
) -> Float[Tensor, " batch"]:
    """Give 4 - 4 cos of the angle between two directions, which is twice its square if small."""
    R_first, R_second = (matrix_from_axis_angle(each) for each in (first, second))
    return (R_first - R_second).square().sum(dim=(-1, -2))


class _Moves:
    """What is added to the rough hands; all zero at first."""

    def __init__(self, start: HandPose) -> None:
        self.start = start
        self.R = matrix_from_axis_angle(start.global_orient)
        batch = len(start.betas)
        self.turn, self.shift = (_zeros(start, batch, 3) for _ in range(2))
        self.pose, self.betas = _zeros(start, batch, 15, 3), _zeros(start, batch, 10)

    def applied(self) -> HandPose:
        """Give the hands as moved: the turn comes after their own, about the wrist."""
        turned = matrix_from_axis_angle(self.turn) @ self.R
        return HandPose(
            betas=self.start.betas + 5 * self.betas,
            global_orient=axis_angle_from_matrix(turned),
            hand_pose=self.start.hand_pose + self.pose,
            transl=self.start.transl + 0.1 * self.shift,
        )


def _zeros(start: HandPose, *shape: int) -> Tensor:
    return torch.zeros(shape, dtype=start.betas.dtype, requires_grad=True)


class _Best:
    """For each hand of the batch, the pose of the lowest energy so far."""

    def __init__(self, start: HandPose) -> None:
        self.pose = start
        self.energy = start.betas.new_full((len(start.betas),), torch.inf)

    def offer(self, energy: Tensor, pose: HandPose) -> None:
        """Keep what is better."""
        better = energy < self.energy
        self.energy = torch.where(better, energy, self.energy)

        def chosen(name: str) -> Tensor:
            new, old = getattr(pose, name).detach(), getattr(self.pose, name)
            return torch.where(better.view(-1, *[1] * (new.ndim - 1)), new, old)

        names = [field.name for field in dataclasses.fields(HandPose)]
        self.pose = HandPose(**{name: chosen(name) for name in names})
