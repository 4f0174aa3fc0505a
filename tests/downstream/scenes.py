"""A cube under a hand, in the files that `haco reconstruct` reads, for tests."""

from pathlib import Path

import numpy as np
import torch
from downstream.grasps import write_obj
from PIL import Image

from haco.apps.pose_files import write_pose
from haco.downstream.grasp import HandPose

SIZE = 96


def write_scene(folder: Path) -> None:
    """Write a cube of 60 mm under the fingers of a hand half a metre away."""
    pose = HandPose(
        betas=torch.zeros(1, 10),
        global_orient=torch.tensor([[torch.pi / 2, 0.0, 0.0]]),
        hand_pose=torch.zeros(1, 15, 3),
        transl=torch.tensor([[0.08, 0.0, 0.5]]),
    )
    write_pose(folder / "hand.json", pose, "right")
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float) * 0.06
    faces = [(0, 1, 3), (0, 3, 2), (4, 7, 5), (4, 6, 7), (0, 5, 1), (0, 4, 5)]
    faces += [(2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3)]
    write_obj(folder / "cube.obj", corners, np.array(faces))
    mask = np.zeros((SIZE, SIZE), np.uint8)
    mask[40:58, 30:48] = 255
    Image.fromarray(mask).save(folder / "object_mask.png")
    Image.fromarray(mask[::-1].copy()).save(folder / "hand_mask.png")
    Image.fromarray(np.full((SIZE, SIZE, 3), 90, np.uint8)).save(folder / "photo.png")
    np.savez(folder / "photo.npz", contact=np.arange(778)[None] < 60)
