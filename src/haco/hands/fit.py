"""Poses a hand so that its joints fall on 21 points seen in a picture.

The camera is weak perspective: a hand is shallow beside its distance, so one scale serves all of
it. Pose, shape and camera are found by Levenberg-Marquardt on robust residuals (Geman-McClure
weights), for a whole batch at once, from several first guesses a hand, as a flat picture of a hand
can be meant in two ways. Priors on how joints turn, finger by finger axis, decide what the points
leave open.
"""

import dataclasses
import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from haco.geometry.rotations import axis_angle_from_matrix, matrix_from_axis_angle
from haco.hands.model import HandModel, HandSurface
from haco.hands.open_hand import open_hand_arrays
from haco.hands.skeleton import FINGER_JOINTS

LARGEST_ERROR = 0.08
"""A mean distance from the points above this share of the hand's extent is not worth drawing."""
_POINT_NOISE = 0.02
"""Standard deviation of a point, over the hand's extent."""
_OUTLIER = 4.0
"""From so many standard deviations on, a point loses its weight."""
_SMALLEST_EXTENT = 8.0
"""Points within fewer pixels than this are no hand."""
_STEP = 1e-6
_FINALISTS = 4
"""First guesses that are followed to the end."""
# Mean and standard deviation, radians, of a joint's turn about: its flexion axis, the axis that
# spreads fingers, the bone. Rows: base, middle, tip of a finger; then of the thumb.
_PRIOR_MEAN = ((0.35, 0.0, 0.0), (0.45, 0.0, 0.0), (0.25, 0.0, 0.0))
_PRIOR_SPREAD = ((0.55, 0.2, 0.08), (0.55, 0.04, 0.04), (0.4, 0.04, 0.04))
_THUMB_MEAN = ((0.1, 0.0, 0.0), (0.1, 0.0, 0.0), (0.2, 0.0, 0.0))
_THUMB_SPREAD = ((0.4, 0.4, 0.25), (0.4, 0.15, 0.1), (0.5, 0.05, 0.05))
_LEAST_FLEXION, _STOP_SPREAD = -0.15, 0.06
_NUM_CAMERA, _NUM_TURNS = 6, 45


@dataclasses.dataclass(frozen=True)
class HandFit:
    """Hands that were fitted, a batch of them."""

    vertices: Float[Tensor, "batch vertices 3"]
    """Pixel x, pixel y, and depth on the same scale (larger is farther), all of the picture."""
    joints: Float[Tensor, "batch 21 3"]
    error: Float[Tensor, " batch"]
    """Mean distance of joints from the points, pixels."""
    extent: Float[Tensor, " batch"]
    """Longer side of the points' box, pixels."""
    parameters: Float[Tensor, "batch parameters"]
    """Where a next fit, of the next frame, may start."""

    @property
    def is_close(self) -> Bool[Tensor, " batch"]:
        """Whether the error is small enough for the hand to be drawn."""
        return self.error <= LARGEST_ERROR * self.extent


def fit_hands(
    hand: HandModel,
    points: Float[Tensor, "batch 21 2"],
    *,
    start: Float[Tensor, "batch parameters"] | None = None,
    num_steps: int = 30,
) -> HandFit:
    """Fit hands of one side to points in a picture.

    Args:
        hand: Of that side.
        points: Wrist, then thumb, index, middle, ring and little from base to tip, pixels.
        start: Parameters of a similar fit, such as that of the frame before.
        num_steps: Of Levenberg-Marquardt.
    """
    mirror = torch.tensor([-1.0, 1.0, 1.0]).double() if hand.side == "left" else torch.ones(3)
    right = (hand.mirrored() if hand.side == "left" else hand).to(dtype=torch.float64)
    seen = points.double() * mirror[:2]
    low, high = seen.amin(dim=1), seen.amax(dim=1)
    extent = (high - low).amax(dim=1).clamp(min=1e-6)
    middle = (low + high) / 2
    target = (seen - middle[:, None]) / extent[:, None, None]
    problem = _Problem(right)
    if start is None:
        parameters = _best(problem, target, num_steps)
    else:
        parameters = _solve(problem, start.double(), target, num_steps)[0]

    posed = problem.pose(right, parameters)
    back = (extent[:, None, None], torch.cat([middle, torch.zeros_like(middle[:, :1])], 1)[:, None])
    vertices = (posed.vertices * back[0] + back[1]) * mirror
    joints = (posed.joints * back[0] + back[1]) * mirror
    error = (joints[..., :2] - points).norm(dim=-1).mean(dim=1)
    error = torch.where(extent < _SMALLEST_EXTENT, torch.inf, error)
    return HandFit(vertices, joints, error, extent, parameters)


class _Problem:
    """Residuals of parameters: turn (3), log scale (1), place (2), 15 x 3 turns, betas."""

    def __init__(self, hand: HandModel):
        self.small = _keypoint_hand(hand)
        rest = hand()
        self._size = float((rest.joints.amax(dim=0) - rest.joints.amin(dim=0)).max())
        self._centre = rest.joints.mean(dim=0)
        self._axes = _turn_axes(rest.joints)
        self.num = _NUM_CAMERA + _NUM_TURNS + hand.shapedirs.shape[-1]
        mean = torch.tensor(_PRIOR_MEAN).double().repeat(5, 1, 1)
        spread = torch.tensor(_PRIOR_SPREAD).double().repeat(5, 1, 1)
        mean[0], spread[0] = torch.tensor(_THUMB_MEAN), torch.tensor(_THUMB_SPREAD)
        self.mean, self._spread = _by_joint(mean), _by_joint(spread)

    def pose(self, hand: HandModel, parameters: Float[Tensor, "*batch parameters"]) -> HandSurface:
        """Pose a hand, with pixels over the extent as unit, centred on the points."""
        place = parameters[..., 4:6]
        turns = parameters[..., 6:51].unflatten(-1, (15, 3))
        pose = torch.einsum("jka,...jk->...ja", self._axes, turns)
        surface = hand(parameters[..., 51:], parameters[..., :3], pose)
        scale = (parameters[..., 3].exp() / self._size)[..., None, None]
        shift = torch.cat([place, torch.zeros_like(place[..., :1])], dim=-1)[..., None, :]
        return HandSurface(
            (surface.vertices - self._centre) * scale + shift,
            (surface.joints - self._centre) * scale + shift,
        )

    def residuals(
        self, parameters: Float[Tensor, "*#batch parameters"], target: Float[Tensor, "*#batch 21 2"]
    ) -> tuple[Float[Tensor, "*batch 42"], Float[Tensor, "*batch priors"]]:
        """Give what is left of the points, and of the priors, each over its standard deviation."""
        joints = self.pose(self.small, parameters).joints[..., :2]
        turns = parameters[..., 6:51].unflatten(-1, (15, 3))
        stop = (_LEAST_FLEXION - turns[..., 0]).clamp(min=0) / _STOP_SPREAD
        bounds = ((turns - self.mean) / self._spread).flatten(-2)
        return (
            ((joints - target) / _POINT_NOISE).flatten(-2),
            torch.cat([bounds, stop, parameters[..., 51:]], dim=-1),
        )


def _best(
    problem: _Problem, target: Float[Tensor, "batch 21 2"], num_steps: int
) -> Float[Tensor, "batch parameters"]:
    """Solve from every first guess for a while, and go on with the best few of each hand."""
    guesses = _first_guesses(problem, target)
    for steps, kept in ((num_steps // 3, _FINALISTS), (num_steps, 1)):
        count = guesses.shape[1]
        many = target[:, None].expand(-1, count, -1, -1).flatten(0, 1)
        found, cost = _solve(problem, guesses.flatten(0, 1), many, steps)
        best = cost.unflatten(0, (-1, count)).topk(kept, dim=1, largest=False).indices
        guesses = found.unflatten(0, (-1, count))[torch.arange(len(target))[:, None], best]
    return guesses[:, 0]


def _first_guesses(
    problem: _Problem, target: Float[Tensor, "batch 21 2"]
) -> Float[Tensor, "batch guesses parameters"]:
    """Turn the palm to the camera and away from it, upright or tilted, along the points."""
    along = target[:, 9] - target[:, 0]
    angle = torch.atan2(along[:, 0], -along[:, 1])
    # From the hand's frame (fingers -x, thumb +z, palm -y) to fingers up, palm to the camera.
    facing = torch.tensor([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]).double()
    turn_over = matrix_from_axis_angle(torch.tensor([0.0, math.pi, 0.0]).double())
    tilts = matrix_from_axis_angle(
        torch.tensor([[0.0, 0, 0], [0.8, 0, 0], [-0.8, 0, 0], [0, 0.9, 0], [0, -0.9, 0]]).double()
    )
    zero = torch.zeros_like(angle)
    roll = matrix_from_axis_angle(torch.stack([zero, zero, angle], dim=-1))
    views = torch.stack([facing, turn_over @ facing])
    turns = roll[:, None, None] @ tilts[:, None] @ views
    count = tilts.shape[0] * views.shape[0]
    guesses = torch.zeros(len(target), count, problem.num, dtype=torch.float64)
    guesses[..., :3] = axis_angle_from_matrix(turns.flatten(1, 2))
    guesses[..., 6:51] = problem.mean.flatten()
    return guesses


def _solve(
    problem: _Problem,
    parameters: Float[Tensor, "batch parameters"],
    target: Float[Tensor, "batch 21 2"],
    num_steps: int,
) -> tuple[Float[Tensor, "batch parameters"], Float[Tensor, " batch"]]:
    """Run Levenberg-Marquardt; every hand has a damping of its own."""
    damping = torch.full((len(parameters),), 1e-2, dtype=torch.float64)
    cost = _cost(*problem.residuals(parameters, target))
    nudges = _STEP * torch.eye(problem.num, dtype=torch.float64)
    for _ in range(num_steps):
        points, priors = problem.residuals(parameters, target)
        moved = problem.residuals(parameters[:, None] + nudges, target[:, None])
        slopes = [
            (after - before[:, None]).transpose(1, 2) / _STEP
            for after, before in zip(moved, (points, priors), strict=True)
        ]
        weight = _point_weights(points)
        left, right = slopes[0].transpose(1, 2) * weight[:, None], slopes[1].transpose(1, 2)
        normal = left @ slopes[0] + right @ slopes[1]
        gradient = (left @ points[..., None] + right @ priors[..., None])[..., 0]
        diagonal = torch.diagonal(normal, dim1=1, dim2=2) + 1e-9
        damped = normal + torch.diag_embed(damping[:, None] * diagonal)
        tried = parameters - torch.linalg.solve(damped, gradient)
        new_cost = _cost(*problem.residuals(tried, target))
        is_better = new_cost < cost
        parameters = torch.where(is_better[:, None], tried, parameters)
        cost = torch.where(is_better, new_cost, cost)
        damping = torch.where(is_better, damping / 4, damping * 5).clamp(1e-7, 1e7)
    return parameters, cost


def _point_weights(residuals: Float[Tensor, "*batch 42"]) -> Float[Tensor, "*batch 42"]:
    """Weigh both coordinates of a point alike, the less the farther it is (Geman-McClure)."""
    squared = residuals.unflatten(-1, (21, 2)).square().sum(dim=-1) / _OUTLIER**2
    return (1 / (1 + squared) ** 2).repeat_interleave(2, dim=-1)


def _cost(
    points: Float[Tensor, "*batch 42"], priors: Float[Tensor, "*batch priors"]
) -> Float[Tensor, "*batch"]:
    squared = points.unflatten(-1, (21, 2)).square().sum(dim=-1)
    robust = squared / (1 + squared / _OUTLIER**2)
    return robust.sum(dim=-1) + priors.square().sum(dim=-1)


def _keypoint_hand(hand: HandModel) -> HandModel:
    """Give a hand of 21 vertices, its 16 joints and 5 tips, which pose as the whole hand's do."""
    keep = hand.tips
    regress = hand.J_regressor
    none = hand.template.new_zeros
    return dataclasses.replace(
        hand,
        template=torch.cat([regress @ hand.template, hand.template[keep]]),
        shapedirs=torch.cat(
            [torch.einsum("jv,vcs->jcs", regress, hand.shapedirs), hand.shapedirs[keep]]
        ),
        posedirs=torch.cat([none(16, 3, 135), hand.posedirs[keep]]),
        J_regressor=torch.cat([torch.eye(16, dtype=regress.dtype), none(16, 5)], dim=1),
        lbs_weights=torch.cat([torch.eye(16, dtype=regress.dtype), hand.lbs_weights[keep]]),
        tips=torch.arange(16, 21),
        parts={},
        levels=(),
        nail=torch.zeros(21, dtype=torch.bool),
    )


def _turn_axes(joints: Float[Tensor, "21 3"]) -> Float[Tensor, "15 3 3"]:
    """Give each finger joint's axes as rows: flexion, spreading, twist about the bone.

    The open hand's flexion axes serve MANO, too: both rest alike, in one frame.
    """
    flexion = torch.tensor(open_hand_arrays().flexion_axes).double()
    bones = torch.zeros(15, 3, dtype=torch.float64)
    for finger, chain in enumerate(FINGER_JOINTS):
        for place, joint in enumerate(chain):
            first = 1 + 4 * finger + place
            bones[joint - 1] = joints[first + 1] - joints[first]
    flexion = flexion / flexion.norm(dim=-1, keepdim=True)
    twist = bones - (bones * flexion).sum(dim=-1, keepdim=True) * flexion
    twist = twist / twist.norm(dim=-1, keepdim=True)
    return torch.stack([flexion, torch.linalg.cross(twist, flexion), twist], dim=1)


def _by_joint(values: Float[Tensor, "5 3 3"]) -> Float[Tensor, "15 3"]:
    """Bring values from thumb-first fingers and places along them to the joints' own order."""
    found = torch.zeros(15, 3, dtype=torch.float64)
    for finger, chain in enumerate(FINGER_JOINTS):
        for place, joint in enumerate(chain):
            found[joint - 1] = values[finger, place]
    return found
