"""A tiny HIC in its true form: surfaces as PLY files, and a table that lists them out of order."""

import json
from pathlib import Path

import numpy as np
import trimesh
from data_writers.bodies import hand_at
from data_writers.pictures import picture, write_picture
from data_writers.truth import Truth

from haco.geometry.proximity import signed_distance
from haco.hands import load_hand

SIZE = (640, 480)
FITS = "IJCV16___Results_MANO___parms_for___joints21"
SEQUENCES = {"01": (2, 3, 4), "06": (5,), "07": (1, 2), "15": (9,)}
"""Frames of each sequence; the last frame of 01 lacks its right hand."""


def write_hic(root: Path, *, prefix: str = "", faces: bool = True) -> dict[str, Truth]:
    """Write pictures, fits and `HIC.json`; gives what a reader shall keep.

    Args:
        root: The set's folder.
        prefix: What the table's paths of fits begin with, beyond the root.
        faces: Whether the fits have triangles.
    """
    images, annotations, truth = [], [], {}
    for sequence, frames in SEQUENCES.items():
        for frame in frames:
            number = 100 * int(sequence) + frame
            name = f"{sequence}/1/rgb/{frame:03d}.png"
            write_picture(root / name, picture(*SIZE, seed=frame))
            hands = {
                "right": hand_at("right", np.array([0.06, 0.0, 0.9]), number),
                "left": hand_at("left", np.array([-0.06, 0.0, 0.9]), number),
            }
            paths = {
                s: _write_fit(root, s, v, sequence, frame, faces=faces) for s, v in hands.items()
            }
            is_whole = number != 104
            images.append(
                {
                    "id": number,
                    "file_name": name,
                    "seq_name": sequence,
                    "width": SIZE[0],
                    "height": SIZE[1],
                }
            )
            annotations.append(
                {
                    "id": number + 5000,
                    "image_id": number,
                    "hand_type": "interacting",
                    "right_mano_path": f"{prefix}{paths['right']}" if is_whole else None,
                    "left_mano_path": f"{prefix}{paths['left']}",
                }
            )
            if is_whole and int(sequence) <= 7:
                truth |= _truth(f"hic/{sequence}/{frame:03d}", hands)
    annotations.reverse()
    (root / "HIC.json").write_text(json.dumps({"images": images, "annotations": annotations}))
    return truth


def _write_fit(
    root: Path, side: str, vertices: np.ndarray, sequence: str, frame: int, *, faces: bool
) -> str:
    model = f"IJCV16___fakeGT___IJCV___{sequence}___Model_Hand_{side[0].upper()}___ncomps45"
    path = root / FITS / model / f"{frame:03d}.ply"
    path.parent.mkdir(parents=True, exist_ok=True)
    triangles = load_hand("open", side).faces.numpy()
    if faces:
        trimesh.Trimesh(vertices, triangles, process=False).export(path)
    else:
        trimesh.PointCloud(vertices).export(path)
    return str(path.relative_to(root))


def _truth(key: str, hands: dict[str, np.ndarray]) -> dict[str, Truth]:
    found = {}
    for side, other in (("right", "left"), ("left", "right")):
        closed = load_hand("open", other).closed_faces.numpy()
        distance = signed_distance(hands[side], hands[other], closed)
        found[f"{key}/{side}"] = Truth(side=side, vertices=hands[side], distance=distance)
    return found
