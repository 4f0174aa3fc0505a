"""HO-3D, in miniature: two sequences of three frames to train, one of two to evaluate.

Also what H2O-3D has of it: OpenGL's camera frame, joints in MANO's order, the object's pose.
"""

import dataclasses
import json
from pathlib import Path

import numpy as np
from data_writers.common import (
    FLIP,
    Held,
    Mini,
    Truth,
    box_distance,
    box_pose,
    colour_of,
    hold,
    write_box,
    write_picture,
)
from data_writers.mano import stored_pose
from hands.mano_files import write_pickle
from scipy.spatial.transform import Rotation

SIZE = (64, 48)
K = np.array([[61.4, 0, 31.3], [0, 61.9, 24.1], [0, 0, 1]])
MANO_ORDER = [0, 5, 6, 7, 9, 10, 11, 17, 18, 19, 13, 14, 15, 1, 2, 3, 4, 8, 12, 16, 20]
"""Which of our joints each stored one is: wrist, index, middle, little, ring, thumb, tips."""
SEQUENCES = ("ABF10", "SM2")
FRAMES = ("0000", "0001", "0002")
OBJECT = "003_cracker_box"


def write(root: Path, *, version: int = 3, poison: float = 0.0) -> Mini:
    """Write the training part; the third frame of each sequence is for validation."""
    truths = []
    for number, sequence in enumerate(SEQUENCES):
        for at, name in enumerate(FRAMES):
            truth = _write_frame(
                root / "train" / sequence, name, 3 * number + at, version, 0.0 if truths else poison
            )
            truths.append(truth)
        unlisted = {"handPose": None, "handTrans": None, "handBeta": None, "camMat": None}
        write_pickle(root / f"train/{sequence}/meta/0003.pkl", unlisted)
    write_list(root, "train", [(sequence, name) for sequence in SEQUENCES for name in FRAMES])
    mesh = write_box(root / f"models/{OBJECT}/textured_simple.obj")
    first = root / "train" / SEQUENCES[0]
    return Mini(
        root=root,
        truths=[truth for truth in truths if not truth.key.endswith(FRAMES[-1])],
        picture=first / f"rgb/0000.{'png' if version == 2 else 'jpg'}",
        annotation=first / "meta/0000.pkl",
        mesh=mesh,
    )


def write_evaluation(root: Path, turn: np.ndarray, *, moved: float = 0.0) -> Mini:
    """Write the part whose hands lie in two JSON files, in OpenGL's frame turned by `turn`.

    `moved` shifts the hands of the JSON files away from the wrists of the annotations, metres.
    """
    mini = write(root)
    folder, truths, hands = root / "evaluation/SB11", [], []
    frames = [("SB11", name) for name in ("0007", "0003")]
    for number, (_, name) in enumerate(frames):
        hand, meta, truth = make_frame(f"ho3d/evaluation/SB11/{name}", number + 10)
        hands.append((turn @ (hand.vertices.T + moved)).T)
        hands.append((turn @ (hand.joints[MANO_ORDER].T + moved)).T)
        meta["handJoints3D"] = hand.joints[0]
        for hidden in ("handPose", "handTrans", "handBeta"):
            del meta[hidden]
        meta["handBoundingBox"] = [1, 2, 30, 40]
        write_frame(folder, name, meta, truth)
        truths.append(truth)
    write_list(root, "evaluation", frames)
    for name, rows in (("verts", hands[::2]), ("xyz", hands[1::2])):
        (root / f"evaluation_{name}.json").write_text(json.dumps([row.tolist() for row in rows]))
    return dataclasses.replace(mini, truths=truths)


def write_list(root: Path, part: str, frames: list[tuple[str, str]]) -> None:
    (root / f"{part}.txt").write_text("".join(f"{sequence}/{name}\n" for sequence, name in frames))


def write_frame(folder: Path, name: str, meta: dict, truth: Truth, suffix: str = "jpg") -> None:
    grey = (truth.colour[0] - colour_of(0)[0]) // (colour_of(1)[0] - colour_of(0)[0])
    write_picture(folder / f"rgb/{name}.{suffix}", grey, SIZE)
    (folder / "meta").mkdir(exist_ok=True)
    write_pickle(folder / f"meta/{name}.pkl", meta)


def make_frame(key: str, number: int, poison: float = 0.0) -> tuple[Held, dict, Truth]:
    """Make the hand as it is stored (in OpenGL's frame), the annotation, and the truth."""
    stored = hold("right", number, transl=behind(number))
    hand = turned(stored)
    T = box_pose(hand, number)
    meta = {
        "handPose": (stored_pose("right", stored.pose, "absolute") + poison).astype(np.float32),
        "handTrans": stored.transl,
        "handBeta": stored.betas,
        "handJoints3D": stored.joints[MANO_ORDER],
    } | object_entries(T)
    truth = Truth(
        key=key,
        side="right",
        vertices=hand.vertices,
        joints=hand.joints,
        distance=box_distance(hand.vertices, T),
        K=K,
        colour=colour_of(number % 7),
    )
    return stored, meta, truth


def behind(number: int) -> np.ndarray:
    """Give a place before OpenGL's camera, which looks along -z, metres."""
    return np.array([0.02 - 0.01 * (number % 4), 0.01 * (number % 3), -0.6])


def turned(hand: Held) -> Held:
    """Take a hand from OpenGL's camera frame to ours, or back."""
    return dataclasses.replace(hand, vertices=hand.vertices @ FLIP, joints=hand.joints @ FLIP)


def object_entries(T: np.ndarray) -> dict:
    """Give what an annotation says of an object that lies at `T` in our camera frame."""
    return {
        "objRot": Rotation.from_matrix(FLIP @ T[:3, :3]).as_rotvec()[:, None],
        "objTrans": FLIP @ T[:3, 3],
        "objName": OBJECT,
        "objLabel": 2,
        "camMat": K,
    }


def _write_frame(folder: Path, name: str, number: int, version: int, poison: float) -> Truth:
    _, meta, truth = make_frame(f"ho3d/train/{folder.name}/{name}", number, poison)
    if version == 3:
        contact = np.abs(truth.distance) < 0.004
        truth = dataclasses.replace(truth, contact=contact)
        meta |= {"handVertContact": contact, "handVertDist": np.abs(truth.distance)}
    write_frame(folder, name, meta, truth, "png" if version == 2 else "jpg")
    return truth
