"""A folder of the user's own meshes: read, checked for their units, and drawn from."""

import dataclasses
import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import trimesh

from haco.files import InputError
from haco.synth.objects.meshes import MeshShape, principal_frame

SUFFIXES = (".obj", ".ply", ".glb")
UNITS: Mapping[str, float] = MappingProxyType({"m": 1.0, "cm": 0.01, "mm": 0.001})
"""Metres in one unit of a file."""
SMALLEST, LARGEST = 0.005, 2.0
"""Longest side of a thing that a hand may meet, metres."""
MOST_FACES = 300_000
_USUAL = 0.15
"""Longest side of a usual thing, metres: the unit is guessed that comes nearest."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class MeshFolder:
    """Meshes that things are drawn from; only paths, so that it travels to other processes."""

    paths: tuple[Path, ...]
    unit: str
    """A name in `UNITS`."""
    thickness: tuple[float, ...]
    """Of each mesh along its thinnest axis, metres."""
    sha256: str
    """Of the names and contents of all files in the folder."""

    def told(self) -> dict[str, Any]:
        """Say what a data card should know."""
        return {"meshes": len(self.paths), "unit": self.unit, "sha256": self.sha256}

    def draw(self, rng: np.random.Generator, thickest: float) -> MeshShape | None:
        """Draw one mesh that is no thicker than `thickest`, metres; None if there is none."""
        fitting = [
            path
            for path, thickness in zip(self.paths, self.thickness, strict=True)
            if thickness <= thickest
        ]
        return read_shape(fitting[rng.integers(len(fitting))], self.unit) if fitting else None


def open_meshes(folder: Path, unit: str = "m") -> MeshFolder:
    """Read and check all OBJ, PLY and GLB files of a folder and those below it.

    Args:
        folder: Where they lie.
        unit: In which they are written, a name in `UNITS`.

    Raises:
        InputError: There is none, or some cannot be used; each of those is named, with its mend.
    """
    files = folder_files(folder)
    paths = tuple(path for path in files if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise InputError(f"{folder}: has no mesh; put OBJ, PLY or GLB files there")
    thickness, faults = [], []
    for path in paths:
        try:
            thickness.append(float(read_shape(path, unit).extents[0]))
        except InputError as error:
            faults.append(str(error))
    if faults:
        raise InputError("\nhaco: ".join(faults))
    return MeshFolder(
        paths=paths, unit=unit, thickness=tuple(thickness), sha256=digest(folder, files)
    )


@functools.lru_cache(maxsize=64)
def read_shape(path: Path, unit: str) -> MeshShape:
    """Read one mesh; the last few are kept in memory.

    Raises:
        InputError: It is damaged or empty, has too many triangles, or is too large or too small.
    """
    mesh = _load(path)
    vertices = np.array(mesh.vertices, np.float64)
    faces = np.array(mesh.faces, np.int64).reshape(-1, 3)
    _check(path, vertices, faces)
    _check_size(path, float(np.ptp(vertices, axis=0).max()), unit)
    colours = _colours(mesh)
    vertices = principal_frame(vertices * UNITS[unit], faces)
    try:
        shape = MeshShape(path.name, vertices, faces, colours)
        assert shape.surface
    except ValueError as error:
        raise InputError(f"{path}: {error}; mend the mesh") from error
    return shape


def folder_files(folder: Path) -> list[Path]:
    """List the files of a folder and those below it, in the order of their names.

    Raises:
        InputError: It is no folder.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: is no folder; check the path")
    files = [path for path in folder.rglob("*") if path.is_file()]
    named = [(path.relative_to(folder).as_posix(), path) for path in files]
    return [path for name, path in sorted(named) if not name.startswith(".") and "/." not in name]


def digest(folder: Path, files: list[Path]) -> str:
    """Give a text that changes when a name or a byte of the files does."""
    total = hashlib.sha256()
    for path in files:
        try:
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise InputError(
                f"{path}: cannot be read ({error.strerror}); mend or move it"
            ) from error
        total.update(f"{path.relative_to(folder).as_posix()} {content}\n".encode())
    return total.hexdigest()[:16]


def _load(path: Path) -> trimesh.Trimesh:
    try:
        mesh = trimesh.load(path, force="mesh", process=False)
    except Exception as error:  # damaged files fail in many ways
        raise InputError(
            f"{path}: cannot be read as a mesh ({type(error).__name__}: {error}); export it again"
        ) from error
    if not isinstance(mesh, trimesh.Trimesh) or len(mesh.faces) == 0:
        raise InputError(f"{path}: has no triangle; export it as a mesh, not as points")
    if len(mesh.faces) <= MOST_FACES:
        trimesh.repair.fix_normals(mesh, multibody=True)
    return mesh


def _check(path: Path, vertices: np.ndarray, faces: np.ndarray) -> None:
    if len(faces) > MOST_FACES:
        raise InputError(
            f"{path}: has {len(faces)} triangles, more than {MOST_FACES}; make it simpler first"
        )
    if not np.isfinite(vertices).all():
        raise InputError(f"{path}: NaN or infinity among its vertices; export it again")
    corners = vertices[faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    if not np.linalg.norm(across, axis=1).any():
        raise InputError(f"{path}: no triangle has any area; export it again")


def _check_size(path: Path, longest: float, unit: str) -> None:
    if SMALLEST <= longest * UNITS[unit] <= LARGEST:
        return
    likely = min(UNITS, key=lambda name: abs(np.log(max(longest, 1e-12) * UNITS[name] / _USUAL)))
    size = f"{longest * UNITS[unit]:.4g} m long"
    if SMALLEST <= longest * UNITS[likely] <= LARGEST:
        raise InputError(
            f"{path}: is {size} if its unit is {unit}; it is likely written in {likely}: say "
            f"--objects-unit {likely}, or scale the file"
        )
    raise InputError(
        f"{path}: is {size}; a hand meets things of {SMALLEST * 1000:.0f} mm to {LARGEST:.0f} m: "
        "scale it or move it away"
    )


def _colours(mesh: trimesh.Trimesh) -> np.ndarray | None:
    """Give the linear colour of each vertex, where the file has more than one."""
    visual: Any = mesh.visual
    try:
        coloured = visual if visual.kind in ("vertex", "face") else visual.to_color()
        colours = np.asarray(coloured.vertex_colors)[:, :3]
    except (AttributeError, ValueError, TypeError, IndexError):  # a texture that is not there
        return None
    if colours.shape != mesh.vertices.shape or (colours == colours[0]).all():
        return None
    return (colours / 255.0) ** 2.2
