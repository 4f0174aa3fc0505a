"""ARCTIC's own files: one sequence's arrays, and objects of two parts that turn about a hinge."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float64, Int
from scipy.spatial.transform import Rotation

from haco.data.annotations import numbers, read_json, reading
from haco.data.mesh_files import load_mesh
from haco.data.readers.common import Target, rigid
from haco.data.views import View
from haco.files import InputError
from haco.geometry.camera import transform_points
from haco.geometry.proximity import closest_point
from haco.pickles import load_pickle
from haco.types import Side

HINGE = np.array([0.0, 0.0, -1.0])
"""About this axis through its origin, in the object's frame, the top turns against the bottom."""


class Sequence(NamedTuple):
    """The arrays of one sequence, a row a frame."""

    path: Path
    """`<sequence>.mano.npy`; the others lie beside it."""
    hands: dict[str, Any]
    """By side: `rot`, `pose`, `trans` and `shape`."""
    objects: np.ndarray
    ego: dict[str, Any]
    processed: dict[str, Any] | None
    """Boxes and flags, where the user has them."""

    def row(self, table: Any, name: str, row: int, shape: tuple[int, ...]) -> np.ndarray:
        """Take one frame's numbers out of a table; what is of no frame holds for all."""
        with reading(self.path):
            array = np.asarray(table[name])
            value = array[row] if array.ndim > len(shape) else array
        return numbers({name: value}, name, shape, self.path)

    def ego_view(self, row: int, zoom: float) -> View:
        """Give the head camera at one frame, for pictures `zoom` times as large as in full."""
        shapes = {"R_k_cam_np": (3, 3), "T_k_cam_np": (3, 1), "intrinsics": (3, 3), "dist8": (8,)}
        R, t, K, lens = (self.row(self.ego, name, row, shape) for name, shape in shapes.items())
        K = np.diag([zoom, zoom, 1]) @ K
        return View(K=K, T_camera_world=rigid(R, t[:, 0]), distortion=lens)

    def crop(self, row: int, view: int, width: int) -> Float64[np.ndarray, "3 3"]:
        """Give the matrix that takes pixels of a fixed camera to those of its cropped picture.

        Raises:
            InputError: `processed_seqs`, which alone knows the boxes, is not there.
        """
        if self.processed is None:
            raise InputError(
                f"{self.path}: where its pictures were cropped is in processed_seqs only; make "
                "that with ARCTIC's scripts, or get the full pictures (images)"
            )
        with reading(self.path):
            box = {"bbox": np.asarray(self.processed["bbox"])[row, view]}
        x, y, scale = numbers(box, "bbox", (3,), self.path)
        side = 1.5 * 200 * scale
        moved = np.array([[1, 0, side / 2 - x], [0, 1, side / 2 - y], [0, 0, 1]])
        return np.diag([width / side, width / side, 1]) @ moved

    def is_valid(self, side: Side, row: int, view: int) -> bool:
        """Say whether the authors call a hand valid in a view; all are where nothing is known."""
        if self.processed is None:
            return True
        with reading(self.path):
            return bool(np.asarray(self.processed[f"{side}_valid"])[row, view])


def read_object_rows(path: Path) -> Float64[np.ndarray, "frames 7"]:
    """Read an `.object.npy`: the hinge's angle, axis-angle, and translation in millimetres."""
    with reading(path):
        rows = np.load(path, allow_pickle=False)
        if rows.ndim != 2 or rows.shape[1] != 7:
            raise ValueError(f"it holds {rows.shape} numbers, not 7 a frame")
    return rows.astype(np.float64)


def read_sequence(root: Path, name: str) -> Sequence:
    """Read the sequence `<subject>/<sequence>`.

    Raises:
        InputError: A file is missing or damaged.
    """
    stem = root / "raw_seqs" / name
    path, ego = stem.with_name(f"{stem.name}.mano.npy"), f"{stem.name}.egocam.dist.npy"
    processed = root / "processed_seqs" / f"{name}.npy"
    flags = None
    if processed.is_file():
        stored = _dict(processed)
        with reading(processed):
            valid = {key: stored["cam_coord"][key] for key in ("left_valid", "right_valid")}
            flags = {"bbox": stored["bbox"]} | valid
    rows = read_object_rows(stem.with_name(f"{stem.name}.object.npy"))
    return Sequence(path, _dict(path), rows, _dict(stem.with_name(ego)), flags)


def _dict(path: Path) -> dict[str, Any]:
    value = load_pickle(path)
    if not isinstance(value, dict):
        raise InputError(f"{path}: holds no named arrays; get the file again")
    return value


class ArticulatedObject(NamedTuple):
    """One object with its hinge closed."""

    name: str
    vertices: Float64[np.ndarray, "vertices 3"]
    """Metres."""
    faces: Int[np.ndarray, "faces 3"]
    is_top: Bool[np.ndarray, " vertices"]

    def targets(
        self, numbers: Float[np.ndarray, "7"], frame_key: str, path: Path
    ) -> tuple[Target, ...]:
        """Place the object: two rigid parts, or one bent mesh where triangles join the parts.

        Args:
            numbers: The hinge's angle, radians; the turn as axis-angle; the place, millimetres.
            frame_key: Names the frame, for a mesh that is another one in each.
            path: Where the numbers came from, for the message.
        """
        if not np.isfinite(numbers).all():
            raise InputError(f"{path}: the object's pose holds NaN; leave this frame out")
        T_world = rigid(Rotation.from_rotvec(numbers[1:4]).as_matrix(), numbers[4:] / 1000)
        T_hinge = rigid(Rotation.from_rotvec(numbers[0] * HINGE).as_matrix())
        of_face = self.is_top[self.faces]
        if (of_face.any(axis=1) != of_face.all(axis=1)).any():
            bent = np.where(
                self.is_top[:, None], transform_points(self.vertices, T_hinge), self.vertices
            )
            return (Target(key=frame_key, vertices=bent, faces=self.faces, T_scene_target=T_world),)
        return (
            self._part("top", of_face[:, 0], T_world @ T_hinge),
            self._part("bottom", ~of_face[:, 0], T_world),
        )

    def _part(self, part: str, chosen: np.ndarray, T_scene_target: np.ndarray) -> Target:
        return Target(
            key=f"arctic/{self.name}/{part}",
            vertices=self.vertices,
            faces=self.faces[chosen],
            T_scene_target=T_scene_target,
        )


def read_object(folder: Path) -> ArticulatedObject:
    """Read an object's `mesh.obj` and `parts.json` out of its template folder.

    Raises:
        InputError: A file is missing or damaged, or they do not fit together.
    """
    mesh, path = load_mesh(folder / "mesh.obj"), folder / "parts.json"
    labels = numbers({"parts": read_json(path)}, "parts", (len(mesh.vertices),), path)
    if set(np.unique(labels)) != {0.0, 1.0}:
        raise InputError(f"{path}: numbers other parts than 0 and 1; get the file again")
    vertices = mesh.vertices / 1000
    is_top = labels == _label_of_top(folder, vertices, labels)
    return ArticulatedObject(folder.name, vertices, mesh.faces, is_top)


def _label_of_top(folder: Path, vertices: np.ndarray, labels: np.ndarray) -> int:
    """Say which number means the top, by which part lies on the separate mesh of the top."""
    if not (folder / "top.obj").is_file():
        return 0
    top = load_mesh(folder / "top.obj")
    far = [
        closest_point(vertices[labels == label], top.vertices / 1000, top.faces).distance.mean()
        for label in (0, 1)
    ]
    return int(np.argmin(far))
