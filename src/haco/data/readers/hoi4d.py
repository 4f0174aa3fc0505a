"""HOI4D: people handle everyday objects, seen by a camera on their head.

Liu et al., "HOI4D: A 4D Egocentric Dataset for Category-Level Human-Object Interaction", CVPR 2022.
CC BY-NC 4.0 by common account, from https://hoi4d.github.io. Needs MANO. Under `root`, by either of
two accounts (the second name is that of the authors' README, whose folders lack the doubled level):

    HOI4D_color/HOI4D_release | HOI4D_release/<sequence>/align_rgb/image.mp4 or 00000.jpg, ...
    HOI4D_annotations/HOI4D_annotations | HOI4D_annotations/<sequence>/objpose/0.json or 00000.json
    HOI4D_Handpose/handpose | handpose/refinehandpose_{right,left}/<sequence>/0.pickle
    HOI4D_cameras/camera_params | camera_params/<camera>/intrin.npy
    HOI4D_CAD_models | HOI4D_CAD_Model_for_release/rigid/Mug/001.obj
    datalists/{train,test}_all.txt      from prepare_4Dseg of github.com/leolyliu/HOI4D-Instructions

A sequence is named `ZY20210800001/H1/C2/N1/S100/s1/T1`: camera, person, class, object, room, layout
and task. Pictures (1920 x 1080) may stay in the video, or be decoded from frame 0 on.

Quirks:

- Only rigid objects are read, as in the paper: ToyCar, Mug, Bottle, Bowl, Kettle, Knife and Chair.
- Hands are absolute axis-angle (`poseCoeff`) in the camera's frame, metres. Left hands have a
  folder of their own, which the released system does not read. Nobody says whether the left shape
  basis was mended; it is taken as shipped, as the authors' tool does.
- An object's pose is `dataList[0]`, in some files `objects[0]`: Euler angles about its own turning
  axes (scipy's 'XYZ'), radians. `dimensions` does not scale the mesh. Some files are Python's
  notation instead of JSON's.
- A frame has those hands that have a file. Numbers in file names may be padded or not. `kps2D` is
  not used: joints are projected from the fit.
- There is no split for validation: a tenth of the training sequences, by their names, is it.
  Training and validation keep every fifth frame, as the released system does.

Contact is not stored: `haco data label` computes it, to the object and, which the released system
left out, to the other hand where there is one; or take `labels="released"`.
"""

import logging
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.spatial.transform import Rotation

from haco.data.annotations import existing, numbers, read_json, read_lines, read_yaml, reading
from haco.data.mesh_files import load_mesh
from haco.data.posed_hands import ManoHands, PosedHand
from haco.data.readers.common import (
    Scene,
    Target,
    hand_target,
    make_sample,
    need_folder,
    rigid,
)
from haco.data.released import ReleasedLabels, released_labels
from haco.data.splits import split_of
from haco.data.video_frames import read_frame
from haco.files import InputError, read_image
from haco.pickles import load_pickle
from haco.types import SIDES, Sample, Side, Split

_log = logging.getLogger(__name__)
_RIGID = {
    "C1": "ToyCar",
    "C2": "Mug",
    "C5": "Bottle",
    "C7": "Bowl",
    "C12": "Kettle",
    "C13": "Knife",
    "C20": "Chair",
}
_EXAMPLE = "ZY20210800001/H1/C2/N1/S100/s1/T1"


class _Hand(NamedTuple):
    sequence: str
    frame: int
    side: Side
    poses: dict[Side, Path]
    """Of the hands that this frame has."""
    object_pose: Path


class Hoi4dReader:
    """All hands in the frames that have an object's pose."""

    def __init__(
        self,
        root: Path | None,
        split: Split = "train",
        *,
        every: int | None = None,
        released: bool = False,
        mano_dir: str | Path | None = None,
    ) -> None:
        """List the hands.

        Args:
            root: The folder that holds the parts above.
            split: `train` and `val` of the training list, `test` of the other.
            every: Keep one frame in so many; by default one in five, and all for `test`.
            released: Take the paper's label files, and only hands that have one.
            mano_dir: Folder of the user's MANO files.
        """
        root = need_folder(root, "HOI4D")
        self._mano = ManoHands(fingers="absolute", fix_left_shape=False, mano_dir=mano_dir)
        self._mano.model("left")
        self._pictures = existing(root, "HOI4D_color/HOI4D_release", "HOI4D_release")
        self._objects = existing(root, "HOI4D_annotations/HOI4D_annotations", "HOI4D_annotations")
        self._hands_folder = existing(root, "HOI4D_Handpose/handpose", "handpose")
        self._cameras = existing(root, "HOI4D_cameras/camera_params", "camera_params")
        self._models = existing(root, "HOI4D_CAD_models", "HOI4D_CAD_Model_for_release")
        self._released = released_labels(root, split, wanted=released)
        name = f"{'test' if split == 'test' else 'train'}_all.txt"
        path = existing(root, f"datalists/{name}", f"datalist/{name}", name)
        sequences = [line.strip("/") for line in read_lines(path) if _category(line, path)]
        if split != "test":
            sequences = [
                name for name in sequences if (split_of(name) == "val") == (split == "val")
            ]
        step = every or (1 if split == "test" or released else 5)
        found = {name: self._hands_of(name, step) for name in sequences}
        self._samples = [hand for hands in found.values() for hand in hands]
        if self._released:
            labels = self._released
            self._samples = [hand for hand in self._samples if _released_name(hand, labels)]
        if not self._samples:
            raise InputError(
                f"{path}: none of its sequences has a hand in {self._hands_folder} and an object's "
                f"pose in {self._objects}; check that all parts are there"
            )
        empty = [name for name, hands in found.items() if not hands]
        if empty:
            words = "%s: %d of its %d sequences have no hand with an object's pose, such as %s"
            _log.warning(words, path, len(empty), len(found), empty[0])

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> Sample:
        hand = self._samples[index]
        posed = self._pose(hand, hand.side)
        camera = self._cameras / hand.sequence.partition("/")[0] / "intrin.npy"
        with reading(camera):
            K = numbers({"K": np.load(camera, allow_pickle=False)}, "K", (3, 3), camera)
        contact = None
        if self._released:
            contact = self._released.contact(_released_name(hand, self._released))
        return make_sample(
            f"hoi4d/{hand.sequence}/{hand.frame:05d}/{hand.side}",
            self._picture(hand),
            hand.side,
            vertices=posed.vertices,
            joints=posed.joints,
            K=K,
            contact=contact,
            interaction="object",
        )

    def scene(self, index: int) -> Scene:
        """Give the hand, the object, and the other hand if it is there, in the camera's frame."""
        hand = self._samples[index]
        targets = [self._object(hand)]
        for other in hand.poses:
            if other != hand.side:
                key = f"hoi4d/{hand.sequence}/{hand.frame:05d}/{other}"
                vertices = self._pose(hand, other).vertices
                targets.append(hand_target(key, vertices, self._mano.closed_faces(other)))
        return Scene(vertices=self._pose(hand, hand.side).vertices, targets=tuple(targets))

    def _hands_of(self, sequence: str, step: int) -> list[_Hand]:
        objects = _by_number(self._objects / sequence / "objpose", "json")
        poses: dict[Side, dict[int, Path]] = {
            side: _by_number(self._hands_folder / f"refinehandpose_{side}" / sequence, "pickle")
            for side in SIDES
        }
        seen = [frame for frame in sorted(objects) if any(frame in poses[side] for side in SIDES)]
        found = []
        for frame in seen[::step]:
            here: dict[Side, Path] = {
                side: poses[side][frame] for side in SIDES if frame in poses[side]
            }
            found += [_Hand(sequence, frame, side, here, objects[frame]) for side in here]
        return found

    def _picture(self, hand: _Hand) -> np.ndarray:
        folder = self._pictures / hand.sequence / "align_rgb"
        decoded = folder / f"{hand.frame:05d}.jpg"
        if decoded.is_file() or not (folder / "image.mp4").is_file():
            return read_image(decoded)
        return read_frame(folder / "image.mp4", hand.frame)

    def _pose(self, hand: _Hand, side: Side) -> PosedHand:
        path = hand.poses[side]
        stored: Any = load_pickle(path)
        with reading(path):
            pose, betas, transl = (
                numbers(stored, name, (num,), path)
                for name, num in (("poseCoeff", 48), ("beta", 10), ("trans", 3))
            )
        return self._mano.pose(side, pose, betas=betas, transl=transl, path=path)

    def _object(self, hand: _Hand) -> Target:
        path = hand.object_pose
        stored = _read_lenient(path)
        with reading(path):
            pose = stored["dataList" if "dataList" in stored else "objects"][0]
            place, turn = (
                numbers({name: [pose[name][axis] for axis in "xyz"]}, name, (3,), path)
                for name in ("center", "rotation")
            )
        category, number = _category(hand.sequence, path), int(hand.sequence.split("/")[3][1:])
        mesh = load_mesh(self._models / "rigid" / str(category) / f"{number:03d}.obj")
        return Target(
            key=f"hoi4d/{category}/{number:03d}",
            vertices=mesh.vertices,
            faces=mesh.faces,
            T_scene_target=rigid(Rotation.from_euler("XYZ", turn).as_matrix(), place),
        )


def _category(sequence: str, path: Path) -> str | None:
    """Give the name of a sequence's rigid object; None if it has another."""
    parts = sequence.strip("/").split("/")
    if len(parts) != 7:
        raise InputError(f"{path}: '{sequence}' does not name a sequence such as {_EXAMPLE}")
    return _RIGID.get(parts[2])


def _by_number(folder: Path, suffix: str) -> dict[int, Path]:
    """List a folder's files by the numbers that they are named by."""
    return {int(path.stem): path for path in folder.glob(f"*.{suffix}") if path.stem.isdigit()}


def _read_lenient(path: Path) -> Any:
    """Read JSON, or the same in Python's notation, which is YAML as well."""
    try:
        return read_json(path)
    except InputError:
        return read_yaml(path)


def _released_name(hand: _Hand, labels: ReleasedLabels) -> str:
    """Name a hand's label file, whose frame may be padded or not; empty if there is none."""
    start = hand.sequence.replace("/", "-")
    names = (f"{start}-{hand.frame:05d}", f"{start}-{hand.frame}")
    return next((name for name in names if labels.has(name, hand.side)), "")
