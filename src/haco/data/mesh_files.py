"""Mesh files as they are: no vertex is merged, moved or renumbered on the way in."""

import functools
import itertools
from pathlib import Path
from typing import NamedTuple

import numpy as np
import trimesh
from jaxtyping import Float64, Int64, UInt8

from haco.data.annotations import reading
from haco.files import InputError


class Mesh(NamedTuple):
    """A triangle mesh; its arrays are shared and may not be written to."""

    vertices: Float64[np.ndarray, "vertices 3"]
    """In the file's unit and order."""
    faces: Int64[np.ndarray, "faces 3"]
    """As stored: some may have no area. Who measures distances counts those and leaves them out."""
    colours: UInt8[np.ndarray, "vertices 3"] | None
    """RGB, where the file colours its vertices."""


@functools.lru_cache(maxsize=64)
def load_mesh(path: Path, *, keep_all_vertices: bool = False) -> Mesh:
    """Read an OBJ or PLY file; the last few are kept in memory.

    All groups of an OBJ file make one mesh. Polygons are cut into fans.

    Args:
        path: The file.
        keep_all_vertices: Whether a file without faces will do, such as a hand's 778 points.

    Raises:
        InputError: Missing, damaged, without a face of any area, or with NaN among its vertices.
    """
    with reading(path):
        mesh = _read_obj(path) if path.suffix.lower() == ".obj" else _read_other(path)
        if len(mesh.faces) and not 0 <= mesh.faces.min() <= mesh.faces.max() < len(mesh.vertices):
            raise ValueError("its faces name vertices that it does not have")
        if not np.isfinite(mesh.vertices).all():
            raise ValueError("NaN or infinity among its vertices")
    first, second, third = (mesh.vertices[mesh.faces[:, corner]] for corner in range(3))
    has_area = np.cross(second - first, third - first).any(axis=1)
    if len(mesh.vertices) == 0 or not (has_area.any() or keep_all_vertices):
        raise InputError(f"{path}: is an empty mesh, no triangle has any area; get the file again")
    for array in mesh:
        if array is not None:
            array.setflags(write=False)
    return mesh


def _read_obj(path: Path) -> Mesh:
    """Read the `v` and `f` lines; texture and normal numbers would make other vertices of them."""
    points: list[list[str]] = []
    faces: list[tuple[int, int, int]] = []
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith("v "):
                points.append(line.split()[1:7])
            elif line.startswith("f "):
                numbers = [int(corner.partition("/")[0]) for corner in line.split()[1:]]
                corners = [at - 1 if at > 0 else len(points) + at for at in numbers]
                faces.extend((corners[0], *pair) for pair in itertools.pairwise(corners[1:]))
    table = np.array(points, dtype=np.float64).reshape(len(points), -1)
    colours = None
    if table.shape[1] == 6:
        scale = 255 if table[:, 3:].max(initial=0) <= 1 else 1
        colours = np.rint(table[:, 3:] * scale).astype(np.uint8)
    vertices = table[:, :3] if points else np.zeros((0, 3))
    return Mesh(vertices.copy(), np.array(faces, np.int64).reshape(-1, 3), colours)


def _read_other(path: Path) -> Mesh:
    with path.open("rb") as file:
        loaded = trimesh.load(file, file_type=path.suffix[1:].lower(), process=False)
    vertices = np.array(getattr(loaded, "vertices", ()), np.float64).reshape(-1, 3)
    faces = np.array(getattr(loaded, "faces", ()), np.int64).reshape(-1, 3)
    visual = getattr(loaded, "visual", None)
    if visual is None or visual.kind != "vertex":
        return Mesh(vertices, faces, None)
    colours = np.asarray(visual.vertex_colors)
    if colours.shape[:1] != vertices.shape[:1]:  # bare points come with one colour for all
        return Mesh(vertices, faces, None)
    return Mesh(vertices, faces, np.array(colours[:, :3], np.uint8))
