"""DexYCB: ten people pick up 20 YCB objects with either hand, seen by eight cameras.

Chao et al., "DexYCB: A Benchmark for Capturing Hand Grasping of Objects", CVPR 2021.
CC BY-NC 4.0, from https://dex-ycb.github.io. Needs MANO. Under `root`:

    20200709-subject-01/20200709_141754/meta.yml
    20200709-subject-01/20200709_141754/836212060125/color_000000.jpg    640 x 480
    20200709-subject-01/20200709_141754/836212060125/labels_000000.npz
    calibration/intrinsics/836212060125_640x480.yml
    calibration/mano_20200514-subject-01/mano.yml
    models/002_master_chef_can/textured_simple.obj

Setups, as `dexycb/s0` to `dexycb/s3`: unseen sequences (the paper's), people, cameras, objects.
They count the sorted sequences of each person, so a person's folder must hold all 100.

Quirks:

- `pose_m` is 3 numbers of axis-angle, 45 coefficients of MANO's components about the mean hand,
  and 3 of translation; camera frame, metres. Betas come from the person's calibration.
- Half the sequences show a left hand (`mano_sides`). The paper used right ones only. The left
  model is taken as shipped: the authors' tools do not mend its shape basis.
- `pose_m` is all zeros where no hand is seen, and `pose_y` where an object has no pose.
- Only the grasped object counts as touched, as in the paper; `all_objects=True` takes all.
- The paper's lists of 29,656 and 5,928 pictures are gSDF's `train_s0_29k.json` and
  `test_s0_5k.json`, numbers in the flat order sequence, camera, frame: pass one as `ids`.

Contact is not stored: `haco data label` computes it, or take `labels="released"`.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np

from haco.data.annotations import existing, numbers, read_arrays, read_json, read_yaml, reading
from haco.data.posed_hands import ManoHands, PosedHand, check_joints
from haco.data.readers.common import MissingHandError, Scene, make_sample, need_folder, rigid
from haco.data.released import released_labels
from haco.data.ycb import YCB_NAMES, ycb_folder, ycb_target
from haco.files import InputError
from haco.types import Sample, Side, Split

SERIALS = (
    *("836212060125", "839512060362", "840412060917", "841412060263"),
    *("932122060857", "932122060861", "932122061900", "932122062010"),
)
FINGERS = "components"
_SETUPS: dict[str, Callable[[int, int, int], Split]] = {
    "s0": lambda subject, i, _: "train" if i % 5 != 4 else "val" if subject <= 2 else "test",
    "s1": lambda subject, *_: "val" if subject == 7 else "test" if subject in (8, 9) else "train",
    "s2": lambda _, __, camera: "train" if camera < 6 else "val" if camera == 6 else "test",
    "s3": lambda _, i, __: (
        "val" if i // 5 in (3, 19) else "test" if i // 5 in (7, 11, 15) else "train"
    ),
}
"""From a person (from 1), the number of a sequence and of a camera (from 0) to the split."""


@dataclasses.dataclass(frozen=True)
class _Sequence:
    folder: Path
    subject: int
    num_frames: int
    side: Side
    calibration: str
    objects: tuple[int, ...]
    """Numbers of YCB objects, from 1."""
    grasped: int
    """Place among `objects`."""


_Place = tuple[_Sequence, int, int]
"""Sequence, camera and frame."""


class DexYcbReader:
    """One split of one setup; a sample a picture, in the flat order of the authors' lists."""

    def __init__(
        self,
        root: Path | None,
        split: Split = "train",
        setup: str = "s0",
        *,
        mano_dir: str | Path | None = None,
        models: str | Path | None = None,
        ids: str | Path | None = None,
        stride: int = 1,
        all_objects: bool = False,
        released: bool = False,
    ) -> None:
        """List the pictures.

        Args:
            root: The folder that holds the ten people's folders and `calibration`.
            split: Of the setup.
            setup: `s0`, `s1`, `s2` or `s3`.
            mano_dir: Folder of the user's MANO files.
            models: Folder of the YCB models, if not in `root`.
            ids: A JSON list of numbers in the flat order, such as `"00000123"`.
            stride: Take frames whose number this divides.
            all_objects: Whether touching any object counts, not the grasped one only.
            released: Take the paper's label files, and only pictures that have one.
        """
        root = need_folder(root, "DexYCB")
        if setup not in _SETUPS:
            raise InputError(f"dexycb/{setup}: no such setup; say one of {', '.join(_SETUPS)}")
        self._root, self._all_objects = root, all_objects
        self._mano = ManoHands(fingers=FINGERS, fix_left_shape=False, mano_dir=mano_dir)
        self._mano.model("left")
        self._models = ycb_folder(root, models)
        self._released = released_labels(root, split, wanted=released)
        flat = [
            (sequence, camera, frame)
            for sequence, cameras in _sequences(root, split, setup)
            for camera in cameras
            for frame in range(sequence.num_frames)
        ]
        chosen = flat if ids is None else _listed(flat, Path(ids))
        self._samples = [
            place
            for place in chosen
            if place[2] % stride == 0
            and (not self._released or self._released.has(_released_name(*place), place[0].side))
        ]

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> Sample:
        sequence, camera, frame = self._samples[index]
        serial = SERIALS[camera]
        hand, _ = self._hand(index)
        contact = None
        if self._released:
            contact = self._released.contact(_released_name(sequence, camera, frame))
        return make_sample(
            f"dexycb/{sequence.folder.parent.name}/{sequence.folder.name}/{serial}/{frame:06d}",
            sequence.folder / serial / f"color_{frame:06d}.jpg",
            sequence.side,
            vertices=hand.vertices,
            joints=hand.joints,
            K=self._intrinsics(serial),
            contact=contact,
            interaction="grasp",
        )

    def scene(self, index: int) -> Scene | None:
        """Give hand and object in the camera frame; None where the object has no pose."""
        hand, labels = self._hand(index)
        sequence = self._samples[index][0]
        path = self._labels_path(index)
        poses = numbers(labels, "pose_y", (len(sequence.objects), 3, 4), path)
        wanted = range(len(poses)) if self._all_objects else (sequence.grasped,)
        targets = tuple(
            ycb_target(
                self._models,
                YCB_NAMES[sequence.objects[place] - 1],
                rigid(poses[place, :, :3], poses[place, :, 3]),
            )
            for place in wanted
            if poses[place].any()
        )
        return Scene(vertices=hand.vertices, targets=targets) if targets else None

    def _labels_path(self, index: int) -> Path:
        sequence, camera, frame = self._samples[index]
        return sequence.folder / SERIALS[camera] / f"labels_{frame:06d}.npz"

    def _hand(self, index: int) -> tuple[PosedHand, dict[str, np.ndarray]]:
        sequence, path = self._samples[index][0], self._labels_path(index)
        labels = read_arrays(path)
        pose = numbers(labels, "pose_m", (51,), path)
        if not pose.any():
            raise MissingHandError(f"{path}: no hand is seen; leave this picture out")
        shape_path = existing(self._root, f"calibration/mano_{sequence.calibration}/mano.yml")
        betas = numbers(read_yaml(shape_path), "betas", (10,), shape_path)
        hand = self._mano.pose(sequence.side, pose[:48], betas=betas, transl=pose[48:], path=path)
        check_joints(hand, numbers(labels, "joint_3d", (21, 3), path), path)
        return hand, labels

    def _intrinsics(self, serial: str) -> np.ndarray:
        path = self._root / "calibration" / "intrinsics" / f"{serial}_640x480.yml"
        with reading(path):
            color = read_yaml(path)["color"]
            return np.array(
                [[color["fx"], 0, color["ppx"]], [0, color["fy"], color["ppy"]], [0, 0, 1.0]]
            )


def _sequences(root: Path, split: Split, setup: str) -> list[tuple[_Sequence, list[int]]]:
    """List the sequences of a split, each with the cameras of that split."""
    people = sorted(path for path in root.glob("*-subject-[0-9][0-9]") if path.is_dir())
    if not people:
        raise InputError(f"{root}: holds no folder such as 20200709-subject-01; check the root")
    found = []
    for person in people:
        subject = int(person.name[-2:])
        folders = sorted(path for path in person.iterdir() if path.is_dir())
        if len(folders) != 100:
            raise InputError(
                f"{person}: holds {len(folders)} sequences, not 100, so that the splits cannot be "
                "told; complete the download"
            )
        for i, folder in enumerate(folders):
            choose = _SETUPS[setup]
            cameras = [camera for camera in range(8) if choose(subject, i, camera) == split]
            if cameras:
                found.append((_read_meta(folder, subject), cameras))
    return found


def _read_meta(folder: Path, subject: int) -> _Sequence:
    path = folder / "meta.yml"
    with reading(path):
        meta = read_yaml(path)
        return _Sequence(
            folder,
            subject,
            meta["num_frames"],
            meta["mano_sides"][0],
            meta["mano_calib"][0],
            tuple(meta["ycb_ids"]),
            meta["ycb_grasp_ind"],
        )


def _released_name(sequence: _Sequence, camera: int, frame: int) -> str:
    return f"{sequence.subject}_{sequence.folder.name}_{SERIALS[camera]}_{frame}"


def _listed(flat: list[_Place], path: Path) -> list[_Place]:
    """Take the pictures that a list numbers in the flat order."""
    with reading(path):
        wanted = [int(number) for number in read_json(path)]
    absent = [number for number in wanted if not 0 <= number < len(flat)]
    if absent:
        raise InputError(
            f"{path}: names picture {absent[0]:08d}, but there are {len(flat)}; get all people's "
            "folders whole, or another list"
        )
    return [flat[number] for number in wanted]
