"""A tiny InterHand2.6M in its true form: COCO, cameras in millimetres, MANO about the mean hand."""

import json
from pathlib import Path

import numpy as np
from data_writers.common import Held, hand_distance, hold
from data_writers.mano import stored_pose
from data_writers.pictures import picture, write_picture
from data_writers.truth import Truth, camera_at, intrinsics, to_camera

SIZE = (96, 72)
CAMERAS = ("400002", "400010")
FRAMES = (101, 104, 107, 110, 113)
"""Both hands are fitted and seen in the first two; then the left one is null, missing, unseen."""


def write_interhand26m(root: Path) -> dict[str, Truth]:
    """Write one capture a split, five frames, two cameras; gives what a reader shall keep."""
    truth = {}
    for number, split in enumerate(("train", "val", "test")):
        truth |= _write_split(root, split, capture=str(number))
    return truth


def _write_split(root: Path, split: str, capture: str) -> dict[str, Truth]:
    views = {
        name: (intrinsics(100, *SIZE), camera_at(0.5 * i - 0.2, 0.7))
        for i, name in enumerate(CAMERAS)
    }
    data, fits, truth = {"images": [], "annotations": []}, {}, {}
    for frame in FRAMES:
        hands = {side: _hand(side, seed=frame + 50 * int(capture)) for side in ("right", "left")}
        fits[str(frame)] = {side: stored for side, (stored, _) in hands.items()}
        for camera, (_, T_camera_world) in views.items():
            name = f"Capture{capture}/0266_clasp/cam{camera}/image{frame}.jpg"
            write_picture(root / "images" / split / name, picture(*SIZE, seed=frame % 7))
            _annotate(data, name, capture, camera, frame)
            for side, other in (("right", "left"), ("left", "right")):
                if frame < FRAMES[2]:
                    key = f"interhand26m/{split}/{capture}/0266_clasp/{frame}/{camera}/{side}"
                    (_, hand), (_, touched) = hands[side], hands[other]
                    truth[key] = Truth(
                        side=side,
                        vertices=to_camera(hand.vertices, T_camera_world),
                        distance=hand_distance(hand.vertices, touched),
                    )
    fits[str(FRAMES[2])]["left"] = None
    del fits[str(FRAMES[3])]["left"]
    # Annotations do not stand in the order of the images.
    data["annotations"].reverse()
    cameras = {
        # A camera stands where the world maps to its frame's origin; millimetres.
        "campos": {n: (-T[:3, :3].T @ T[:3, 3] * 1000).tolist() for n, (_, T) in views.items()},
        "camrot": {name: T[:3, :3].tolist() for name, (_, T) in views.items()},
        "focal": {name: [K[0, 0], K[1, 1]] for name, (K, _) in views.items()},
        "princpt": {name: [K[0, 2], K[1, 2]] for name, (K, _) in views.items()},
    }
    folder = root / "annotations" / split
    folder.mkdir(parents=True)
    parts = {"data": data, "camera": {capture: cameras}, "MANO_NeuralAnnot": {capture: fits}}
    for part, content in parts.items():
        (folder / f"InterHand2.6M_{split}_{part}.json").write_text(json.dumps(content))
    return truth


def _hand(side: str, seed: int) -> tuple[dict, Held]:
    """Give a hand as stored, and in the world; its shape basis is mended."""
    transl = np.array([0.03 if side == "right" else -0.03, 0.001 * (seed % 10), 0])
    hand = hold(side, seed, transl=transl)
    stored = {
        "pose": stored_pose(side, hand.pose, "about_mean").tolist(),
        "shape": hand.betas.tolist(),
        "trans": transl.tolist(),
    }
    return stored, hand


def _annotate(data: dict, name: str, capture: str, camera: str, frame: int) -> None:
    number = len(data["images"]) + 1000
    valid = np.ones(42, int)
    if frame == FRAMES[4]:
        valid[41] = 0
    data["images"].append(
        {
            "id": number,
            "file_name": name,
            "width": SIZE[0],
            "height": SIZE[1],
            "capture": int(capture),
            "subject": 3,
            "seq_name": "0266_clasp",
            "camera": camera,
            "frame_idx": frame,
        }
    )
    data["annotations"].append(
        {
            "id": number,
            "image_id": number,
            "bbox": [1.0, 2.0, 30.0, 40.0],
            "joint_valid": valid[:, None].tolist(),
            "hand_type": "interacting",
            "hand_type_valid": 1,
        }
    )
