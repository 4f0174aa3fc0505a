"""A sphere, a true grasp, and the files that `haco grasp` reads, for tests."""

from pathlib import Path

import numpy as np
import trimesh

from haco.apps.pose_files import write_pose
from haco.downstream.cases import GraspCase, draw_case
from haco.downstream.perturb import perturbed
from haco.hands import load_hand

RADIUS = 0.035


def sphere() -> trimesh.Trimesh:
    return trimesh.creation.icosphere(subdivisions=4, radius=RADIUS)


def true_grasp() -> GraspCase:
    return draw_case("power", np.random.default_rng([5, 0]))


def write_grasp(folder: Path) -> None:
    """Write a rough hand, the object, and the true contact as a prediction."""
    case = true_grasp()
    rough = perturbed(load_hand("open"), case.pose, np.random.default_rng(1))
    write_pose(folder / "rough.json", rough, "right")
    write_obj(folder / "mug.obj", case.vertices, case.faces)
    np.savez(folder / "grasp.npz", contact=(case.distance < 0.01)[None])


def write_obj(path: Path, vertices: np.ndarray, faces: np.ndarray) -> None:
    lines = [f"v {x} {y} {z}" for x, y, z in vertices]
    path.write_text("\n".join([*lines, *(f"f {a} {b} {c}" for a, b, c in faces + 1)]))


def write_robot(folder: Path) -> None:
    """Write a robot of two links, which parts they stand for, and a prediction to carry there."""
    (folder / "robot.urdf").write_text(
        '<robot name="gripper"><link name="palm"/><link name="finger"/></robot>'
    )
    (folder / "parts.yaml").write_text("palm: [palm_centre]\nfinger: [index_tip_palmar]\n")
    probability = np.random.default_rng(0).random((1, 778), np.float32)
    np.savez(folder / "photo.npz", probability=probability, side=np.array(["right"]))
