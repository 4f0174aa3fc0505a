"""ObMan, in miniature: two pictures, a right hand and a ShapeNet model each."""

from pathlib import Path

import numpy as np
from data_writers.common import (
    FLIP,
    Mini,
    Truth,
    box_distance,
    box_pose,
    colour_of,
    hold,
    write_box,
    write_picture,
)
from hands.mano_files import write_pickle

K = np.array([[480.0, 0, 128], [0, 480, 128], [0, 0, 1]])
SCALE = 0.23
"""Metres in one unit of the ShapeNet model."""


def write(
    root: Path, *, by_path: bool = False, open_mesh: bool = False, poison: float = 0.0
) -> Mini:
    """Write the set; `poison` is added to the first hand's numbers."""
    truths = []
    for index, name in enumerate(("00000004", "00000017")):
        hand = hold("right", index)
        T = box_pose(hand, index)
        class_id, model = "02876657", f"{index}f2a"
        mesh = root / "ShapeNetCore.v2" / class_id / model / "models" / "model_normalized.obj"
        write_box(mesh, scale=1 / SCALE, without_top=open_mesh)
        affine = np.eye(4)
        affine[:3, :3] = SCALE * FLIP @ T[:3, :3]
        affine[:3, 3] = FLIP @ T[:3, 3]
        meta = {
            "verts_3d": (hand.vertices @ FLIP + (poison if index == 0 else 0)).astype(np.float32),
            "coords_3d": (hand.joints @ FLIP).astype(np.float32),
            "side": "right",
            "affine_transform": affine.astype(np.float32),
            "obj_path": f"/old/cluster/shapenet/ShapeNetCore.v2/{class_id}/{model}/models/m.pkl",
            "pca_pose": np.zeros(45),
        }
        if not by_path:
            meta |= {"class_id": class_id, "sample_id": model, "obj_path": "/elsewhere"}
        path = root / "train" / "meta" / f"{name}.pkl"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_pickle(path, meta)
        write_picture(root / "train" / "rgb" / f"{name}.jpg", index, (256, 256))
        truths.append(
            Truth(
                key=f"obman/train/{name}",
                side="right",
                vertices=hand.vertices,
                joints=hand.joints,
                distance=box_distance(hand.vertices, T),
                K=K,
                colour=colour_of(index),
            )
        )
    first = root / "train"
    return Mini(
        root=root,
        truths=truths,
        picture=first / "rgb" / "00000004.jpg",
        annotation=first / "meta" / "00000004.pkl",
        mesh=root / "ShapeNetCore.v2" / "02876657" / "0f2a" / "models" / "model_normalized.obj",
    )
