"""HO-3D, version 2 or 3: ten people's right hands hold ten YCB objects, seen by up to five cameras.

Hampali et al., "HOnnotate: A method for 3D Annotation of Hand and Object Poses", CVPR 2020, and
"HO-3D_v3", arXiv 2107.00887. Research only, not to be passed on; from
https://github.com/shreyashampali/ho3d. Needs MANO and the YCB models. Under `root`:

    train.txt, evaluation.txt              lines such as ABF10/0123
    {train,evaluation}/ABF10/rgb/0123.jpg  (version 2: png), 640 x 480
    {train,evaluation}/ABF10/meta/0123.pkl
    evaluation_{verts,xyz}.json            the hands of `evaluation`, given out in 2024
    models/003_cracker_box/textured_simple.obj    or beside root, or where `models` says

Quirks:

- Points are in OpenGL's camera frame: y and z are turned by diag(1, -1, -1). Metres.
- Poses are axis-angle about the flat hand. The released system turns them with the wrist of the
  mean shape and so moves the hand a millimetre against the object; here the surface is turned.
- Stored joints are in MANO's order (wrist, index, middle, little, ring, thumb, tips).
- Frames that are in no list may hold None everywhere; a listed one without a hand is left out.
- The annotations of `evaluation` (our `test`) have the wrist and a box only. Its hands are in the
  two JSON files, in the order of `evaluation.txt`; one gigabyte of text, read at opening. The
  challenge asks for OpenGL's frame, no account says that of these files: the wrist decides.
- There is no validation split: the last tenth of each training sequence is taken.
- The released labels go by the numbers in HandOccNet's `HO3D_train_data.json`, which must then lie
  in or beside `root`, and by all of `train.txt`.

How contact is known: version 3 ships bits, nearer than 4 mm to the object; `haco data label`
computes distances for both versions; or take `labels="released"`, made of version 2.
"""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32

from haco.data.annotations import existing, numbers, read_json, reading
from haco.data.honnotate import (
    FLIP,
    FROM_MANO,
    Frame,
    in_our_frame,
    list_frames,
    object_target,
    posed_hand,
    read_meta,
)
from haco.data.posed_hands import JOINT_TOLERANCE, ManoHands, PosedHand
from haco.data.readers.common import Scene, make_sample, need_folder
from haco.data.released import released_labels
from haco.data.ycb import ycb_folder
from haco.files import InputError
from haco.types import NUM_VERTICES, Sample, Split


class Ho3dReader:
    """One split, a sample a picture."""

    def __init__(
        self,
        root: Path | None,
        split: Split = "train",
        *,
        mano_dir: str | Path | None = None,
        models: str | Path | None = None,
        released: bool = False,
    ) -> None:
        """List the pictures.

        Args:
            root: The folder that holds `train` and `evaluation`, of either version.
            split: `test` is the set's `evaluation`.
            mano_dir: Folder of the user's MANO files.
            models: Folder of the YCB models, if neither in `root` nor beside it.
            released: Take the paper's label files, and only pictures that have one.
        """
        root = need_folder(root, "HO-3D")
        self._root, self._models = root, ycb_folder(root, models)
        self._mano = ManoHands(fingers="absolute", fix_left_shape=False, mano_dir=mano_dir)
        self._mano.model("right")
        self.frames = list_frames(root, split, whole=released)
        self._given = _read_given(root, len(self.frames)) if split == "test" else None
        self._released = released_labels(root, split, wanted=released)
        if self._released:
            self._numbers = _released_numbers(root, split)
            has = self._released.has
            kept = [i for i, frame in enumerate(self.frames) if has(self._number(frame), "right")]
            self.frames = [self.frames[i] for i in kept]
            self._given = self._given and tuple(rows[kept] for rows in self._given)

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: int) -> Sample:
        frame = self.frames[index]
        meta = read_meta(frame)
        hand, contact = self._hand(index, meta), _stored_contact(meta, frame.annotation)
        return make_sample(
            f"ho3d/{frame.folder.parent.name}/{frame.folder.name}/{frame.name}",
            frame.picture,
            "right",
            vertices=hand.vertices,
            joints=hand.joints,
            K=numbers(meta, "camMat", (3, 3), frame.annotation),
            contact=self._released.contact(self._number(frame)) if self._released else contact,
            interaction="grasp",
        )

    def scene(self, index: int) -> Scene | None:
        """Give hand and object in the camera frame; None where the object has no pose."""
        frame = self.frames[index]
        meta = read_meta(frame)
        target = object_target(meta, self._models, frame.annotation)
        if target is None:
            return None
        return Scene(vertices=self._hand(index, meta).vertices, targets=(target,))

    def _number(self, frame: Frame) -> str:
        return self._numbers.get((frame.folder.name, frame.name), "")

    def _hand(self, index: int, meta: dict[str, Any]) -> PosedHand:
        path = self.frames[index].annotation
        if self._given is None:
            return posed_hand(self._mano, "right", meta, "hand", path)
        vertices, joints = (rows[index].astype(np.float64) for rows in self._given)
        with reading(path):
            wrist = np.asarray(meta["handJoints3D"], np.float64).ravel()[:3]
        for turn in (np.eye(3), FLIP):  # The files are in OpenGL's frame, or else in OpenCV's.
            if np.linalg.norm(joints[0] @ turn - wrist) < JOINT_TOLERANCE:
                return in_our_frame(vertices @ turn, joints[FROM_MANO] @ turn)
        raise InputError(
            f"{path}: its wrist is not where evaluation_xyz.json has it; take the lists and the "
            "JSON files of one version"
        )


def _stored_contact(meta: dict[str, Any], path: Path) -> Bool[np.ndarray, "778"] | None:
    if meta.get("handVertContact") is None:
        return None
    return numbers(meta, "handVertContact", (NUM_VERTICES,), path) > 0.5


def _read_given(root: Path, num: int) -> tuple[Float32[np.ndarray, "num rows 3"], ...]:
    """Read surfaces and joints of all evaluation frames."""
    found = []
    for name, rows in (("verts", NUM_VERTICES), ("xyz", 21)):
        path = root / f"evaluation_{name}.json"
        with reading(path):
            stored = np.array(read_json(path), np.float32)
        found.append(numbers({name: stored}, name, (num, rows, 3), path).astype(np.float32))
    return tuple(found)


def _released_numbers(root: Path, split: Split) -> dict[tuple[str, str], str]:
    """Read by which numbers the released system calls the pictures, by sequence and frame."""
    name = f"HO3D_{'evaluation' if split == 'test' else 'train'}_data.json"
    path = existing(root, name, f"../{name}", f"annotations/{name}")
    table = read_json(path)
    with reading(path):
        parts = [(Path(image["file_name"]), image["id"]) for image in table["images"]]
        return {(file.parts[-3], file.stem): str(number) for file, number in parts}
