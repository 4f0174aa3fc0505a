"""ARCTIC, in miniature: one sequence of two kept frames, both hands on a box with a hinge."""

import json
from pathlib import Path

import numpy as np
from data_writers.common import (
    Held,
    Mini,
    Truth,
    box_distance,
    box_pose,
    colour_of,
    hand_distance,
    hold,
    union,
    write_boxes,
    write_picture,
)
from data_writers.mano import stored_pose
from data_writers.truth import intrinsics, to_camera, turn_about_y
from scipy.spatial.transform import Rotation

SEQUENCE = "s01/box_use_01"
OFFSET = 7
NUM_ROWS, ROWS = 22, (10, 11)
"""Ten frames are left out at each end."""
LENS = np.array([-0.3, 0.12, 0.003, -0.002, 0.02, 0.05, -0.02, 0.01])
FULL, EGO = (120, 90), (280, 200)
MIDDLE = np.array([0.0, 0.0, 0.6])
TOP = np.eye(4)
TOP[:3, :3] = Rotation.from_euler("z", 0.3).as_matrix()
TOP[:3, 3] = [0.01, 0.085, 0.004]
"""Where the box's top lies with the hinge closed; its bottom is the box at rest."""


def write(
    root: Path,
    *,
    protocol: str = "p2",
    pictures: str = "cropped_images",
    processed: bool = False,
    top_label: int = 0,
    part_meshes: bool = True,
    joined: bool = False,
    shape_per_frame: bool = False,
    poison: float = 0.0,
) -> Mini:
    """Write the set.

    Args:
        root: Its folder.
        protocol: `p1` or `p2`, of which the samples are.
        pictures: `cropped_images` or `images`.
        processed: Whether there are boxes and flags; the left hand of the last row is not valid.
        top_label: What the top is called in `parts.json`.
        part_meshes: Whether the top lies beside as a mesh of its own.
        joined: Whether a triangle joins top and bottom.
        shape_per_frame: Whether betas come for each frame.
        poison: Added to the first row's left hand.
    """
    mesh = _write_object(root, top_label, part_meshes=part_meshes, joined=joined)
    hands = {
        side: [
            hold(side, row, fix_left_shape=False, betas=_betas(row if shape_per_frame else 0))
            for row in range(NUM_ROWS)
        ]
        for side in ("left", "right")
    }
    poses = np.array([_object_pose(row, hands["right"][row]) for row in range(NUM_ROWS)])
    annotation = _write_raw(root, hands, poses, poison=poison, shape_per_frame=shape_per_frame)
    _write_meta(root, protocol)
    if processed:
        _write_processed(root)
    truths = []
    for view in (0,) if protocol == "p2" else range(1, 9):
        for row in ROWS:
            (K, size), T = _seen(view, row, pictures), camera_pose(view, row)
            name, number = f"{SEQUENCE}/{view}/{row + OFFSET:05d}", (view + row) % 7
            write_picture(root / pictures / f"{name}.jpg", number, size)
            for side, other in (("left", "right"), ("right", "left")):
                vertices = hands[side][row].vertices
                parts = (box_distance(vertices, place) for place in parts_places(poses[row]))
                touched = hand_distance(vertices, hands[other][row])
                truths.append(
                    Truth(
                        key=f"arctic/{name}/{side}",
                        side=side,
                        vertices=to_camera(vertices, T),
                        joints=to_camera(hands[side][row].joints, T),
                        distance=union(*parts, touched),
                        K=K,
                        colour=colour_of(number),
                        lens=LENS if view == 0 else None,
                    )
                )
    name = truths[0].key.removeprefix("arctic/").removesuffix("/left")
    picture = root / pictures / f"{name}.jpg"
    return Mini(root=root, truths=truths, picture=picture, annotation=annotation, mesh=mesh)


def _betas(row: int) -> np.ndarray:
    return np.random.default_rng(row).normal(0, 4, 10)


def parts_places(pose: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Say where the bottom and the top lie in the world, from the seven numbers stored."""
    T, hinge = np.eye(4), np.eye(4)
    T[:3, :3] = Rotation.from_rotvec(pose[1:4]).as_matrix()
    T[:3, 3] = pose[4:] / 1000
    c, s = np.cos(pose[0]), np.sin(pose[0])
    hinge[:2, :2] = [[c, s], [-s, c]]  # about minus z
    return T, T @ hinge @ TOP


def camera_pose(view: int, row: int) -> np.ndarray:
    """Give T_camera_world: each view from another side; the head camera moves and looks aside."""
    T = np.eye(4)
    R = turn_about_y(0.4 + 0.01 * row) if view == 0 else turn_about_y(0.6 * view)
    T[:3, :3] = R
    T[:3, 3] = (0.25, 0.12, 0.6) - R @ MIDDLE if view == 0 else (0, 0, 0.7) - R @ MIDDLE
    return T


def _fixed_intrinsics(view: int) -> np.ndarray:
    return intrinsics(110 + view, *FULL)


def _box(view: int, row: int) -> list[float]:
    return [58.0 + view, 44.0 + row - 10, 0.3]


def _seen(view: int, row: int, pictures: str) -> tuple[np.ndarray, tuple[int, int]]:
    """Give the intrinsics and the size of the pictures of a view."""
    if view == 0:
        zoom = 0.3 if pictures == "cropped_images" else 1.0
        K = np.diag([zoom, zoom, 1]) @ intrinsics(220, *EGO)
        return K, (round(zoom * EGO[0]), round(zoom * EGO[1]))
    K = _fixed_intrinsics(view)
    if pictures == "images":
        return K, FULL
    x, y, scale = _box(view, row)
    side = 200 * scale
    corner = np.array([[1, 0, 0.75 * side - x], [0, 1, 0.75 * side - y], [0, 0, 1]])
    return np.diag([100 / (1.5 * side)] * 2 + [1]) @ corner @ K, (100, 100)


def _object_pose(row: int, hand: Held) -> np.ndarray:
    T = box_pose(hand, row)
    turn = Rotation.from_matrix(T[:3, :3]).as_rotvec()
    return np.array([0.5 + 0.2 * (row % 4), *turn, *(1000 * T[:3, 3])])


def _write_object(root: Path, top_label: int, *, part_meshes: bool, joined: bool) -> Path:
    folder = root / "meta" / "object_vtemplates" / "box"
    mesh = write_boxes(folder / "mesh.obj", [np.eye(4), TOP], scale=1000)
    if joined:
        with mesh.open("a") as file:
            file.write("f 1/1 2/1 9/1\n")
    parts = [1 - top_label] * 8 + [top_label] * 8
    (folder / "parts.json").write_text(json.dumps(parts))
    if part_meshes:
        write_boxes(folder / "top.obj", [TOP], scale=1000)
        write_boxes(folder / "bottom.obj", [np.eye(4)], scale=1000)
    return mesh


def _write_raw(
    root: Path,
    hands: dict[str, list[Held]],
    poses: np.ndarray,
    *,
    poison: float,
    shape_per_frame: bool,
) -> Path:
    stem = root / "raw_seqs" / SEQUENCE
    stem.parent.mkdir(parents=True)
    tables = {}
    for side, rows in hands.items():
        stored = np.array([stored_pose(side, hand.pose, "about_mean") for hand in rows])
        stored[ROWS[0]] += poison if side == "left" else 0
        tables[side] = {
            "rot": stored[:, :3],
            "pose": stored[:, 3:],
            "trans": np.array([hand.transl for hand in rows]),
            "shape": np.array([hand.betas for hand in rows]) if shape_per_frame else rows[0].betas,
            "fitting_err": np.full(NUM_ROWS, np.nan),
        }
    annotation = stem.with_name(f"{stem.name}.mano.npy")
    np.save(annotation, np.array(tables, dtype=object), allow_pickle=True)
    np.save(stem.with_name(f"{stem.name}.object.npy"), poses)
    cameras = np.array([camera_pose(0, row) for row in range(NUM_ROWS)])
    ego = {
        "R_k_cam_np": cameras[:, :3, :3],
        "T_k_cam_np": cameras[:, :3, 3:],
        "intrinsics": intrinsics(220, *EGO),
        "dist8": LENS,
        "ego_markers.label": ["a", "b"],
    }
    np.save(stem.with_name(f"{stem.name}.egocam.dist.npy"), np.array(ego, dtype=object))
    return annotation


def _write_meta(root: Path, protocol: str) -> None:
    views = range(1, 9)
    camera = {
        "ioi_offset": OFFSET,
        "image_size": [list(EGO), *([list(FULL)] * 8)],
        "intris_mat": [_fixed_intrinsics(view).tolist() for view in views],
        "world2cam": [camera_pose(view, 0).tolist() for view in views],
        "gender": "neutral",
    }
    (root / "meta" / "misc.json").write_text(json.dumps({"s01": camera, "s05": camera}))
    splits = {"train": [SEQUENCE], "val": ["s05/box_grab_01"], "test": ["s03/box_use_02"]}
    (root / "splits_json").mkdir()
    (root / "splits_json" / f"protocol_{protocol}.json").write_text(json.dumps(splits))


def _write_processed(root: Path) -> None:
    path = root / "processed_seqs" / f"{SEQUENCE}.npy"
    path.parent.mkdir(parents=True)
    boxes = [
        [[140.0, 100.0, 1.0]] + [_box(view, row) for view in range(1, 10)]
        for row in range(NUM_ROWS)
    ]
    valid = {side: np.ones((NUM_ROWS, 10)) for side in ("left", "right")}
    valid["left"][ROWS[1], 0] = 0
    content = {
        "cam_coord": {"left_valid": valid["left"], "right_valid": valid["right"]},
        "bbox": np.array(boxes),
    }
    np.save(path, np.array(content, dtype=object))
