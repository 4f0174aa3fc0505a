"""The pinhole camera: camera frame to pixels and back, and where a camera stands.

The camera frame has x right, y down, z forward, in metres. Pixel centres lie at whole numbers.
"""

from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Float, Float64

Array = TypeVar("Array", np.ndarray, torch.Tensor)


def intrinsics(
    field_of_view: float, *, width: int, height: int | None = None
) -> Float64[np.ndarray, "3 3"]:
    """Make the intrinsics of a camera that looks through the middle of its picture.

    Args:
        field_of_view: Angle between the left and the right edge, radians.
        width: Pixels across.
        height: Pixels down; as many as across if not given.
    """
    height = width if height is None else height
    focal = 0.5 * width / np.tan(0.5 * field_of_view)
    x, y = (width - 1) / 2, (height - 1) / 2
    return np.array([[focal, 0.0, x], [0.0, focal, y], [0.0, 0.0, 1.0]])


def project(points: Float[Array, "*batch 3"], K: Float[Array, "3 3"]) -> Float[Array, "*batch 2"]:
    """Find the pixel on which each point falls.

    Args:
        points: In the camera frame and before the camera (z above 0), metres.
        K: Intrinsics, pixels.
    """
    return (points / points[..., 2:]) @ K[:2].T  # pyright: ignore[reportReturnType]


def unproject(
    pixels: Float[np.ndarray, "*batch 2"],
    depth: Float[np.ndarray, "*batch"],
    K: Float[np.ndarray, "3 3"],
) -> Float64[np.ndarray, "*batch 3"]:
    """Find the point, in the camera frame, that lies at a depth behind a pixel.

    Args:
        pixels: Where the points are seen, in pixels.
        depth: Distance along the viewing axis (the z of the answer), metres.
        K: Intrinsics, pixels.
    """
    homogeneous = np.concatenate([pixels, np.ones_like(pixels[..., :1])], axis=-1)
    return homogeneous @ np.linalg.inv(K.astype(np.float64)).T * depth[..., None]


def look_at(
    eye: Float[np.ndarray, "3"], target: Float[np.ndarray, "3"], up: Float[np.ndarray, "3"]
) -> Float64[np.ndarray, "4 4"]:
    """Stand a camera at `eye`, turned to `target`, with `up` upwards in its picture.

    Returns:
        T_camera_world, which maps world points (of the frame that the arguments are in) into the
        camera frame.
    """
    forward = target - eye
    right = np.cross(forward, up)
    if np.linalg.norm(right) < 1e-9 * np.linalg.norm(forward) * np.linalg.norm(up):
        raise ValueError(f"the camera looks along its own up direction {up}; choose another")
    down = np.cross(forward, right)
    R_camera_world = np.stack([v / np.linalg.norm(v) for v in (right, down, forward)])
    T_camera_world = np.eye(4)
    T_camera_world[:3, :3] = R_camera_world
    T_camera_world[:3, 3] = -R_camera_world @ eye
    return T_camera_world


def transform_points(
    points: Float[Array, "*batch 3"], T: Float[Array, "4 4"]
) -> Float[Array, "*batch 3"]:
    """Carry points into another frame by a rigid (or any affine) 4x4 matrix."""
    return points @ T[:3, :3].T + T[:3, 3]  # pyright: ignore[reportReturnType]
