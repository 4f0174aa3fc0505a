"""What the mini datasets are made of: posed hands, a box, flat pictures, and the truth of them.

A writer poses hands in its own words (absolute axis-angle, our camera frame, metres), puts a box
of known sides at them, and then stores all of it as its dataset would. The truth that a reader has
to find again never passes through the dataset's conventions: distances to a box are a formula.
"""

import dataclasses
import functools
from pathlib import Path

import numpy as np
import torch
from data_writers import truth
from data_writers.mano import mano_folder
from PIL import Image
from scipy.spatial.transform import Rotation

from haco.geometry.proximity import signed_distance
from haco.hands import load_hand

HALF = np.array([0.03, 0.04, 0.05])
CENTRE = np.array([0.01, -0.02, 0.005])
"""The box's half sides and its middle at rest, metres: nothing about it is symmetric."""
FLIP = np.diag([1.0, -1.0, -1.0])
FINGERS_USED = ("absolute", "about_mean", "components")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Held:
    """A posed hand, in the camera frame."""

    side: str
    pose: np.ndarray
    betas: np.ndarray
    transl: np.ndarray
    vertices: np.ndarray
    joints: np.ndarray
    closed_faces: np.ndarray


@dataclasses.dataclass(frozen=True, kw_only=True)
class Truth(truth.Truth):
    """What a reader has to say of one sample."""

    key: str
    joints: np.ndarray
    """Camera frame, metres."""
    K: np.ndarray
    colour: tuple[int, int, int]
    """Of the flat picture."""
    lens: np.ndarray | None = None
    """Eight coefficients of a lens that bends the picture."""

    def pixels(self, points: np.ndarray) -> np.ndarray:
        """Find where points of the camera frame are seen, by the lens's published formula."""
        x, y = (points[:, :2] / points[:, 2:]).T
        k1, k2, p1, p2, k3, k4, k5, k6 = np.zeros(8) if self.lens is None else self.lens
        r2 = x * x + y * y
        outwards = (1 + r2 * (k1 + r2 * (k2 + r2 * k3))) / (1 + r2 * (k4 + r2 * (k5 + r2 * k6)))
        bent = np.stack(
            [
                x * outwards + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
                y * outwards + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y,
                np.ones_like(x),
            ]
        )
        return (self.K @ bent)[:2].T


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mini:
    """A mini dataset on disk. The files named here belong to the first sample."""

    root: Path
    truths: list[Truth]
    picture: Path
    annotation: Path
    mesh: Path


@functools.cache
def _model(side: str, fix_left_shape: bool):
    return load_hand("mano", side, mano_folder(), fix_left_shape=fix_left_shape)


def hold(side: str, seed: int, *, fix_left_shape: bool = True, **given: np.ndarray) -> Held:
    """Pose a hand half a metre before the camera; `given` fixes pose, betas or transl."""
    rng = np.random.default_rng([seed, side == "left"])
    pose = np.concatenate([Rotation.random(random_state=seed).as_rotvec(), rng.normal(0, 0.3, 45)])
    drawn = {
        "pose": pose,
        "betas": rng.normal(0, 1.5, 10),
        "transl": np.array([0.0, 0.0, 0.6]) + rng.uniform(-0.03, 0.03, 3),
    } | given
    model = _model(side, fix_left_shape)
    pose, betas, transl = (torch.tensor(drawn[n], dtype=torch.float32) for n in drawn)
    surface = model(betas, pose[:3], pose[3:].reshape(15, 3), transl)
    return Held(
        side=side,
        vertices=surface.vertices.double().numpy(),
        joints=surface.joints.double().numpy(),
        closed_faces=model.closed_faces.numpy(),
        **drawn,
    )


def box_pose(hand: Held, seed: int) -> np.ndarray:
    """Turn the box at random and push it so that its middle is near the middle finger."""
    T = np.eye(4)
    T[:3, :3] = Rotation.random(random_state=seed + 100).as_matrix()
    T[:3, 3] = hand.joints[9] + 0.03 * T[:3, 0] - T[:3, :3] @ CENTRE
    return T


def box_distance(points: np.ndarray, T: np.ndarray) -> np.ndarray:
    """Give the signed distance to the box that lies at `T`, by formula."""
    beyond = np.abs((points - T[:3, 3]) @ T[:3, :3] - CENTRE) - HALF
    outside = np.linalg.norm(np.maximum(beyond, 0), axis=1)
    return outside + np.minimum(beyond.max(axis=1), 0)


def hand_distance(points: np.ndarray, other: Held) -> np.ndarray:
    """Give the signed distance to another hand whose wrist is closed."""
    return signed_distance(points, other.vertices, other.closed_faces)


def union(*distances: np.ndarray) -> np.ndarray:
    """Join signed distances: the nearest surface counts, and who is inside any is inside."""
    nearest = np.min(np.abs(distances), axis=0)
    return np.where((np.array(distances) < 0).any(axis=0), -nearest, nearest)


def write_box(path: Path, *, scale: float = 1.0, without_top: bool = False) -> Path:
    """Write the box at rest as an OBJ with texture numbers; `scale` multiplies metres."""
    return write_boxes(path, [np.eye(4)], scale=scale, without_top=without_top)


def write_boxes(
    path: Path, places: list[np.ndarray], *, scale: float = 1.0, without_top: bool = False
) -> Path:
    """Write boxes that lie at `places`, eight vertices each, as `write_box` does."""
    signs = [(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]
    quads = [(1, 2, 4, 3), (5, 7, 8, 6), (1, 5, 6, 2), (3, 4, 8, 7), (1, 3, 7, 5), (2, 6, 8, 4)]
    lines = ["# a box", "vt 0 0", "vt 1 1"]
    for T in places:
        corners = (CENTRE + HALF * np.array(signs)) @ T[:3, :3].T + T[:3, 3]
        lines += [f"v {x:.12f} {y:.12f} {z:.12f}" for x, y, z in scale * corners]
    for first in range(0, 8 * len(places), 8):
        for quad in quads[: 5 if without_top else 6]:
            corners = (f"{first + corner}/{1 + corner % 2}" for corner in quad)
            lines.append("f " + " ".join(corners))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def colour_of(index: int) -> tuple[int, int, int]:
    """Give each picture of a mini dataset a grey of its own, which JPEG keeps."""
    return (40 + 30 * index,) * 3


def write_picture(path: Path, index: int, size: tuple[int, int]) -> Path:
    """Write a flat picture, `size` wide and high."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour_of(index)).save(path)
    return path
