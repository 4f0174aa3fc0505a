"""A hand as twenty capsules, to keep fingers out of one another and out of the palm."""

from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Float

from haco.synth.poses.skin import ShapedHand

_RADII = 0.001 * np.array(
    [[10.0, 9.0, 8.0], [9.0, 8.0, 6.5], [9.0, 8.0, 6.5], [8.5, 7.5, 6.2], [7.5, 6.7, 5.5]]
)
"""Of the three segments of thumb .. little, metres, in a hand of mean size."""
_PALM_RADIUS = 0.010
_MEAN_PALM = 0.1012
"""Wrist to middle knuckle of the mean hand, metres; all radii scale with it."""

_jit = numba.njit(cache=True, error_model="numpy")


def finger_capsules(
    shaped: ShapedHand, joints: Float[np.ndarray, "21 3"]
) -> Float[np.ndarray, "5 3 7"]:
    """Wrap each finger segment of a posed hand in a capsule: two ends and a radius, metres.

    Args:
        shaped: Gives the hand's size.
        joints: The posed hand's wrist and fingers, as in `PosedHand`.
    """
    radii = _RADII * _scale(shaped)
    chains = joints[1:].reshape(5, 4, 3)
    starts, ends = chains[:, :3], chains[:, 1:].copy()
    last = ends[:, 2] - starts[:, 2]
    ends[:, 2] -= last / np.linalg.norm(last, axis=1, keepdims=True) * radii[:, 2:]
    return np.concatenate([starts, ends, radii[:, :, None]], axis=2)


def palm_capsules(shaped: ShapedHand) -> Float[np.ndarray, "4 7"]:
    """Wrap the four metacarpal bones, which no pose moves; two ends and a radius, metres."""
    knuckles = shaped.joints[[1, 4, 10, 7]]
    radius = np.full((4, 1), _PALM_RADIUS * _scale(shaped))
    return np.concatenate([0.25 * knuckles, 0.95 * knuckles, radius], axis=1)


def self_overlap(shaped: ShapedHand, joints: Float[np.ndarray, "21 3"]) -> float:
    """Measure how deep different fingers, or finger tips and the palm, run into each other.

    Returns:
        The deepest overlap of two capsules, metres; negative when all are apart.
    """
    return float(_deepest(finger_capsules(shaped, joints), palm_capsules(shaped)))


def _scale(shaped: ShapedHand) -> float:
    return float(np.linalg.norm(shaped.joints[4] - shaped.joints[0])) / _MEAN_PALM


@_jit
@no_type_check
def _deepest(fingers, palm):
    deepest = -np.inf
    for finger in range(5):
        for segment in range(3):
            one = fingers[finger, segment]
            for other in range(finger + 1, 5):
                for k in range(3):
                    if finger > 0 and segment == 0 and k == 0:
                        continue  # neighbouring fingers share the web between their bases
                    deepest = max(deepest, -capsules_apart(one, fingers[other, k]))
            if segment == 2:
                for k in range(palm.shape[0]):
                    deepest = max(deepest, -capsules_apart(one, palm[k]))
    return deepest


@_jit
@no_type_check
def capsules_apart(one, other):
    """Distance between the surfaces of two capsules, negative where they overlap."""
    uu, vv, uv, uw, vw = 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(3):
        u, v, w = one[3 + k] - one[k], other[3 + k] - other[k], one[k] - other[k]
        uu, vv, uv, uw, vw = uu + u * u, vv + v * v, uv + u * v, uw + u * w, vw + v * w
    determinant = uu * vv - uv * uv
    s = 0.0
    if determinant > 1e-12 * uu * vv:
        s = min(max((uv * vw - vv * uw) / determinant, 0.0), 1.0)
    t = (uv * s + vw) / vv
    if t < 0.0 or t > 1.0:
        t = min(max(t, 0.0), 1.0)
        s = min(max((uv * t - uw) / uu, 0.0), 1.0)
    squared = 0.0
    for k in range(3):
        u, v, w = one[3 + k] - one[k], other[3 + k] - other[k], one[k] - other[k]
        squared += (w + s * u - t * v) ** 2
    return np.sqrt(squared) - one[6] - other[6]
