"""What a writer of a mini dataset knows of one sample."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True, kw_only=True)
class Truth:
    """One hand: its surface in the camera's frame, and where it touches."""

    side: str
    vertices: np.ndarray | None = None
    """(778, 3) in the camera frame, metres; None where the set has no surface."""
    contact: np.ndarray | None = None
    """(778,) bits that come with the set."""
    distance: np.ndarray | None = None
    """(778,) distance to the target, metres, negative inside; an open target has no inside."""


def turn_about_y(angle: float) -> np.ndarray:
    """Give a rotation about the y axis."""
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]])


def to_camera(points: np.ndarray, T_camera_world: np.ndarray) -> np.ndarray:
    return points @ T_camera_world[:3, :3].T + T_camera_world[:3, 3]


def camera_at(angle: float, depth: float) -> np.ndarray:
    """Give T_camera_world of a camera that sees the world's origin at `depth`, from one side."""
    T_camera_world = np.eye(4)
    T_camera_world[:3, :3] = turn_about_y(angle)
    T_camera_world[2, 3] = depth
    return T_camera_world


def intrinsics(focal: float, width: int, height: int) -> np.ndarray:
    return np.array([[focal, 0, width / 2], [0, focal + 3, height / 2], [0, 0, 1.0]])
