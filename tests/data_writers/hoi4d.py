"""HOI4D, in miniature: a mug in one hand or two, by either account of its folders."""

import json
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
    write_picture,
)
from data_writers.mano import stored_pose
from data_writers.pictures import write_video
from hands.mano_files import write_pickle
from scipy.spatial.transform import Rotation

ACCOUNTS = {
    "released": (
        *("HOI4D_color/HOI4D_release", "HOI4D_annotations/HOI4D_annotations"),
        *("HOI4D_Handpose/handpose", "HOI4D_cameras/camera_params", "HOI4D_CAD_models"),
    ),
    "toolkit": (
        *("HOI4D_release", "HOI4D_annotations", "handpose", "camera_params"),
        "HOI4D_CAD_Model_for_release",
    ),
}
CAMERA = "ZY20210800001"
TRAIN, VAL, TEST, LAPTOP = (
    f"{CAMERA}/H1/{rest}/S100/s1/T1" for rest in ("C2/N7", "C5/N13", "C20/N3", "C3/N1")
)
FRAMES = {TRAIN: (0, 1, 2, 9, 10, 11), VAL: (4,), TEST: (0, 1), LAPTOP: (0,)}
ONE_HANDED = (11,)
"""The frame that has no left hand."""
EVERY_FIFTH = (f"hoi4d/{TRAIN}/00000", f"hoi4d/{TRAIN}/00011")
SIZE = (64, 48)
K = np.array([[70.0, 0, 31], [0, 72, 25], [0, 0, 1]])


def write(
    root: Path,
    *,
    account: str = "released",
    video: bool = False,
    padded: bool = False,
    entry: str = "dataList",
    python: bool = False,
    poison: float = 0.0,
) -> Mini:
    """Write the set; gives the truth of every fifth frame for training.

    Args:
        root: Its folder.
        account: Whose names of folders.
        video: Whether pictures stay in the video.
        padded: Whether frame numbers have five digits in file names.
        entry: Under which name an object's pose stands.
        python: Whether poses of objects are in Python's notation.
        poison: Added to the first left hand.
    """
    pictures, annotations, hands, cameras, models = (root / name for name in ACCOUNTS[account])
    truths, first = [], f"{0:05d}" if padded else "0"
    for sequence, frames in FRAMES.items():
        for frame in frames:
            name = f"{frame:05d}" if padded else str(frame)
            posed = {side: hold(side, frame, fix_left_shape=False) for side in ("left", "right")}
            if frame in ONE_HANDED:
                del posed["left"]
            for side, hand in posed.items():
                shift = poison if (side, frame) == ("left", 0) else 0
                stored = {
                    "poseCoeff": stored_pose(side, hand.pose, "absolute") + shift,
                    "beta": hand.betas,
                    "trans": hand.transl,
                    "kps2D": np.full((21, 2), -1.0),
                }
                path = hands / f"refinehandpose_{side}" / sequence / f"{name}.pickle"
                path.parent.mkdir(parents=True, exist_ok=True)
                write_pickle(path, stored)
            T = box_pose(posed["right"], frame)
            _write_pose(
                annotations / sequence / "objpose" / f"{name}.json", T, entry, python=python
            )
            truths += _truths(f"hoi4d/{sequence}/{frame:05d}", posed, T, frame % 7)
        _write_pictures(pictures / sequence / "align_rgb", frames, video=video)
        _, _, kind, number, *_ = sequence.split("/")
        category = {"C2": "Mug", "C5": "Bottle", "C20": "Chair", "C3": "Laptop"}[kind]
        write_box(models / "rigid" / category / f"{int(number[1:]):03d}.obj")
    (cameras / CAMERA).mkdir(parents=True)
    np.save(cameras / CAMERA / "intrin.npy", K)
    lists = root / "datalists"
    lists.mkdir()
    (lists / "train_all.txt").write_text(f"{TRAIN}\n{LAPTOP}\n{VAL}\n")
    (lists / "test_all.txt").write_bytes(f"{TEST}\r\n".encode())
    return Mini(
        root=root,
        truths=[truth for truth in truths if truth.key.startswith(EVERY_FIFTH)],
        picture=pictures / TRAIN / "align_rgb" / ("image.mp4" if video else "00000.jpg"),
        annotation=hands / "refinehandpose_left" / TRAIN / f"{first}.pickle",
        mesh=models / "rigid" / "Mug" / "007.obj",
    )


def _write_pose(path: Path, T: np.ndarray, entry: str, *, python: bool) -> None:
    angles = Rotation.from_matrix(T[:3, :3]).as_euler("XYZ")
    pose = {
        "center": dict(zip("xyz", T[:3, 3].tolist(), strict=True)),
        "rotation": dict(zip("xyz", angles.tolist(), strict=True)),
        "dimensions": {"length": 2.0, "width": 3.0, "height": 4.0},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {entry: [pose, {"center": None}]}
    path.write_text(repr(content) if python else json.dumps(content))


def _write_pictures(folder: Path, frames: tuple[int, ...], *, video: bool) -> None:
    if video:
        images = [
            np.full((SIZE[1], SIZE[0], 3), colour_of(frame % 7), np.uint8)
            for frame in range(max(frames) + 1)
        ]
        write_video(folder / "image.mp4", images)
        return
    for frame in frames:
        write_picture(folder / f"{frame:05d}.jpg", frame % 7, SIZE)


def _truths(start: str, posed: dict, T: np.ndarray, picture: int) -> list[Truth]:
    found = []
    for side, hand in posed.items():
        others = [other for name, other in posed.items() if name != side]
        touched = (hand_distance(hand.vertices, other) for other in others)
        found.append(
            Truth(
                key=f"{start}/{side}",
                side=side,
                vertices=hand.vertices,
                joints=hand.joints,
                distance=union(box_distance(hand.vertices, T), *touched),
                K=K,
                colour=colour_of(picture),
            )
        )
    return found
