"""H2O-3D, in miniature: one sequence of three frames to train, one frame to evaluate."""

from pathlib import Path

import numpy as np
from data_writers.common import (
    Mini,
    Truth,
    box_distance,
    box_pose,
    colour_of,
    hand_distance,
    hold,
    union,
    write_box,
)
from data_writers.ho3d import (
    MANO_ORDER,
    OBJECT,
    K,
    behind,
    object_entries,
    turned,
    write_frame,
    write_list,
)
from data_writers.mano import stored_pose

BETAS = np.array([0.9, -1.1, 0.4, 2.0, -0.7, 0.3, 1.2, -0.6, 0.5, -1.4])
BOX = [10.0, 8.0, 30.0, 44.0]


def write(root: Path, *, poison: float = 0.0, unseen: bool = False) -> Mini:
    """Write the set; `unseen` says of the first left hand that none of its joints is valid."""
    folder = root / "train/JLMB0"
    truths = []
    for number, name in enumerate(("0000", "0001", "0002")):
        meta, both = _make_frame(f"h2o3d/train/JLMB0/{name}", number)
        if number == 0:
            meta["leftHandPose"] = meta["leftHandPose"] + poison
            meta["jointValidLeft"] = np.zeros(21, int) if unseen else np.ones(21, int)
        write_frame(folder, name, meta, both[0])
        truths += both
    write_list(root, "train", [("JLMB0", name) for name in ("0000", "0001", "0002")])
    meta, both = _make_frame("h2o3d/evaluation/CDE1/0005", 4)
    kept = {name: meta[name] for name in meta if name.startswith(("obj", "cam"))}
    kept |= {"rightHandBoundingBox": BOX, "leftHandBoundingBox": [2.0, *BOX[1:]]}
    write_frame(root / "evaluation/CDE1", "0005", kept, both[0])
    write_list(root, "evaluation", [("CDE1", "0005")])
    mesh = write_box(root / f"models/{OBJECT}/textured_simple.obj")
    return Mini(
        root=root,
        truths=truths[:4],  # The third frame validates.
        picture=folder / "rgb/0000.jpg",
        annotation=folder / "meta/0000.pkl",
        mesh=mesh,
    )


def _make_frame(key: str, number: int) -> tuple[dict, list[Truth]]:
    """Make the annotation of two hands on one object, and the truths of left and right."""
    stored = {
        side: hold(side, number, fix_left_shape=False, betas=BETAS, transl=behind(number))
        for side in ("left", "right")
    }
    hands = {side: turned(stored[side]) for side in stored}
    T = box_pose(hands["right"], number)
    meta = object_entries(T) | {"handBeta": BETAS}
    for side, hand in stored.items():
        meta |= {
            f"{side}HandPose": stored_pose(side, hand.pose, "absolute"),
            f"{side}HandTrans": hand.transl,
            f"{side}HandJoints3D": hand.joints[MANO_ORDER],
        }
    truths = []
    for side, other in (("left", "right"), ("right", "left")):
        points = hands[side].vertices
        truths.append(
            Truth(
                key=f"{key}/{side}",
                side=side,
                vertices=points,
                joints=hands[side].joints,
                distance=union(box_distance(points, T), hand_distance(points, hands[other])),
                K=K,
                colour=colour_of(number),
            )
        )
    return meta, truths
