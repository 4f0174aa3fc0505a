"""Named regions of a hand: finger segments on the palm side and on the back, palm, back, wrist."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Float, Int
from torch import Tensor

from haco.geometry.mesh import Faces, adjacency, vertex_normals
from haco.hands.skeleton import (
    FINGER_JOINTS,
    FINGERS,
    finger_lines,
    finger_of_vertices,
    palm_frame,
    place_along,
)

SEGMENTS = ("base", "middle", "tip")
PART_NAMES = (
    *(
        f"{finger}_{part}_{face}"
        for finger in FINGERS
        for part in SEGMENTS
        for face in ("palmar", "dorsal")
    ),
    *("palm_thenar", "palm_hypothenar", "palm_centre", "palm_fingers", "back", "wrist"),
)
"""The open hand's table has the same names."""

# Where a finger parts from the palm, as a share of its first bone: (palm side, back).
_FINGER_START = (0.45, 0.25)
_THUMB_START = (0.5, 0.3)
# The palm in its own axes (palm_frame), in lengths from the wrist to the middle finger's base.
_WRIST_FROM = -0.08
_KNUCKLE_PAD = 0.18
_PALM_LINES = {
    "palm_thenar": ((-0.12, 0.14), (-0.55, 0.36)),
    "palm_hypothenar": ((-0.12, -0.20), (-0.62, -0.33)),
    "palm_centre": ((-0.45, 0.00), (-0.80, 0.04)),
}
_NAIL_SPAN = (2.55, 3.0)
_NAIL_FACING = -0.4


def part_maxima(
    values: Float[np.ndarray, " vertices"], parts: Mapping[str, Bool[Tensor, " vertices"]]
) -> dict[str, float]:
    """Give the largest value in each named region."""
    return {name: float(values[where.numpy()].max()) for name, where in parts.items()}


def derive_regions(
    vertices: Float[np.ndarray, "vertices 3"],
    faces: Faces,
    lbs_weights: Float[np.ndarray, "vertices 16"],
    joints: Float[np.ndarray, "16 3"],
    tips: Float[np.ndarray, "5 3"],
) -> tuple[Int[np.ndarray, " vertices"], Bool[np.ndarray, " vertices"]]:
    """Find the parts and the nails of a right hand at rest, from its shape and its skin weights.

    It is an estimate by general rules, for hands that come without a table of their own.

    Args:
        vertices: The rest surface, metres, in any frame.
        faces: Its triangles, anticlockwise seen from outside.
        lbs_weights: How much each joint moves each vertex.
        joints: The 16 joints.
        tips: The ends of the five fingers.

    Returns:
        For each vertex its place in `PART_NAMES`, and whether it is on a nail.
    """
    axes, length = palm_frame(joints), np.linalg.norm(joints[FINGER_JOINTS[2][0]] - joints[0])
    vertices, joints, tips = (
        (points - joints[0]) @ axes.T / length for points in (vertices, joints, tips)
    )
    lines = finger_lines(joints, tips)
    facing = _palm_facing(vertices, faces, lbs_weights, lines)
    palmar = facing > 0
    part = _palm_parts(vertices, palmar, lines)
    nail = np.zeros(len(vertices), dtype=bool)
    finger = finger_of_vertices(lbs_weights)
    for k, line in enumerate(lines):
        along = place_along(vertices, line)
        nail |= (
            (finger == k)
            & (along > _NAIL_SPAN[0])
            & (along < _NAIL_SPAN[1])
            & (facing < _NAIL_FACING)
        )
        start = np.where(palmar, *(_THUMB_START if k == 0 else _FINGER_START))
        segment = along.astype(np.int64).clip(0, 2)
        mine = (finger == k) & (along >= start)
        part[mine] = (6 * k + 2 * segment + ~palmar)[mine]
    return part, nail


def _palm_parts(
    vertices: Float[np.ndarray, "vertices 3"],
    palmar: Bool[np.ndarray, " vertices"],
    lines: Float[np.ndarray, "5 4 3"],
) -> Int[np.ndarray, " vertices"]:
    """Name every vertex as if it belonged to the palm, in the palm's own axes and length."""
    flat = vertices[:, [0, 2]]
    index_base, little_base = lines[1, 0, [0, 2]], lines[4, 0, [0, 2]]
    across = index_base - little_base
    to_wrist = np.array([across[1], -across[0]]) / np.linalg.norm(across)
    names = list(_PALM_LINES)
    gaps = np.stack([_gaps(flat, np.array(line)) for line in _PALM_LINES.values()])
    part = np.array([PART_NAMES.index(name) for name in names])[gaps.argmin(axis=0)]
    below_fingers = (flat - little_base) @ to_wrist < _KNUCKLE_PAD
    part[below_fingers & (flat[:, 1] < index_base[1] + 0.14)] = PART_NAMES.index("palm_fingers")
    part[~palmar] = PART_NAMES.index("back")
    part[vertices[:, 0] > _WRIST_FROM] = PART_NAMES.index("wrist")
    return part


def _palm_facing(
    vertices: Float[np.ndarray, "vertices 3"],
    faces: Faces,
    lbs_weights: Float[np.ndarray, "vertices 16"],
    lines: Float[np.ndarray, "5 4 3"],
) -> Float[np.ndarray, " vertices"]:
    """Say how squarely each vertex looks to its bone's palm side, -1 to 1, a little smoothed."""
    palm = np.array([0.0, -1.0, 0.0])
    wanted = np.tile(palm, (16, 1))
    knuckles = lines[1:3, 0].mean(axis=0)
    for k, chain in enumerate(FINGER_JOINTS):
        for joint, (start, end) in zip(
            chain, zip(lines[k], lines[k, 1:], strict=False), strict=True
        ):
            # The thumb's pad looks to the fingers' bases, the other pads look as the palm does.
            toward = _unit(knuckles - start) if k == 0 else palm
            bone = _unit(end - start)
            wanted[joint] = _unit(toward - (toward @ bone) * bone)
    base = FINGER_JOINTS[0][0]
    wanted[base] = _unit(wanted[base] + palm)  # that bone lies in the palm
    looks = (vertex_normals(vertices, faces) * _unit(lbs_weights @ wanted)).sum(axis=1)
    near = adjacency(faces, len(vertices))
    for _ in range(2):
        looks = 0.5 * looks + 0.5 * (near @ looks) / near.sum(axis=1)
    return looks


def _gaps(
    points: Float[np.ndarray, "points 2"], line: Float[np.ndarray, "2 2"]
) -> Float[np.ndarray, " points"]:
    start, bone = line[0], line[1] - line[0]
    share = ((points - start) @ bone / (bone @ bone)).clip(0, 1)
    return np.linalg.norm(points - start - share[:, None] * bone, axis=1)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
