"""Whole bodies for the mini datasets: SMPL and SMPL-X with known hands, and the files that say
where.

A body's vertices are random points but for the hands. On SMPL each hand vertex is 0.7 of one vertex
and 0.3 of another, so that a reader which takes the nearest, or cuts a fraction wrongly, is seen.
"""

from pathlib import Path

import numpy as np
import scipy.sparse
import torch
from hands.mano_files import write_pickle

from haco.hands import load_hand

NUM_SMPLX, NUM_SMPL = 10475, 6890
MAIN, MINOR = 0.7, 0.3
_SMPLX = np.random.default_rng(21).permutation(NUM_SMPLX)
_SMPL = np.random.default_rng(22).permutation(NUM_SMPL)
SMPLX_IDS = {"right": _SMPLX[:778], "left": _SMPLX[778:1556]}
SMPL_IDS = {"right": (_SMPL[:778], _SMPL[778:1556]), "left": (_SMPL[1556:2334], _SMPL[2334:3112])}
"""For each hand the SMPL vertices that weigh `MAIN`, and those that weigh `MINOR`."""
SMPL_REST = _SMPL[3112:]
"""SMPL vertices outside the hands, for the other person's body."""


def hand_at(side: str, place: np.ndarray, seed: int = 0) -> np.ndarray:
    """Give 778 points of an open hand with some pose, its wrist about `place`; metres."""
    rng = np.random.default_rng([seed, len(side)])
    pose = torch.tensor(rng.normal(scale=0.15, size=(15, 3)), dtype=torch.float32)
    turn = torch.tensor(rng.normal(scale=0.5, size=3), dtype=torch.float32)
    surface = load_hand("open", side)(hand_pose=pose, global_orient=turn)
    vertices = surface.vertices.numpy().astype(np.float64)
    return vertices - vertices.mean(axis=0) + place


def smplx_body(hands: dict[str, np.ndarray], seed: int = 0) -> np.ndarray:
    """Give SMPL-X's vertices with these hands, the rest scattered about."""
    body = np.random.default_rng(seed).normal((0, 0, 2), 0.5, (NUM_SMPLX, 3))
    for side, vertices in hands.items():
        body[SMPLX_IDS[side]] = vertices
    return body


def smpl_body(hands: dict[str, np.ndarray], seed: int = 0) -> np.ndarray:
    """Give SMPL's vertices with these hands, the rest scattered about."""
    rng = np.random.default_rng(seed)
    body = rng.normal((0, 0, 2), 0.5, (NUM_SMPL, 3))
    for side, vertices in hands.items():
        main, minor = SMPL_IDS[side]
        apart = rng.normal(scale=0.005, size=(778, 3))
        body[main], body[minor] = vertices + MINOR * apart, vertices - MAIN * apart
    return body


def write_body_files(folder: Path, *, smpl_faces: np.ndarray | None = None) -> Path:
    """Write the correspondence files as their authors do, and SMPL's triangles if given."""
    folder.mkdir(parents=True, exist_ok=True)
    ids = {f"{side}_hand": SMPLX_IDS[side] for side in ("left", "right")}
    write_pickle(folder / "MANO_SMPLX_vertex_ids.pkl", ids)
    rows = np.concatenate([np.repeat(SMPLX_IDS[side], 2) for side in ("right", "left")])
    columns = np.concatenate(
        [np.stack(SMPL_IDS[side], axis=1).ravel() for side in ("right", "left")]
    )
    weights = np.tile([MAIN, MINOR], 1556)
    # The second half weighs normals; a reader that takes it goes wrong by much.
    normals = np.full(len(rows), 100.0)
    matrix = scipy.sparse.csc_matrix(
        (
            np.concatenate([weights, normals]),
            (np.tile(rows, 2), np.concatenate([columns, columns + NUM_SMPL])),
        ),
        shape=(NUM_SMPLX, 2 * NUM_SMPL),
    )
    write_pickle(folder / "smpl2smplx_deftrafo_setup.pkl", {"mtx": matrix})
    if smpl_faces is not None:
        write_pickle(folder / "SMPL_NEUTRAL.pkl", {"f": smpl_faces.astype(np.uint32)})
    return folder
