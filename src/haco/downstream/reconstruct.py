"""Hand-object reconstruction: where, which way round and how large is the object in the picture?

The last stage of systems such as EasyHOI (Liu et al., CVPR 2025): a hand is known in the camera's
frame, an object's shape is known up to its place and size, and masks say which pixels are whose.
A silhouette cannot tell a small near object from a large far one; touch can.
"""

import dataclasses
from collections.abc import Callable

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy.spatial.transform import Rotation
from torch import Tensor
from torch.nn.functional import grid_sample

from haco.downstream.field import DistanceField
from haco.geometry.rotations import matrix_from_axis_angle

CENTIMETRE = 0.01
NUM_PIXELS = 200
"""Of the object's mask, that its points must cover."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ObjectPose:
    """A batch of placements x -> scale R x + translation, from object to camera."""

    R: Float[Tensor, "batch 3 3"]
    translation: Float[Tensor, "batch 3"]
    """Metres."""
    scale: Float[Tensor, " batch"]

    def place(self, points: Float[Tensor, "points 3"]) -> Float[Tensor, "batch points 3"]:
        """Move points of the object into the camera's frame."""
        return self.scale[:, None, None] * points @ self.R.mT + self.translation[:, None]

    def undo(self, points: Float[Tensor, "points 3"]) -> Float[Tensor, "batch points 3"]:
        """Move points of the camera's frame into the object's."""
        return (points - self.translation[:, None]) @ self.R / self.scale[:, None, None]

    def only(self, rows: Tensor) -> "ObjectPose":
        """Keep some of the batch."""
        return ObjectPose(
            R=self.R[rows], translation=self.translation[rows], scale=self.scale[rows]
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scene:
    """What is known of one picture; the camera's frame has x right, y down, z away, metres."""

    field: DistanceField
    """Of the object, in its own frame."""
    points: Float[Tensor, "points 3"]
    """On the object's surface, spread evenly, in its own frame."""
    hand: Float[Tensor, "vertices 3"]
    """The posed hand's vertices."""
    contact: Float[Tensor, " vertices"]
    """1 where the hand touches the object, 0 elsewhere; all zero if that is not known."""
    object_mask: Bool[np.ndarray, "height width"]
    """Pixels in which the object is seen."""
    hand_mask: Bool[np.ndarray, "height width"]
    """Pixels in which a hand or arm is seen; the object may be behind it."""
    K: Float[Tensor, "3 3"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReconstructionWeights:
    """What counts how much; pixels are measured in the object's own size in the picture."""

    inside: float = 30.0
    """For points of the object seen outside both masks."""
    cover: float = 30.0
    """For pixels of its mask that no point covers."""
    order: float = 1.0
    """For points before the hand where the hand is seen."""
    touch: float = 1.0
    """For vertices that touch and are off the object; 0 leaves contact out."""
    spare: float = 1.0
    """For vertices that do not touch and are nearer than a centimetre."""
    pierce: float = 3.0
    """For vertices inside the object."""
    depth: float = 0.2
    """For an object that is nearer or farther than the hand."""


WITHOUT_CONTACT = ReconstructionWeights(touch=0.0, spare=0.0)
"""For scenes of which it is not known what touches."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reconstruction:
    """The best placement, and how sure it is."""

    pose: ObjectPose
    """A batch of one."""
    energy: float
    confidence: float
    """Share of the starts kept to the end that agree with the best within 2 cm of each point."""


def reconstruct(
    scene: Scene,
    *,
    weights: ReconstructionWeights | None = None,
    starts: int = 32,
    keep: int = 6,
    steps: int = 150,
    seed: int = 0,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> Reconstruction:
    """Place an object from many starts; the silhouette sifts them, then everything counts.

    Args:
        scene: What is known.
        weights: What counts how much.
        starts: Directions tried.
        keep: Of them, those that go on after half of the steps.
        steps: Of Adam, in all.
        seed: Of the directions.
        progress: Is told the steps done and their number.

    Raises:
        ValueError: No pixel shows the object.
    """
    if not scene.object_mask.any():
        raise ValueError("no pixel of the mask shows the object")
    weights = ReconstructionWeights() if weights is None else weights
    picture = _Picture(scene, seed)
    pose = picture.starts(starts, seed)
    sift = dataclasses.replace(weights, touch=0.0, spare=0.0, pierce=0.0, order=0.0)

    def told(offset: int) -> Callable[[int], object]:
        return lambda step: progress(offset + step, steps)

    pose, energy = _descend(picture, pose, sift, steps // 2, told(0))
    pose = pose.only(energy.argsort()[:keep])
    pose, energy = _descend(picture, pose, weights, steps - steps // 2, told(steps // 2))
    order = energy.argsort()
    placed = pose.place(scene.points)
    gaps = (placed - placed[order[0]]).norm(dim=-1).mean(dim=-1)
    return Reconstruction(
        pose=pose.only(order[:1]),
        energy=float(energy[order[0]]),
        confidence=float((gaps < 2 * CENTIMETRE).double().mean()),
    )


def _descend(
    picture: "_Picture",
    start: ObjectPose,
    weights: ReconstructionWeights,
    steps: int,
    told: Callable[[int], object],
) -> tuple[ObjectPose, Float[Tensor, " batch"]]:
    batch = len(start.scale)
    turn, shift = (
        torch.zeros(batch, 3, requires_grad=True),
        torch.zeros(batch, 3, requires_grad=True),
    )
    growth = torch.zeros(batch, requires_grad=True)
    optimiser = torch.optim.Adam([turn, shift, growth], lr=0.05, betas=(0.9, 0.99))

    def moved() -> ObjectPose:
        return ObjectPose(
            R=matrix_from_axis_angle(turn) @ start.R,
            translation=start.translation + 0.1 * shift,
            scale=start.scale * torch.exp(growth),
        )

    for step in range(steps):
        optimiser.param_groups[0]["lr"] = 0.05 * (1 - 0.9 * step / steps)
        optimiser.zero_grad()
        picture.energy(moved(), weights).sum().backward()
        optimiser.step()
        told(step + 1)
    with torch.no_grad():
        pose = moved()
        return pose, picture.energy(pose, weights)


def random_turns(num: int, seed: int) -> Float[np.ndarray, "turns 3 3"]:
    """Draw rotations, all as likely."""
    return Rotation.from_quat(np.random.default_rng(seed).normal(size=(num, 4))).as_matrix()


class _Picture:
    """The masks as torch reads them, and the energy of placements."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self.scene = scene
        mask = scene.object_mask
        self.height, self.width = mask.shape
        rows, columns = np.nonzero(mask)
        chosen = np.random.default_rng(seed).permutation(len(rows))[:NUM_PIXELS]
        self.pixels = torch.from_numpy(np.stack([columns, rows], axis=1)[chosen]).float()
        self.size = float(np.sqrt(len(rows)))
        """Pixels: the side of a square as large as the mask."""
        outside = (~(mask | scene.hand_mask)).astype(np.uint8)
        self.outside = _layer(cv2.distanceTransform(outside, cv2.DIST_L2, 5))
        self.hand_seen = _layer(scene.hand_mask)
        self.hand_depth = scene.hand[:, 2].median()
        self.hand_pixels = self._project(scene.hand[None])[0]

    def starts(self, num: int, seed: int) -> ObjectPose:
        """Turn the object all ways, as far off as the hand and as large as its mask."""
        points = self.scene.points
        R = torch.from_numpy(random_turns(num, seed)).float()
        middle = torch.cat([self.pixels.mean(dim=0), torch.ones(1)])
        ray = torch.linalg.inv(self.scene.K) @ middle
        translation = (ray * self.hand_depth).expand(num, 3)
        spread = (points - points.mean(dim=0)).norm(dim=-1).square().mean().sqrt()
        seen = (self.pixels - self.pixels.mean(dim=0)).norm(dim=-1).square().mean().sqrt()
        scale = 1.2 * seen / self.scene.K[0, 0] * self.hand_depth / spread
        centred = translation - scale * (R @ points.mean(dim=0))
        return ObjectPose(R=R, translation=centred, scale=scale.expand(num))

    def energy(self, pose: ObjectPose, weights: ReconstructionWeights) -> Float[Tensor, " batch"]:
        """Measure how badly placements agree with the picture and the hand."""
        placed = pose.place(self.scene.points)
        seen = self._project(placed)
        total = weights.inside * self._read(self.outside, seen).div(self.size).square().mean(dim=-1)
        gaps = torch.cdist(self.pixels.expand(len(seen), -1, -1), seen).amin(dim=-1) / self.size
        total = total + weights.cover * gaps.square().mean(dim=-1)
        total = total + weights.depth * (
            (placed[..., 2].mean(dim=-1) - self.hand_depth) / CENTIMETRE
        ).square().clamp(max=100)
        if weights.order:
            total = total + weights.order * self._before_hand(placed, seen)
        if weights.touch or weights.spare or weights.pierce:
            total = total + self._at_hand(pose, weights)
        return total

    def _before_hand(self, placed: Tensor, seen: Tensor) -> Float[Tensor, " batch"]:
        """Punish points that are before the hand in pixels where the hand is seen."""
        nearest = torch.cdist(seen.detach(), self.hand_pixels.expand(len(seen), -1, -1)).argmin(-1)
        ahead = (self.scene.hand[:, 2][nearest] - placed[..., 2]).clamp(min=0) / CENTIMETRE
        return (self._read(self.hand_seen, seen.detach()) * ahead.clamp(max=3).square()).mean(
            dim=-1
        )

    def _at_hand(self, pose: ObjectPose, weights: ReconstructionWeights) -> Float[Tensor, " batch"]:
        contact = self.scene.contact
        distance = self.scene.field(pose.undo(self.scene.hand)) * pose.scale[:, None]
        far = (distance - 0.002).clamp(min=0) / CENTIMETRE
        pull = torch.where(far < 1, far.square(), 2 * far - 1)
        deep = (-distance - 0.001).clamp(min=0) / CENTIMETRE
        touch = (contact * pull).sum(dim=-1) / contact.sum().clamp(min=5.0)
        near = (CENTIMETRE - distance).clamp(min=0) / CENTIMETRE
        spare = ((1 - contact) * near.square()).sum(dim=-1) / 50
        pierce = deep.square().sum(dim=-1) / 50
        return weights.touch * touch + weights.spare * spare + weights.pierce * pierce

    def _project(self, points: Float[Tensor, "batch points 3"]) -> Float[Tensor, "batch points 2"]:
        flat = points @ self.scene.K.T
        return flat[..., :2] / flat[..., 2:].clamp(min=0.01)

    def _read(self, layer: Tensor, pixels: Float[Tensor, "batch points 2"]) -> Tensor:
        """Read a layer at pixels; beyond the picture, its border: what is there may be cut off."""
        size = pixels.new_tensor([self.width - 1, self.height - 1])
        inner = pixels.clamp(pixels.new_zeros(2), size)
        grid = (2 * inner / size - 1)[None].reshape(1, 1, -1, 2)
        return grid_sample(layer, grid, align_corners=True).reshape(pixels.shape[:-1])


def _layer(values: np.ndarray) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))[None, None]
