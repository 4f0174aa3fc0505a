"""PROX, the quantitative part: one person in one scanned room, 180 moments captured by markers.

Paper: "Resolving 3D Human Pose Ambiguities with 3D Scene Constraints" (ICCV 2019). Licence: MPI,
non-commercial. Download: `quantitative.zip` from https://prox.is.tue.mpg.de after registering. The
hands of bodies: see `haco.data.body_hands`.

Tree under `root`:

    fittings/mosh/<sequence>/meshes/<frame>/000.ply      SMPL-X, 10475 vertices
    recordings/<sequence>/Color/<frame>.jpg              1920 x 1080
    calibration/Color.json
    cam2world/vicon.json
    scenes/vicon.ply

Quirks:

- The pictures are *mirrored* left to right: they are turned back when they are read, and fit the
  meshes only then. A left hand looks like a right one before.
- Meshes are in the colour camera's frame, the scan is in the world's: `cam2world` (4 x 4) takes the
  body there. All in metres.
- `Color.json` gives the intrinsics as `camera_mtx`, or as `f` and `c` (numbers or pairs), by two
  accounts; both are read, and belong to the picture once turned back. Pictures are taken as
  undistorted.
- Fits by parameters (`results/<frame>/000.pkl`, 12 components a hand) are not needed and not read.
- No splits are published (the released system trains on all): sequences are split by their names.

How contact is known: by the distance to the scan of the room, which is open and has no inside. The
person's own body and other hand are not among the targets.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from haco.data.annotations import numbers, read_json, reading
from haco.data.body_hands import BodyHands
from haco.data.mesh_files import load_mesh
from haco.data.readers.common import Scene, Target, make_sample, need_folder
from haco.data.released import released_labels
from haco.data.splits import split_of
from haco.files import InputError, read_image
from haco.geometry.camera import transform_points
from haco.types import SIDES, Sample, Side, Split


class _Hand(NamedTuple):
    sequence: str
    frame: str
    side: Side


class ProxReader:
    """Both hands of the one person, at each moment."""

    def __init__(
        self,
        root: Path | None,
        split: Split = "train",
        *,
        released: bool = False,
        body_dir: str | Path | None = None,
    ) -> None:
        """List the hands.

        Args:
            root: What `quantitative.zip` holds.
            split: By sequence: eight tenths train, a tenth each validates and tests.
            released: Take the paper's label files, and only hands that have one; they all train.
            body_dir: Folder of the correspondence files, see `haco.data.body_hands`.

        Raises:
            InputError: A part of the set or the correspondence is missing.
        """
        self.root = need_folder(root, "PROX")
        self.bodies = BodyHands(body_dir)
        self.released = released_labels(self.root, split, wanted=released)
        listed = [
            _Hand(mesh.parts[-4], mesh.parts[-2], side)
            for mesh in sorted(self.root.glob("fittings/mosh/*/meshes/*/000.ply"))
            for side in SIDES
        ]
        self.hands = [hand for hand in listed if self._is_wanted(hand, split)]
        if not self.hands:
            raise InputError(
                f"{self.root}: has no fittings/mosh/<sequence>/meshes/<frame>/000.ply of the split "
                f"{split}; is it PROX's quantitative.zip, unpacked?"
            )
        self.K = _read_intrinsics(self.root / "calibration" / "Color.json")
        path = self.root / "cam2world" / "vicon.json"
        self.T_world_camera = numbers({"matrix": read_json(path)}, "matrix", (4, 4), path)

    def __len__(self) -> int:
        return len(self.hands)

    def __getitem__(self, index: int) -> Sample:
        hand = self.hands[index]
        folder = self.root / "recordings" / hand.sequence / "Color"
        mirrored = read_image(folder / f"{hand.frame}.jpg")
        return make_sample(
            f"prox/{hand.sequence}/{hand.frame}/{hand.side}",
            np.ascontiguousarray(mirrored[:, ::-1]),
            hand.side,
            vertices=self._vertices(hand),
            K=self.K,
            contact=self.released.contact(_released_name(hand)) if self.released else None,
            interaction="scene",
        )

    def scene(self, index: int) -> Scene:
        """Give the hand and the scan of the room in the room's frame."""
        room = load_mesh(self.root / "scenes" / "vicon.ply")
        vertices = transform_points(self._vertices(self.hands[index]), self.T_world_camera)
        target = Target(
            key="prox/vicon", vertices=room.vertices, faces=room.faces, T_scene_target=np.eye(4)
        )
        return Scene(vertices=vertices, targets=(target,))

    def _is_wanted(self, hand: _Hand, split: Split) -> bool:
        if self.released:
            return self.released.has(_released_name(hand), hand.side)
        return split_of(hand.sequence) == split

    def _vertices(self, hand: _Hand) -> np.ndarray:
        folder = self.root / "fittings" / "mosh" / hand.sequence / "meshes"
        path = folder / hand.frame / "000.ply"
        body = load_mesh(path).vertices
        with reading(path):
            return self.bodies.of_smplx(body, hand.side)


def _released_name(hand: _Hand) -> str:
    return f"{hand.sequence}-{hand.frame}"


def _read_intrinsics(path: Path) -> np.ndarray:
    stored: Any = read_json(path)
    if "camera_mtx" in stored:
        return numbers(stored, "camera_mtx", (3, 3), path)
    with reading(path):
        (fx, fy), (cx, cy) = (np.broadcast_to(stored[name], 2).astype(float) for name in "fc")
    return np.array([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]])
