"""A tiny Decaf in its true form: contacts, boxes, cameras, PCA poses, videos or pictures."""

from pathlib import Path

import numpy as np
from data_writers.common import hold
from data_writers.mano import stored_pose
from data_writers.pictures import picture, write_picture, write_video
from data_writers.truth import Truth, camera_at, intrinsics, to_camera
from hands.mano_files import write_pickle

SIZE = (96, 72)
NUM_FRAMES = 12
UNTOUCHED = (3, 7)
"""Frames in which nothing touches."""


def write_decaf(root: Path) -> dict[str, Truth]:
    """Write subjects S1 (videos) and S5 (pictures) to train, S2 (pictures) to test."""
    truth = {}
    for split, subject, cameras in (
        ("train", "S1", ("084", "100")),
        ("train", "S5", ("084", "111")),
        ("test", "S2", ("084",)),
    ):
        truth |= _write_subject(root / split, subject, cameras)
    return truth


def _write_subject(folder: Path, subject: str, cameras: tuple[str, ...]) -> dict[str, Truth]:
    rng = np.random.default_rng(int(subject[1:]))
    contact = rng.random((NUM_FRAMES, 778)) < 0.1
    contact[list(UNTOUCHED)] = False
    _save(folder / "contacts" / subject / "contacts_rh.npy", contact.astype(np.float32))
    # What the mirrored picture would have: a reader must not take it for a left hand's.
    _save(folder / "contacts" / subject / "contacts_lh.npy", contact.astype(np.float32))
    params, surfaces = {}, []
    for frame in range(NUM_FRAMES):
        hand = hold("right", 50 * int(subject[1:]) + frame, transl=rng.normal(scale=0.02, size=3))
        stored = stored_pose("right", hand.pose, "components_about_zero")
        params[frame] = {
            "head": {"transl": np.zeros(3)},
            "right_hand": {
                "global_orient": stored[:3],
                "hand_pose": stored[3:],
                "betas": hand.betas,
                "transl": hand.transl,
            },
        }
        surfaces.append(hand.vertices)
    (folder / "params" / subject).mkdir(parents=True)
    write_pickle(folder / "params" / subject / "params_smoothed.pkl", params)
    views = {
        camera: {
            "intrinsic": intrinsics(100 + 5 * place, *SIZE),
            "extrinsic": camera_at(0.3 * place - 0.2, 0.6),
        }
        for place, camera in enumerate(cameras)
    }
    (folder / "cameras" / subject).mkdir(parents=True)
    write_pickle(folder / "cameras" / subject / "cameras.pkl", views)
    truth = {}
    for camera, view in views.items():
        images = [picture(*SIZE, seed=frame) for frame in range(NUM_FRAMES)]
        if subject == "S1":
            write_video(folder / "videos" / subject / f"{camera}.mp4", images)
        else:
            for frame, image in enumerate(images):
                write_picture(folder / "images" / subject / camera / f"{frame:05d}.jpg", image)
        seen = [to_camera(surface, view["extrinsic"]) for surface in surfaces]
        boxes = [_box(vertices, view["intrinsic"]) for vertices in seen]
        _save(folder / "right_hand_bbs" / subject / f"{camera}.npy", np.array(boxes))
        for frame, vertices in enumerate(seen):
            key = f"decaf/{folder.name}/{subject}/{frame:05d}/{camera}"
            truth[key] = Truth(side="right", vertices=vertices, contact=contact[frame])
    return truth


def _box(vertices: np.ndarray, K: np.ndarray) -> np.ndarray:
    pixels = (vertices / vertices[:, 2:]) @ K[:2].T
    return np.concatenate([pixels.min(axis=0), pixels.max(axis=0) + 1])


def _save(path: Path, array: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, array)
