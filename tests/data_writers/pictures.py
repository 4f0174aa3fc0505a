"""Pictures for the mini datasets: no two places look alike, so a mirrored or moved one is seen."""

from pathlib import Path

import cv2
import numpy as np


def picture(width: int, height: int, seed: int = 0) -> np.ndarray:
    """Make a smooth RGB picture: red grows to the right, green downwards, blue is the seed's."""
    right, down = np.meshgrid(np.linspace(30, 220, width), np.linspace(30, 220, height))
    blue = np.full_like(right, 20 * (seed % 10) + 20)
    return np.stack([right, down, blue], axis=2).astype(np.uint8)


def write_picture(path: Path, image: np.ndarray) -> Path:
    """Write an RGB picture under its name's format."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image[..., ::-1])
    return path


def write_video(path: Path, images: list[np.ndarray]) -> Path:
    """Write RGB pictures as an MPEG-4 video."""
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = images[0].shape[:2]
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 25, (width, height))
    assert video.isOpened()
    for image in images:
        video.write(np.ascontiguousarray(image[..., ::-1]))
    video.release()
    return path
