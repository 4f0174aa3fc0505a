"""A tiny RICH in its true form: coloured SMPL-X bodies, SMPL bits, calibrations, pictures."""

from pathlib import Path

import cv2
import numpy as np
from data_writers.bodies import SMPL_IDS, SMPLX_IDS, hand_at, smplx_body
from data_writers.pictures import picture, write_picture
from data_writers.truth import Truth, camera_at, intrinsics, to_camera
from hands.mano_files import write_pickle

SIZE = (96, 72)
FLOOR = 0.05
"""The scan is the plane y = FLOOR of the cameras' frame."""
ACCOUNTS = {
    "toolkit": ("human_scene_contact", "images", "png"),
    "released": ("hsc", "images_jpg_subset", "jpeg"),
}
SEQUENCES = {
    "train": ("Gym_010_cooking1", ("010",)),
    "val": ("Gym_011_pushup1", ("011",)),
    "test": ("LectureHall_009_021_sidebalance1", ("009", "021")),
}


def write_rich(
    root: Path,
    account: str = "released",
    splits: tuple[str, ...] = ("train", "val", "test"),
    *,
    shrink: int = 1,
) -> dict[str, Truth]:
    """Write one sequence a split, two frames, two cameras; test has two people.

    Args:
        root: The set's folder.
        splits: Which of them.
        account: Whose names of folders.
        shrink: How many times smaller the pictures are than the calibration says.
    """
    contacts, pictures, suffix = ACCOUNTS[account]
    truth = {}
    for split in splits:
        number = list(SEQUENCES).index(split)
        sequence, people = SEQUENCES[split]
        views = _write_calibration(root / "scan_calibration" / sequence.partition("_")[0])
        for frame in (12, 13):
            for camera in views:
                name = f"{frame:05d}_{camera:02d}.{suffix}"
                place = root / pictures / split / sequence / f"cam_{camera:02d}" / name
                write_picture(place, picture(SIZE[0] // shrink, SIZE[1] // shrink, seed=number))
            for person in people:
                body = root / contacts / split / sequence / f"{frame:05d}" / f"{person}.obj"
                known = _write_body(body, seed=100 * number + frame + int(person))
                for camera, (_, T_camera_world) in views.items():
                    for side, (vertices, contact, distance) in known.items():
                        start = f"rich/{split}/{sequence}/{frame:05d}/cam_{camera:02d}"
                        truth[f"{start}/{person}/{side}"] = Truth(
                            side=side,
                            vertices=to_camera(vertices, T_camera_world),
                            contact=contact,
                            distance=distance,
                        )
    return truth


def _write_calibration(folder: Path) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    views = {
        camera: (intrinsics(110 + camera, *SIZE), camera_at(0.4 * camera, 0.7 + 0.1 * camera))
        for camera in (0, 1)
    }
    (folder / "calibration").mkdir(parents=True, exist_ok=True)
    for camera, (K, T_camera_world) in views.items():
        path = folder / "calibration" / f"{camera:03d}.xml"
        file = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
        file.write("CameraMatrix", T_camera_world[:3])
        file.write("Intrinsics", K)
        file.write("Distortion", np.array([[0.01, -0.01, 0.0, 0.0, 0.0]]))
        file.release()
    return views


def _write_body(path: Path, seed: int) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Write one person of one frame; give each hand's surface, bits and distances."""
    rng = np.random.default_rng(seed)
    hands = {
        "right": hand_at("right", np.array([-0.1, 0.02, 0.0]), seed),
        "left": hand_at("left", np.array([0.1, 0.0, 0.0]), seed),
    }
    body = smplx_body(hands, seed)
    touches = np.abs(body[:, 1] - FLOOR) < 0.01
    feet = np.column_stack([body[:, 0], np.full(len(body), FLOOR), body[:, 2]])
    corners = feet[:, None] + np.array([[-1, 0, -1], [1, 0, -1], [0, 0, 1.5]])
    smpl = rng.random(6890) < 0.5
    for side, ids in SMPLX_IDS.items():
        main, minor = SMPL_IDS[side]
        smpl[main], smpl[minor] = touches[ids], rng.random(778) < 0.5
    path.parent.mkdir(parents=True, exist_ok=True)
    colours = np.where(touches[:, None], (0, 255, 0), (200, 200, 200))
    lines = [
        f"v {x:.6f} {y:.6f} {z:.6f} {red} {green} {blue}"
        for (x, y, z), (red, green, blue) in zip(body, colours, strict=True)
    ]
    path.write_text("\n".join([*lines, "f 1 2 3", "f 3 4 5"]) + "\n")
    record = {
        "contact": smpl.astype(np.float32),
        "s2m_dist_id": feet - body,
        "closest_triangles_id": corners,
    }
    write_pickle(path.with_suffix(".pkl"), record)
    return {
        side: (body[ids], touches[ids], np.abs(body[ids, 1] - FLOOR))
        for side, ids in SMPLX_IDS.items()
    }
