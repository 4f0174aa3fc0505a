"""MOW, in miniature: photographs of three formats, hands and objects far from any common unit."""

import dataclasses
import json
from pathlib import Path

import numpy as np
from data_writers.common import (
    CENTRE,
    HALF,
    Held,
    Mini,
    Truth,
    box_distance,
    box_pose,
    colour_of,
    hold,
    write_picture,
)
from data_writers.mano import stored_pose
from scipy.spatial.transform import Rotation

NAMES = (
    "electronics_v_O_tfc4WJnS8_frame000005",
    "garden_v_7NnNnNnNn_frame000300",
    "study_v_-AMbNf4Rl6I_frame000045",
)
"""All of the training split; `OTHERS` are of validation and test."""
OTHERS = ("boardgame_v_W_qdSiPKSdQ_frame000019", "food_v_01LF6K2jbXw_frame000123")
SIZES = ((64, 48), (45, 90), (80, 80))
HAND_SCALES = (1.85, 0.1, 10.0)
"""The middle one and the outliers of the real set."""
ODD_CORNER = np.array([1.0, -0.5, 0.8])
"""A ninth vertex, on one side of the box: the mean of the vertices is not the box's middle."""
MIRROR = np.diag([1.0, -1.0, 1.0])
"""The y of a model is negated."""


def write(root: Path, *, names: tuple[str, ...] = NAMES, poison: float = 0.0) -> Mini:
    """Write the set; `poison` is added to the first hand's pose."""
    fits, truths = [], []
    for index, (name, size) in enumerate(zip(names, SIZES, strict=False)):
        fit, truth = _write_fit(root, index, name, size)
        fits.append(fit)
        truths.append(truth)
    fits[0]["hand_pose"][5] += poison
    (root / "poses.json").write_text(json.dumps(fits))
    return Mini(
        root=root,
        truths=truths,
        picture=root / f"images/{names[0]}.jpg",
        annotation=root / "poses.json",
        mesh=root / f"models/{names[0]}.obj",
    )


def _write_fit(root: Path, index: int, name: str, size: tuple[int, int]) -> tuple[dict, Truth]:
    rest = hold("right", index, betas=np.zeros(10), transl=np.array([0.01, -0.02, 0.03]))
    hand_R = Rotation.random(random_state=index + 40).as_matrix() if index else np.eye(3)
    hand_t = np.array([0.02 * index, -0.01, 0.6])
    hand = _moved(rest, hand_R, hand_t)
    T = box_pose(hand, index)
    middle = _write_model(root / f"models/{name}.obj", unit=37.0 + index, shift=5.0)
    metre = HAND_SCALES[index]
    longest = 2 * HALF.max()
    # The box's rest points p lie at T p; the set has it as (2 (p - middle) / longest R + t) s.
    fit = {
        "image_id": name,
        "obj_name": "box",
        "obj_url": f"https://example.org/{name}",
        "state": "done",
        "queue_id": index,
        "hand_pose": stored_pose("right", rest.pose, "about_mean").tolist(),
        "trans": rest.transl.tolist(),
        "hand_R": hand_R.ravel().tolist(),
        "hand_t": hand_t.tolist(),
        "hand_s": metre,
        "R": T[:3, :3].T.ravel().tolist(),
        "t": ((T[:3, :3] @ middle + T[:3, 3]) * 2 / longest).tolist(),
        "s": metre * longest / 2,
    }
    write_picture(root / f"images/{name}.jpg", index, size)
    longer = max(size)
    truth = Truth(
        key=f"mow/{name}",
        side="right",
        vertices=hand.vertices,
        joints=hand.joints,
        distance=box_distance(hand.vertices, T),
        K=np.array([[longer, 0, longer / 2], [0, longer, longer / 2], [0, 0, 1.0]]),
        colour=colour_of(index),
    )
    return fit, truth


def _moved(hand: Held, R: np.ndarray, t: np.ndarray) -> Held:
    vertices, joints = hand.vertices @ R + t, hand.joints @ R + t
    return dataclasses.replace(hand, vertices=vertices, joints=joints)


def _write_model(path: Path, *, unit: float, shift: float) -> np.ndarray:
    """Write the box upside down in an odd unit and place; give the mean of its vertices at rest."""
    signs = [(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]
    points = CENTRE + HALF * np.array([*signs, ODD_CORNER])
    quads = [(1, 2, 4, 3), (1, 5, 6, 2), (3, 4, 8, 7), (1, 3, 7, 5), (2, 6, 8, 4)]
    fan = [(5, 7, 9), (7, 8, 9), (8, 6, 9), (6, 5, 9)]
    lines = [
        f"v {x:.9f} {y:.9f} {z:.9f}" for x, y, z in unit * (points @ MIRROR) + (shift, -shift, 2)
    ]
    lines += ["f " + " ".join(str(corner) for corner in face[::-1]) for face in (*quads, *fan)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return points.mean(axis=0)
