"""What every reader is, and what it gives to those who compute contact from geometry."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Int, UInt8

from haco.files import InputError, read_image
from haco.geometry.boxes import box_of_points
from haco.geometry.camera import project
from haco.types import Sample, Side


@runtime_checkable
class Reader(Protocol):
    """A source of samples by number: opening it lists them, indexing it reads one."""

    def __len__(self) -> int:
        """Count the samples."""
        ...

    def __getitem__(self, index: int) -> Sample:
        """Read one sample; an `IndexError` beyond the last."""
        ...


@dataclasses.dataclass(frozen=True, kw_only=True)
class Target:
    """A surface that a hand may touch: a mesh at rest, and where it lies in the scene."""

    key: str
    """Names the mesh at rest, such as `ycb/003_cracker_box`; one key, one mesh, so that its search
    tree is built once. A mesh that changes from frame to frame has the frame in its key."""
    vertices: Float[np.ndarray, "vertices 3"]
    """At rest, metres."""
    faces: Int[np.ndarray, "faces 3"]
    T_scene_target: Float[np.ndarray, "4 4"]
    """Rigid: takes the mesh at rest into the scene's frame, metres."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scene:
    """The geometry of one sample: the hand, and everything that counts as touched by it."""

    vertices: Float[np.ndarray, "778 3"]
    """Hand surface in the scene's frame (the set's own, undistorted and to scale), metres."""
    targets: tuple[Target, ...]
    """Object, other hand, body: as the set has them; none if nothing is near."""


@runtime_checkable
class GeometryReader(Protocol):
    """A reader whose contact can be computed, since it has meshes of hand and target."""

    def __len__(self) -> int:
        """Count the samples."""
        ...

    def __getitem__(self, index: int) -> Sample:
        """Read one sample."""
        ...

    def scene(self, index: int) -> Scene | None:
        """Give the geometry of one sample; None where the set has none for it."""
        ...


class MissingHandError(InputError):
    """The set has no such hand in this frame: nothing is wrong, the sample is to be left out."""


def need_folder(root: Path | None, name: str) -> Path:
    """Give the folder of a set that lies on disk; an `InputError` if it is not there."""
    if root is None or not root.is_dir():
        raise InputError(f"{name}: {root or 'no root given'}; say in which folder the set lies")
    return root


def check_box(
    box: Float[np.ndarray, "4"], image: UInt8[np.ndarray, "height width 3"], path: Path
) -> Float32[np.ndarray, "4"]:
    """Give a box from an annotation back, if there is any of the picture in it.

    Args:
        box: xyxy, pixels.
        image: The picture.
        path: Where the box came from, for the message.

    Raises:
        InputError: The box is empty or lies beside the picture.
    """
    height, width = image.shape[:2]
    if not (
        (box[:2] < box[2:]).all() and (box[:2] < (width, height)).all() and (box[2:] > 0).all()
    ):
        raise InputError(
            f"{path}: the box {np.round(box, 1).tolist()} is empty or lies beside its picture of "
            f"{width} x {height} pixels; mend the box, or leave this sample out"
        )
    return box.astype(np.float32)


def rigid(
    R: Float[np.ndarray, "3 3"], t: Float[np.ndarray, "3"] | None = None
) -> Float64[np.ndarray, "4 4"]:
    """Put a rotation and a translation (metres; none if None) into one 4x4 matrix."""
    T = np.eye(4)
    T[:3, :3] = R
    if t is not None:
        T[:3, 3] = t
    return T


def hand_target(
    key: str, vertices: Float[np.ndarray, "778 3"], faces: Int[np.ndarray, "faces 3"]
) -> Target:
    """Make a target of a posed hand that already lies in the scene's frame."""
    return Target(key=key, vertices=vertices, faces=faces, T_scene_target=np.eye(4))


def make_sample(
    key: str,
    picture: Path | UInt8[np.ndarray, "height width 3"],
    side: Side,
    *,
    vertices: Float[np.ndarray, "778 3"],
    K: Float[np.ndarray, "3 3"],
    joints: Float[np.ndarray, "21 3"] | None = None,
    distort: Callable[[np.ndarray], np.ndarray] | None = None,
    contact: Bool[np.ndarray, "778"] | None = None,
    interaction: str = "object",
) -> Sample:
    """Make a sample of a hand whose surface is known: its box is what the surface covers.

    Args:
        key: Of the sample.
        picture: The picture, or its file.
        side: Of the hand.
        vertices: Its surface in the camera frame (x right, y down, z forward), metres.
        K: Intrinsics of the picture.
        joints: Wrist, then thumb to little from base to tip, in the camera frame, metres.
        distort: Takes points in the camera frame to pixels where the picture is not a pinhole's.
        contact: Bits that came with the set.
        interaction: The set's word for what the hand does.

    Raises:
        InputError: The picture is missing or damaged, or the hand is not before the camera.
    """
    image = read_image(picture) if isinstance(picture, Path) else picture
    if not (vertices[:, 2] > 0).all():
        raise InputError(f"{key}: the hand is not before the camera; leave this sample out")
    to_pixels = (lambda points: project(points, K)) if distort is None else distort
    return Sample(
        key=key,
        image=image,
        box=box_of_points(to_pixels(vertices)),
        side=side,
        contact=contact,
        vertices=vertices.astype(np.float32),
        keypoints=None if joints is None else to_pixels(joints).astype(np.float32),
        K=K.astype(np.float32),
        interaction=interaction,
    )
