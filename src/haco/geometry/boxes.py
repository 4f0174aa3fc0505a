"""Boxes around hands: xyxy over pixels, the far edge outside, so pixels 0..9 are `[0, 10]`.

Pixel centres lie at whole numbers, so the point (3, 5) is the middle of the box `[3, 5, 4, 6]`.
"""

import numpy as np
from jaxtyping import Float, Float32

Box = Float32[np.ndarray, "4"]


def box_of_points(points: Float[np.ndarray, "points 2"]) -> Box:
    """Give the tightest box that holds the pixels at all finite points.

    Args:
        points: Pixels; rows with a NaN are points nobody knows and are left out.

    Returns:
        The box; it may leave the image.
    """
    known = points[np.isfinite(points).all(axis=1)]
    if len(known) == 0:
        raise ValueError(f"a box needs at least one finite point, got none among {len(points)}")
    return np.concatenate([known.min(axis=0), known.max(axis=0) + 1]).astype(np.float32)


def box_centre(box: Float[np.ndarray, "4"]) -> Float[np.ndarray, "2"]:
    """Give the middle of a box in pixel coordinates, where pixel centres are whole numbers."""
    return (box[:2] + box[2:] - 1) / 2


def square_box(box: Float[np.ndarray, "4"], factor: float = 1.0) -> Box:
    """Give the square about a box's centre, `factor` times as wide as its longer side."""
    corners = box.astype(np.float64)
    centre, half = (corners[:2] + corners[2:]) / 2, factor * (corners[2:] - corners[:2]).max() / 2
    return np.concatenate([centre - half, centre + half]).astype(np.float32)


def mirror_box(box: Float[np.ndarray, "4"], width: int) -> Box:
    """Give the box that marks the same thing once the image is mirrored left to right.

    Args:
        box: In the image as it is.
        width: Of the image, pixels.
    """
    left, top, right, bottom = box
    return np.array([width - right, top, width - left, bottom], np.float32)


def iou(first: Float[np.ndarray, "*batch 4"], second: Float[np.ndarray, "*batch 4"]) -> np.ndarray:
    """Give the shared area over the joint area of pairs of boxes, 0 where both are empty."""
    low = np.maximum(first[..., :2], second[..., :2])
    high = np.minimum(first[..., 2:], second[..., 2:])
    shared = np.clip(high - low, 0, None).prod(axis=-1)
    joint = _area(first) + _area(second) - shared
    return np.divide(shared, joint, out=np.zeros_like(joint), where=joint > 0)


def _area(boxes: Float[np.ndarray, "*batch 4"]) -> np.ndarray:
    return np.clip(boxes[..., 2:] - boxes[..., :2], 0, None).prod(axis=-1)
