"""The part of a picture that training crops of one hand can come from, cut out and made smaller."""

import dataclasses
import math

import cv2
import numpy as np
from jaxtyping import Float32

from haco.data.transforms import CROP_FACTOR, CROP_SIZE
from haco.geometry.boxes import square_box
from haco.types import Sample

WINDOW = 2.1
"""Width of the window over that of prediction's crop. The widest training crop of the usual
augmentation (1.25 times as wide, turned by 45 degrees, moved by a tenth) needs 2.02 and a rim."""
SIZE = math.ceil(WINDOW * CROP_SIZE)
"""Pixels of a window beyond which it is made smaller: crops of `CROP_SIZE` lose nothing by it."""


def cut_window(sample: Sample, window: float = WINDOW, size: int = SIZE) -> Sample:
    """Cut the square about a hand out of its picture, and move box, joints and camera with it.

    What of the square lies outside the picture is not made up, so the cut may be no square there.
    The surface (`vertices`) stays as it is: it is in the camera's frame. Masks are left behind.

    Args:
        sample: A hand in a whole picture.
        window: Width of the square, in widths of prediction's crop.
        size: Larger squares are made as small as this, pixels; smaller ones are never enlarged.
    """
    height, width = sample.image.shape[:2]
    square = square_box(sample.box, window * CROP_FACTOR)
    limit = np.array([width, height])
    low = np.clip(np.floor(square[:2]), 0, limit - 1).astype(int)
    high = np.clip(np.ceil(square[2:]), low + 1, limit).astype(int)
    image = sample.image[low[1] : high[1], low[0] : high[0]]
    factor = min(1.0, size / float(square[2] - square[0]))
    if factor < 1:
        pixels = np.maximum(np.rint((high - low) * factor), 1).astype(int)
        image = cv2.resize(image, (pixels[0], pixels[1]), interpolation=cv2.INTER_AREA)
    share = np.array(image.shape[1::-1]) / (high - low)
    return dataclasses.replace(
        sample,
        image=np.ascontiguousarray(image),
        box=((sample.box - np.tile(low, 2)) * np.tile(share, 2)).astype(np.float32),
        keypoints=_moved(sample.keypoints, low, share),
        K=_camera(sample.K, low, share),
        masks=None,
    )


def _moved(
    points: Float32[np.ndarray, "21 2"] | None, low: np.ndarray, share: np.ndarray
) -> Float32[np.ndarray, "21 2"] | None:
    """Carry pixel places along; pixel centres lie at whole numbers."""
    if points is None:
        return None
    return ((points - low + 0.5) * share - 0.5).astype(np.float32)


def _camera(
    K: Float32[np.ndarray, "3 3"] | None, low: np.ndarray, share: np.ndarray
) -> Float32[np.ndarray, "3 3"] | None:
    if K is None:
        return None
    to_window = np.eye(3)
    to_window[[0, 1], [0, 1]] = share
    to_window[:2, 2] = (0.5 - low) * share - 0.5
    return (to_window @ K).astype(np.float32)
