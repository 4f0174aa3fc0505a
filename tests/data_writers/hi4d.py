"""A tiny Hi4D in its true form: two people on SMPL, one sphere each for a body."""

from pathlib import Path

import numpy as np
import trimesh
from data_writers.bodies import SMPL_IDS, SMPL_REST, hand_at, smpl_body
from data_writers.pictures import picture, write_picture
from data_writers.truth import Truth, camera_at, intrinsics, to_camera

SIZE = (72, 96)
CAMERAS = (4, 16)
PAIRS = {"pair00": "train", "pair17": "test", "pair18": "val", "pair19_1": "train"}
_BALL = trimesh.creation.icosphere(subdivisions=2, radius=0.1)
SMPL_FACES = SMPL_REST[np.asarray(_BALL.faces)]
"""Triangles of a body: a ball among the vertices outside the hands."""
PLACES = np.array([[-0.1, 0.0, 0.0], [0.13, 0.0, 0.0]])
"""Where each person's ball lies; the other person's hands lie beside it."""


def write_hi4d(root: Path, *, spelling: str = "intirnsics") -> dict[str, Truth]:
    """Write four pairs with one frame and two cameras each."""
    truth = {}
    for number, pair in enumerate(PAIRS):
        action = root / pair / "hug"
        views = [(intrinsics(90 + 9 * i, *SIZE), camera_at(0.5 * i, 0.8)) for i in range(2)]
        (action / "cameras").mkdir(parents=True)
        np.savez(
            action / "cameras" / "rgb_cameras.npz",
            ids=np.array(CAMERAS),
            extrinsics=np.stack([T[:3] for _, T in views]),
            dist_coeffs=np.zeros((2, 5)),
            **{spelling: np.stack([K for K, _ in views])},
        )
        people = [_person(person, seed=10 * number + person) for person in (0, 1)]
        (action / "smpl").mkdir()
        np.savez(
            action / "smpl" / "000007.npz",
            verts=np.stack([verts for verts, _, _ in people]),
            contact=np.stack([contact for _, contact, _ in people]),
            betas=np.zeros((2, 10)),
        )
        for camera, (_, T_camera_world) in zip(CAMERAS, views, strict=True):
            write_picture(action / "images" / str(camera) / "000007.jpg", picture(*SIZE, number))
            for person, (_, _, hands) in enumerate(people):
                for side, (vertices, bits) in hands.items():
                    outside = np.linalg.norm(vertices - PLACES[1 - person], axis=1) - 0.1
                    truth[f"hi4d/{pair}/hug/000007/{camera}/{person}/{side}"] = Truth(
                        side=side,
                        vertices=to_camera(vertices, T_camera_world),
                        contact=bits,
                        distance=outside,
                    )
    return truth


def _person(
    person: int, seed: int
) -> tuple[np.ndarray, np.ndarray, dict[str, tuple[np.ndarray, np.ndarray]]]:
    """Give SMPL's vertices and correspondence numbers, and each hand's surface and bits."""
    rng = np.random.default_rng(seed)
    beside = PLACES[1 - person]
    hands = {
        "right": hand_at("right", beside + np.array([0.0, 0.12, 0.0]), seed),
        "left": hand_at("left", beside - np.array([0.0, 0.12, 0.0]), seed),
    }
    verts = smpl_body(hands, seed)
    verts[SMPL_REST[: len(_BALL.vertices)]] = _BALL.vertices + PLACES[person]
    contact = rng.integers(0, 2, 6890)
    known = {}
    for side, vertices in hands.items():
        main, minor = SMPL_IDS[side]
        bits = np.linalg.norm(vertices - beside, axis=1) < 0.12
        contact[main] = np.where(bits, rng.integers(1, 900, 778), 0)
        contact[minor] = rng.integers(0, 900, 778)
        known[side] = (vertices, bits)
    return verts, contact, known
