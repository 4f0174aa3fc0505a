"""DexYCB, in miniature: one person, of whose 100 sequences two have a frame, one of each hand."""

from pathlib import Path

import numpy as np
import yaml
from data_writers.common import (
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

SERIALS = (
    *("836212060125", "839512060362", "840412060917", "841412060263"),
    *("932122060857", "932122060861", "932122061900", "932122062010"),
)
PERSON = "20200709-subject-01"
BETAS = np.array([0.6994, -0.1691, -0.8955, -0.0976, 0.0775, 0.3363, -0.0555, 0.5249, -0.3867, 0])


def camera_of(camera: int) -> np.ndarray:
    return np.array([[60.0 + camera, 0, 32], [0, 61.0 + camera, 24 + camera / 10], [0, 0, 1]])


def write(root: Path, *, poison: float = 0.0, unseen: bool = False) -> Mini:
    """Write the set; `unseen` leaves the first picture without a hand and without a pose."""
    truths = []
    for number in range(100):
        folder = root / PERSON / f"20200709_1418{number:02d}"
        side = "left" if number == 1 else "right"
        _write_meta(folder, side, num_frames=int(number < 2))
        for camera in range(8 if number < 2 else 0):
            first = number == camera == 0
            truths.append(
                _write_frame(
                    folder, side, camera, poison=poison if first else 0, unseen=first and unseen
                )
            )
    for camera, serial in enumerate(SERIALS):
        K = camera_of(camera)
        color = {"fx": K[0, 0], "fy": K[1, 1], "ppx": K[0, 2], "ppy": K[1, 2]}
        _write_yaml(
            root / f"calibration/intrinsics/{serial}_640x480.yml",
            {"color": {name: float(value) for name, value in color.items()}},
        )
    shape = {"betas": BETAS.tolist()}
    _write_yaml(root / "calibration/mano_20200514-subject-01/mano.yml", shape)
    mesh = write_box(root / "models/003_cracker_box/textured_simple.obj")
    first = root / PERSON / "20200709_141800" / SERIALS[0]
    return Mini(
        root=root,
        truths=truths,
        picture=first / "color_000000.jpg",
        annotation=first / "labels_000000.npz",
        mesh=mesh,
    )


def _write_yaml(path: Path, value: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(value))


def _write_meta(folder: Path, side: str, *, num_frames: int) -> None:
    meta = {
        "serials": list(SERIALS),
        "num_frames": num_frames,
        "extrinsics": "20200702_151821",
        "ycb_ids": [11, 2, 20],
        "ycb_grasp_ind": 1,
        "mano_sides": [side],
        "mano_calib": ["20200514-subject-01"],
    }
    _write_yaml(folder / "meta.yml", meta)


def _write_frame(folder: Path, side: str, camera: int, *, poison: float, unseen: bool) -> Truth:
    hand = hold(side, camera, fix_left_shape=False, betas=BETAS)
    T = box_pose(hand, camera)
    numbers = np.concatenate([stored_pose(side, hand.pose, "components"), hand.transl])
    poses = np.zeros((3, 3, 4))
    poses[1] = T[:3]
    poses[2] = np.eye(4)[:3]  # number 20 lies at the camera; number 11 has no pose
    path = folder / SERIALS[camera] / "labels_000000.npz"
    path.parent.mkdir(parents=True)
    np.savez(
        path,
        seg=np.zeros((48, 64), np.uint8),
        pose_y=poses.astype(np.float32) * (not unseen),
        pose_m=((numbers + poison) * (not unseen)).astype(np.float32)[None],
        joint_3d=hand.joints.astype(np.float32)[None],
        joint_2d=np.zeros((1, 21, 2), np.float32),
    )
    write_picture(path.with_name("color_000000.jpg"), camera, (64, 48))
    return Truth(
        key=f"dexycb/{PERSON}/{folder.name}/{SERIALS[camera]}/000000",
        side=side,
        vertices=hand.vertices,
        joints=hand.joints,
        distance=box_distance(hand.vertices, T),
        K=camera_of(camera),
        colour=colour_of(camera),
    )
