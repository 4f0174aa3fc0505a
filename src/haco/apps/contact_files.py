"""Surfaces with a probability at each vertex, in the formats that others read."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import trimesh
from jaxtyping import Float, Int
from trimesh.exchange.gltf import export_glb
from trimesh.exchange.ply import export_ply

from haco.files import InputError, write_atomically
from haco.pictures.colours import probability_colours

SUFFIXES = (".json", ".npz", ".ply", ".glb")


@dataclasses.dataclass(frozen=True, kw_only=True)
class SurfaceMesh:
    """A triangle mesh, metres."""

    vertices: Float[np.ndarray, "vertices 3"]
    faces: Int[np.ndarray, "faces 3"]


def write_contact(
    path: Path, mesh: SurfaceMesh, probability: Float[np.ndarray, " vertices"]
) -> None:
    """Write a surface with a probability a vertex, in the format that the name ends with.

    Args:
        path: `.json` (a list), `.npz` (vertices, faces, probability), `.ply` (coloured, with the
            vertex property `probability`) or `.glb` (coloured).
        mesh: The surface.
        probability: 0..1.

    Raises:
        InputError: Another ending, or the place cannot be written.
    """
    if path.suffix not in SUFFIXES:
        raise InputError(f"{path}: unknown ending; name it {', '.join(SUFFIXES)}")
    if path.suffix == ".json":
        content = json.dumps({"probability": np.round(probability.astype(float), 5).tolist()})
        with write_atomically(path) as part:
            part.write_text(content + "\n", "utf-8")
    elif path.suffix == ".npz":
        with write_atomically(path) as part, part.open("wb") as file:
            np.savez_compressed(
                file, vertices=mesh.vertices, faces=mesh.faces, probability=probability
            )
    else:
        with write_atomically(path) as part:
            part.write_bytes(_coloured(mesh, probability, path.suffix))


def _coloured(mesh: SurfaceMesh, probability: np.ndarray, suffix: str) -> bytes:
    colours = probability_colours(probability.astype(np.float64)).round().astype(np.uint8)
    shape = trimesh.Trimesh(
        mesh.vertices,
        mesh.faces,
        vertex_colors=colours,
        vertex_attributes={"probability": probability} if suffix == ".ply" else None,
        process=False,
    )
    if suffix == ".ply":
        return export_ply(shape, include_attributes=True)
    return export_glb(trimesh.Scene(shape))
