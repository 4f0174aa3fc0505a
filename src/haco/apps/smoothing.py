"""Smoothing over time: centred windows without lag, and what the released demo did."""

import numpy as np
from jaxtyping import Bool, Float

from haco.geometry.mesh import Faces, remove_small_components

REFERENCE_KEEP = 0.8
"""Of the last state; the released demo's boxes and masks alike."""
REFERENCE_SHOWN = 0.5
REFERENCE_SMALLEST = 20
_LARGEST_LOGIT = 9.0
_BRIDGED = 0.25


def time_weights(
    offsets: Float[np.ndarray, " frames"], seen: Bool[np.ndarray, " frames"], *, reach: int
) -> Float[np.ndarray, " frames"]:
    """Weigh frames by how near they are: a Gaussian, and a quarter of it for bridged frames.

    Args:
        offsets: Frames from the one in question, negative before it.
        seen: Whether the hand was seen there; else its place was filled in.
        reach: The farthest offset; two standard deviations.
    """
    bell = np.exp(-0.5 * (2 * offsets / reach) ** 2)
    return bell * np.where(seen, 1.0, _BRIDGED)


def centred_line(
    values: Float[np.ndarray, "frames *shape"],
    offsets: Float[np.ndarray, " frames"],
    weights: Float[np.ndarray, " frames"],
) -> Float[np.ndarray, "*shape"]:
    """Lay a straight line through values over time and give it at offset 0.

    What moves steadily comes out where it is, without lag, at the ends of a track too.
    """
    total, first, second = (float((weights * offsets**power).sum()) for power in range(3))
    spread = total * second - first**2
    if spread < 1e-9 * total**2:
        shares = weights / total
    else:
        shares = weights * (second - first * offsets) / spread
    return np.tensordot(shares, values, axes=1)


def centred_mean(
    values: Float[np.ndarray, "frames *shape"], weights: Float[np.ndarray, " frames"]
) -> Float[np.ndarray, "*shape"]:
    """Give the weighted mean over time."""
    return np.tensordot(weights / weights.sum(), values, axes=1)


def to_logits(probability: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Turn probabilities into log-odds, bounded at what a float16 probability can still tell."""
    return np.clip(
        np.log(probability + 1e-12) - np.log1p(1e-12 - probability), -_LARGEST_LOGIT, _LARGEST_LOGIT
    )


def to_probability(logits: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Turn log-odds into probabilities."""
    return 1 / (1 + np.exp(-logits))


def reference_state(
    last: Float[np.ndarray, "*shape"] | None, new: Float[np.ndarray, "*shape"]
) -> Float[np.ndarray, "*shape"]:
    """Give the released demo's running mean of boxes (x, y, width, height) or of 0/1 masks."""
    return new if last is None else REFERENCE_KEEP * last + (1 - REFERENCE_KEEP) * new


def reference_shown(
    state: Float[np.ndarray, " vertices"], closed_faces: Faces
) -> Bool[np.ndarray, " vertices"]:
    """Give the contact that the released demo shows: above one half, no patch below 20 vertices."""
    return remove_small_components(state > REFERENCE_SHOWN, closed_faces, REFERENCE_SMALLEST)
