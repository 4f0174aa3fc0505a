"""A tiny PROX (quantitative) in its true form: SMPL-X meshes, a scan, mirrored pictures."""

import json
from pathlib import Path

import numpy as np
import trimesh
from data_writers.bodies import hand_at, smplx_body
from data_writers.pictures import picture, write_picture
from data_writers.truth import Truth, camera_at, intrinsics

from haco.data.splits import split_of

SIZE = (96, 72)
FLOOR = 0.06
"""The scan is the plane y = FLOOR of the room."""
K = intrinsics(105, *SIZE)
T_WORLD_CAMERA = np.linalg.inv(camera_at(0.4, 0.9))


def true_picture(number: int) -> np.ndarray:
    """Give the picture as it was seen; the file has it mirrored."""
    return picture(*SIZE, seed=number)


def sequences() -> dict[str, str]:
    """Choose a few sequences' names such that each split has one."""
    names = [f"vicon_{30000 + number}_01" for number in range(60)]
    chosen = {split: next(n for n in names if split_of(n) == split) for split in ("val", "test")}
    trained = [name for name in names if split_of(name) == "train"][:2]
    return {trained[0]: "train", trained[1]: "train"} | {
        name: split for split, name in chosen.items()
    }


def write_prox(root: Path, account: str = "f and c") -> dict[str, Truth]:
    """Write four sequences of one frame; `account` says how the intrinsics are stored."""
    truth = {}
    for number, sequence in enumerate(sequences()):
        frame = f"s001_frame_{number:05d}__00.00.01.{number:03d}"
        image = true_picture(number)[:, ::-1]
        write_picture(root / "recordings" / sequence / "Color" / f"{frame}.jpg", image)
        hands = {
            "right": hand_at("right", np.array([-0.1, 0.02, 0.9]), number),
            "left": hand_at("left", np.array([0.1, 0.0, 0.9]), number),
        }
        mesh = root / "fittings" / "mosh" / sequence / "meshes" / frame / "000.ply"
        mesh.parent.mkdir(parents=True)
        body = trimesh.Trimesh(smplx_body(hands, number), [[0, 1, 2]], process=False)
        body.export(mesh)
        for side, vertices in hands.items():
            world = vertices @ T_WORLD_CAMERA[:3, :3].T + T_WORLD_CAMERA[:3, 3]
            distance = np.abs(world[:, 1] - FLOOR)
            truth[f"prox/{sequence}/{frame}/{side}"] = Truth(
                side=side, vertices=vertices, distance=distance
            )
    stored = {
        "f and c": {"f": [K[0, 0], K[1, 1]], "c": [K[0, 2], K[1, 2]]},
        "camera_mtx": {"camera_mtx": K.tolist(), "k": [0.0] * 5, "R": [0, 0, 0], "T": [0, 0, 0]},
    }[account]
    for name, value in (
        ("calibration/Color", stored),
        ("cam2world/vicon", T_WORLD_CAMERA.tolist()),
    ):
        (root / f"{name}.json").parent.mkdir(parents=True, exist_ok=True)
        (root / f"{name}.json").write_text(json.dumps(value))
    corners = [[-5, FLOOR, -5], [5, FLOOR, -5], [5, FLOOR, 5], [-5, FLOOR, 5]]
    (root / "scenes").mkdir()
    trimesh.Trimesh(corners, [[0, 1, 2], [0, 2, 3]], process=False).export(
        root / "scenes" / "vicon.ply"
    )
    return truth
