"""ContactPose, in miniature: one grasp with two hands, three turned cameras, and its heat."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import trimesh
from data_writers.common import (
    CENTRE,
    HALF,
    Held,
    Mini,
    Truth,
    box_distance,
    box_pose,
    colour_of,
    hand_distance,
    hold,
    union,
    write_picture,
)
from data_writers.mano import pose_of_components, stored_pose
from data_writers.truth import camera_at, to_camera
from scipy.spatial.transform import Rotation

GRASP = "full28_use/mug"
EVERY, NUM_FRAMES = 10, 12
WIDTH, HEIGHT = 64, 48
CAMERAS = ("kinect2_left", "kinect2_middle", "kinect2_right")
ASIDE = np.array([0.05, 0.05, 0.03])
"""So far, metres, the box lies from where hands usually hold it, so that much of it is cold."""
WARM = 0.012
"""Nearer than this, metres, a vertex of the object is warm, the warmer the nearer."""


def write(root: Path, *, cameras: tuple[str, ...] = CAMERAS, poison: float = 0.0) -> Mini:
    """Write the set.

    Args:
        root: Its folder.
        cameras: Which of them are valid.
        poison: Added to the left hand's pose.
    """
    folder = root / GRASP
    right, left = _held("right", 1), _held("left", 2)
    # The right hand moves against the object, the left one holds it still.
    T_hand_mano = {"right": _rigid(5), "left": _in_object(left)}
    T_hand_object = [
        T_hand_mano["right"] @ np.linalg.inv(_in_object(right) @ _rigid(70 + frame, 0.003))
        for frame in range(NUM_FRAMES)
    ]
    frames, fits, hands = [], [], []
    for frame in range(NUM_FRAMES):
        frames.append(
            {
                "hTo": [_pose(_rigid(99)), _pose(T_hand_object[frame])],
                "oTw": _pose(_rigid(40 + frame, 0.01)),
                "object_pose_optimized": True,
            }
        )
    for side, held in (("left", left), ("right", right)):
        T = T_hand_mano[side]
        pose = stored_pose(side, held.pose, "components", 15)
        fits.append(
            {
                "valid": True,
                "pose": (pose + (poison if side == "left" else 0)).tolist(),
                "betas": held.betas.tolist(),
                "mTc": _pose(np.linalg.inv(T)),
            }
        )
        joints = to_camera(held.joints, T).tolist()
        hands.append({"valid": True, "moving": side == "right", "joints": joints})
    content = {
        "frames": frames,
        "hands": hands,
        "cameras": {name: _camera(name, valid=name in cameras) for name in CAMERAS},
    }
    folder.mkdir(parents=True)
    (folder / "annotations.json").write_text(json.dumps(content))
    (folder / "mano_fits_15.json").write_text(json.dumps(fits))
    truths = []
    posed = {
        frame: {
            "left": _moved(left, T_hand_mano["left"]),
            "right": _moved(right, np.linalg.inv(T_hand_object[frame]) @ T_hand_mano["right"]),
        }
        for frame in range(0, NUM_FRAMES, EVERY)
    }
    distances = {frame: _distances(hands) for frame, hands in posed.items()}
    for camera in cameras:
        for frame in posed:
            picture = folder / "images_full" / camera / "color" / f"frame{frame:03d}.png"
            number = CAMERAS.index(camera) * 2 + frame // EVERY
            size = (WIDTH, HEIGHT) if camera == "kinect2_middle" else (HEIGHT, WIDTH)
            write_picture(picture, number, size)
            truths += _truths(camera, frame, posed[frame], distances[frame], number)
    _write_object(folder / "mug.ply", list(posed[0].values()))
    first = folder / "images_full" / cameras[0] / "color" / "frame000.png"
    return Mini(
        root=root,
        truths=truths,
        picture=first,
        annotation=folder / "mano_fits_15.json",
        mesh=folder / "mug.ply",
    )


def turned(camera: str) -> tuple[np.ndarray, np.ndarray]:
    """Give the intrinsics of the stored picture, and how the camera's frame was turned."""
    fx, fy, cx, cy = _intrinsics(camera)
    if camera == "kinect2_left":  # (x, y) is stored at (HEIGHT - y, x)
        R = [[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]
        return np.array([[fy, 0, HEIGHT - cy], [0, fx, cx], [0, 0, 1]]), np.array(R)
    if camera == "kinect2_right":  # at (y, WIDTH - x)
        R = [[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]]
        return np.array([[fy, 0, cy], [0, fx, WIDTH - cx], [0, 0, 1]]), np.array(R)
    K = np.array([[fx, 0, WIDTH - cx], [0, fy, HEIGHT - cy], [0, 0, 1]])
    return K, np.diag([-1.0, -1, 1])


def _distances(posed: dict[str, Held]) -> dict[str, np.ndarray]:
    left, right = posed["left"], posed["right"]
    return {
        one.side: union(box_distance(one.vertices, np.eye(4)), hand_distance(one.vertices, other))
        for one, other in ((left, right), (right, left))
    }


def _truths(
    camera: str,
    frame: int,
    posed: dict[str, Held],
    distances: dict[str, np.ndarray],
    picture: int,
) -> list[Truth]:
    K, R = turned(camera)
    T_camera_object = np.linalg.inv(_rigid(40 + frame, 0.01) @ np.linalg.inv(_place(camera)))
    T_camera_object[:3] = R @ T_camera_object[:3]
    found = []
    for side, hand in posed.items():
        found.append(
            Truth(
                key=f"contactpose/{GRASP}/{camera}/{frame:03d}/{side}",
                side=side,
                vertices=to_camera(hand.vertices, T_camera_object),
                joints=to_camera(hand.joints, T_camera_object),
                distance=distances[side],
                K=K,
                colour=colour_of(picture),
            )
        )
    return found


def _held(side: str, seed: int) -> Held:
    rng = np.random.default_rng(seed)
    fingers = pose_of_components(side, rng.normal(0, 0.2, 15))
    pose = np.concatenate([Rotation.random(random_state=seed).as_rotvec(), fingers])
    betas = rng.normal(0, 4, 10)
    return hold(side, seed, fix_left_shape=False, pose=pose, betas=betas, transl=np.zeros(3))


def _in_object(held: Held) -> np.ndarray:
    """Give the place of MANO's frame in the object's, whose box lies at rest."""
    T_mano_object = box_pose(held, len(held.side))
    T_mano_object[:3, 3] += T_mano_object[:3, :3] @ ASIDE
    return np.linalg.inv(T_mano_object)


def _moved(held: Held, T: np.ndarray) -> Held:
    return dataclasses.replace(
        held, vertices=to_camera(held.vertices, T), joints=to_camera(held.joints, T)
    )


def _rigid(seed: int, size: float = 0.3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    T = np.eye(4)
    T[:3, :3] = Rotation.from_rotvec(size * rng.normal(size=3)).as_matrix()
    T[:3, 3] = size * rng.normal(size=3)
    return T


def _pose(T: np.ndarray) -> dict:
    x, y, z, w = Rotation.from_matrix(T[:3, :3]).as_quat()
    return {"rotation": [w, x, y, z], "translation": T[:3, 3].tolist()}


def _place(camera: str) -> np.ndarray:
    """Give T_camera_world, before the picture was turned."""
    return camera_at(0.7 * CAMERAS.index(camera) - 0.5, 0.7)


def _intrinsics(camera: str) -> tuple[float, float, float, float]:
    return 80.0 + CAMERAS.index(camera), 84.0, 30.0, 26.0


def _camera(camera: str, *, valid: bool) -> dict:
    if not valid:
        return {"valid": False}
    K = dict(zip(("fx", "fy", "cx", "cy"), _intrinsics(camera), strict=True))
    K |= {"width": WIDTH, "height": HEIGHT}
    return {"valid": True, "K": K, "wTc": _pose(np.linalg.inv(_place(camera)))}


def _write_object(path: Path, hands: list[Held]) -> None:
    """Write the box with many vertices, and the heat that two hands left on it."""
    box = trimesh.creation.box(extents=2 * HALF)
    vertices, faces = trimesh.remesh.subdivide_to_size(box.vertices + CENTRE, box.faces, 0.015)
    heat = heat_at(np.min([hand_distance(vertices, hand) for hand in hands], axis=0))
    colours = np.repeat(heat[:, None], 4, axis=1).astype(np.uint8)
    colours[:, 1:] = [7, 9, 255]
    mesh = trimesh.Trimesh(vertices, faces, vertex_colors=colours, process=False)
    mesh.export(path)


def heat_at(distance: np.ndarray) -> np.ndarray:
    """Give the heat (0 to 255) at a distance from a hand, metres: 40 at WARM, 240 where it touches.

    The authors' cut lies about 43 hundredths of the way up.
    """
    warmth = 40 + 200 * np.clip(1 - distance / WARM, 0, 1)
    return np.where(distance < WARM, np.rint(warmth), 0)
