"""ContactPose: grasps of 25 printed objects whose contact was *measured*, by the heat left on them.

Brahmbhatt et al., "ContactPose: A Dataset of Grasps with Object Contact and Hand Pose", ECCV 2020.
MIT licence (each object has its own), by the scripts of
https://github.com/facebookresearch/ContactPose. Needs MANO. Under `root`:

    full28_use/mug/annotations.json
    full28_use/mug/mano_fits_15.json
    full28_use/mug/mug.ply                                         the object, with the heat
    full28_use/mug/images_full/kinect2_left/color/frame000.png     960 x 540 before they were turned

`full28` is a person, `use` or `handoff` what the grasp was for. All pictures are 2.5 TB, so nobody
has all: grasps without `images_full` are left out.

Quirks:

- Frames are chained as `cTo = inv(oTw wTc)` and `oTm = inv(hTo) inv(mTc)`: c camera, o object, w
  world, h hand, m MANO. A hand that is not `moving` lies in the object's frame (`hTo` is not used).
  Quaternions are w, x, y, z. Metres.
- A fit is 3 numbers of axis-angle and 15 coefficients of MANO's components about the mean hand,
  with no translation of its own. Hands are listed left, right. The authors' tools take the left
  model as shipped.
- Pictures were turned after the cameras were calibrated: a quarter for `kinect2_left` and `_right`,
  a half for `_middle`. The camera frame is turned along, so that `K` is an ordinary one.
- `palm_print` and `hands` are no objects.
- No splits are published: people are split by their names.

Contact is not stored for hands: `haco data label` computes it, to the object and to the other hand.
For the object it is: `haco.data.heat` compares the two on the object's side.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.spatial.transform import Rotation

from haco.data.annotations import numbers, read_json, reading
from haco.data.mesh_files import Mesh, load_mesh
from haco.data.posed_hands import ManoHands, PosedHand, check_joints
from haco.data.readers.common import (
    Scene,
    Target,
    hand_target,
    make_sample,
    need_folder,
    rigid,
)
from haco.data.splits import split_of
from haco.data.views import View
from haco.files import InputError
from haco.geometry.camera import transform_points
from haco.types import SIDES, Sample, Side, Split

_NO_OBJECTS = ("palm_print", "hands")
_TURNS = {
    "kinect2_left": np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]),
    "kinect2_middle": np.diag([-1.0, -1, 1]),
    "kinect2_right": np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]]),
}
"""How a camera's picture was turned about its axis before it was stored."""
_MOST_GRASPS = 16


class _Grasp(NamedTuple):
    path: Path
    """`annotations.json`."""
    frames: list[Any]
    cameras: dict[str, Any]
    hands: list[Any]
    fits_path: Path
    fits: list[Any]

    def sides(self) -> list[Side]:
        """List the hands that are there and fitted."""
        with reading(self.fits_path):
            pairs = zip(SIDES, self.hands, self.fits, strict=True)
            return [side for side, hand, fit in pairs if hand["valid"] and fit["valid"]]


class _Hand(NamedTuple):
    folder: Path
    camera: str
    frame: int
    side: Side


class ContactPoseReader:
    """All hands of the grasps that have pictures."""

    def __init__(
        self,
        root: Path | None,
        split: Split = "train",
        *,
        every: int = 10,
        mano_dir: str | Path | None = None,
    ) -> None:
        """List the hands; that opens two files a grasp.

        Args:
            root: The folder that holds `full28_use` and the like.
            split: Of people: eight tenths train, a tenth each validates and tests.
            every: Keep one frame in so many; grasps are held still for hundreds of frames.
            mano_dir: Folder of the user's MANO files.
        """
        root = need_folder(root, "ContactPose")
        self._mano = ManoHands(fingers="components", fix_left_shape=False, mano_dir=mano_dir)
        self._mano.model("left")
        self._grasps: dict[Path, _Grasp] = {}
        folders = [path.parent for path in sorted(root.glob("full*_*/*/images_full"))]
        self._hands = [
            _Hand(folder, camera, frame, side)
            for folder in folders
            if folder.name not in _NO_OBJECTS
            and split_of(folder.parent.name.partition("_")[0]) == split
            for grasp in (self._grasp(folder),)
            for camera in sorted(grasp.cameras)
            for frame in range(0, len(grasp.frames), every)
            for side in grasp.sides()
        ]
        if not folders:
            raise InputError(
                f"{root}: holds no grasp with pictures, such as full28_use/mug/images_full; check "
                "the root, or get pictures"
            )

    def __len__(self) -> int:
        return len(self._hands)

    def __getitem__(self, index: int) -> Sample:
        hand = self._hands[index]
        view, posed = self._view(hand), self._pose(hand, hand.side)
        name = f"{hand.folder.parent.name}/{hand.folder.name}/{hand.camera}/{hand.frame:03d}"
        folder = hand.folder / "images_full" / hand.camera / "color"
        return make_sample(
            f"contactpose/{name}/{hand.side}",
            folder / f"frame{hand.frame:03d}.png",
            hand.side,
            vertices=view.to_camera(posed.vertices),
            joints=view.to_camera(posed.joints),
            K=view.K,
            interaction=hand.folder.parent.name.partition("_")[2],
        )

    def scene(self, index: int) -> Scene:
        """Give the hand, the object and the other hand, if there is one, in the object's frame."""
        hand, mesh = self._hands[index], self.measured(index)
        name = f"contactpose/{hand.folder.parent.name}/{hand.folder.name}"
        grasped = Target(
            key=name, vertices=mesh.vertices, faces=mesh.faces, T_scene_target=np.eye(4)
        )
        others = [
            hand_target(
                f"{name}/{hand.frame:03d}/{other}",
                self._pose(hand, other).vertices,
                self._mano.closed_faces(other),
            )
            for other in self._grasp(hand.folder).sides()
            if other != hand.side
        ]
        vertices = self._pose(hand, hand.side).vertices
        return Scene(vertices=vertices, targets=(grasped, *others))

    def grasps(self) -> list[int]:
        """Give the number of the first sample of each grasp."""
        firsts = {hand.folder: index for index, hand in reversed([*enumerate(self._hands)])}
        return sorted(firsts.values())

    def measured(self, index: int) -> Mesh:
        """Give a sample's object, metres; the red of its colours is the heat."""
        folder = self._hands[index].folder
        return load_mesh(folder / f"{folder.name}.ply")

    def hands(self, index: int) -> list[Target]:
        """Give all hands of a sample's frame in the object's frame, their wrists closed."""
        hand = self._hands[index]
        return [
            hand_target(side, self._pose(hand, side).vertices, self._mano.closed_faces(side))
            for side in self._grasp(hand.folder).sides()
        ]

    def _grasp(self, folder: Path) -> _Grasp:
        if folder not in self._grasps:
            if len(self._grasps) >= _MOST_GRASPS:
                del self._grasps[next(iter(self._grasps))]
            path, fits = folder / "annotations.json", folder / "mano_fits_15.json"
            stored, fitted = read_json(path), read_json(fits)
            with reading(path):
                cameras = {name: each for name, each in stored["cameras"].items() if each["valid"]}
                unknown = set(cameras) - set(_TURNS)
                if unknown:
                    raise ValueError(f"it has cameras by the names {sorted(unknown)}")
                self._grasps[folder] = _Grasp(
                    path, stored["frames"], cameras, stored["hands"], fits, fitted
                )
        return self._grasps[folder]

    def _pose(self, hand: _Hand, side: Side) -> PosedHand:
        """Pose a hand in the object's frame."""
        grasp, which = self._grasp(hand.folder), SIDES.index(side)
        fit, path = grasp.fits[which], grasp.fits_path
        pose, betas = numbers(fit, "pose", (18,), path), numbers(fit, "betas", (10,), path)
        posed = self._mano.pose(side, pose, betas=betas, transl=np.zeros(3), path=path)
        with reading(path):
            T_hand_mano = np.linalg.inv(_matrix(fit["mTc"], path))
        in_hand = _moved(posed, T_hand_mano)
        with reading(grasp.path):
            stored = grasp.hands[which]
            check_joints(in_hand, numbers(stored, "joints", (21, 3), grasp.path), grasp.path)
            if not stored["moving"]:
                return in_hand
            T_hand_object = _matrix(grasp.frames[hand.frame]["hTo"][which], grasp.path)
        return _moved(in_hand, np.linalg.inv(T_hand_object))

    def _view(self, hand: _Hand) -> View:
        """Give the camera of the turned picture; its world is the object's frame."""
        grasp = self._grasp(hand.folder)
        with reading(grasp.path):
            camera = grasp.cameras[hand.camera]
            T_object_world = _matrix(grasp.frames[hand.frame]["oTw"], grasp.path)
            T_object_camera = T_object_world @ _matrix(camera["wTc"], grasp.path)
            names = ("fx", "fy", "cx", "cy", "width", "height")
            fx, fy, cx, cy, *size = (float(camera["K"][name]) for name in names)
        R = _TURNS[hand.camera]
        K = R @ np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]]) @ R.T
        corner = R[:2, :2] @ size
        K[:2, 2] = R[:2, :2] @ [cx, cy] - np.minimum(corner, 0)
        return View(K=K, T_camera_world=rigid(R) @ np.linalg.inv(T_object_camera))


def _moved(posed: PosedHand, T: np.ndarray) -> PosedHand:
    return PosedHand(*(transform_points(part, T).astype(np.float32) for part in posed))


def _matrix(record: Any, path: Path) -> np.ndarray:
    """Make a matrix of a rotation (a quaternion, real part first) and a translation."""
    w, *xyz = numbers(record, "rotation", (4,), path)
    R = Rotation.from_quat([*xyz, w]).as_matrix()
    return rigid(R, numbers(record, "translation", (3,), path))
