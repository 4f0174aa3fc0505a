"""ARCTIC: two hands that use objects with a hinge, seen by a head camera and eight fixed ones.

Fan et al., "ARCTIC: A Dataset for Dexterous Bimanual Hand-Object Manipulation", CVPR 2023. MPI's
licence, non-commercial, from https://arctic.is.tue.mpg.de after registering, by the scripts of
https://github.com/zc-alexfan/arctic. Needs MANO. Under `root` (their `arctic_data/data`):

    cropped_images/s01/box_use_01/0/00123.jpg    or `images`, the same in full
    raw_seqs/s01/box_use_01.{mano,object,egocam.dist}.npy
    meta/misc.json
    meta/object_vtemplates/box/{mesh,top}.obj, parts.json
    splits_json/protocol_p2.json
    processed_seqs/s01/box_use_01.npy            if you made it; `splits` (18 GB) is not needed

`arctic/p2`, the usual one, is the head camera (view 0), `arctic/p1` the eight fixed ones (1 to 8).
The truth of the test split is kept back by the authors.

Quirks:

- A picture's annotation is the row `number - ioi_offset` of its person. The released system takes
  the row `number`, so that its labels are of another moment: mistrust `labels="released"` here.
- Hands are axis-angle about the mean hand, in the world of the cameras, metres. `shape` is of the
  sequence by their code and of each frame by their page; both are read. The left model is taken as
  shipped: the authors' tools do not mend its shape basis.
- An object's mesh and place are in *millimetres*. Its top turns about (0, 0, -1) through its
  origin. In `parts.json` the top is 1 by the authors' page and 0 by the released system's code: the
  part that lies on `top.obj` is taken; without that file it is 0.
- The head camera's pictures are distorted (8 coefficients in OpenCV's order): boxes and keypoints
  go through the lens, while `K` is the pinhole's. Where the formula would fold a hand from far
  outside back into the picture, it counts as unseen.
- Cropped pictures of view 0 are whole and 0.3 times as large. Those of the fixed views are squares
  of 1.5 boxes, and the boxes are in `processed_seqs` only: make them, or take `images`.
- The first and last ten frames are left out, as by the authors; so is a hand that
  `processed_seqs` calls invalid (the released system keeps it).

Contact is not stored: `haco data label` computes it, to the object and to the other hand.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from haco.data.annotations import existing, numbers, read_json, reading
from haco.data.arctic_files import (
    ArticulatedObject,
    Sequence,
    read_object,
    read_object_rows,
    read_sequence,
)
from haco.data.posed_hands import ManoHands, PosedHand
from haco.data.readers.common import (
    MissingHandError,
    Scene,
    hand_target,
    make_sample,
    need_folder,
)
from haco.data.released import released_labels
from haco.data.views import View
from haco.files import InputError, read_image
from haco.types import SIDES, Sample, Side, Split

_VIEWS = {"p1": range(1, 9), "p2": range(1)}
_EDGE = 10
"""Frames that are left out at each end of a sequence."""
_MOST_SEQUENCES = 16


class _Hand(NamedTuple):
    sequence: str
    """Such as `s01/box_use_01`."""
    view: int
    row: int
    number: int
    """Of the picture, in its name."""
    side: Side


class ArcticReader:
    """Both hands in every frame of one protocol's split."""

    def __init__(
        self,
        root: Path | None,
        split: Split = "train",
        protocol: str = "p2",
        *,
        every: int = 1,
        released: bool = False,
        mano_dir: str | Path | None = None,
    ) -> None:
        """List the hands; that opens one small file a sequence.

        Args:
            root: The folder that holds the parts above.
            split: Of the protocol.
            protocol: `p2`, the head camera, or `p1`, the fixed ones.
            every: Keep one frame in so many.
            released: Take the paper's label files, and only hands that have one.
            mano_dir: Folder of the user's MANO files.
        """
        self._root = root = need_folder(root, "ARCTIC")
        if protocol not in _VIEWS:
            raise InputError(f"arctic/{protocol}: no such protocol; say p1 or p2")
        self._mano = ManoHands(fingers="about_mean", fix_left_shape=False, mano_dir=mano_dir)
        self._mano.model("left")
        folders = ("cropped_images", "images") if protocol == "p2" else ("images", "cropped_images")
        self._pictures = existing(root, *folders)
        self._misc_path = root / "meta" / "misc.json"
        self._misc = read_json(self._misc_path)
        self._released = released_labels(root, split, wanted=released)
        path = root / "splits_json" / f"protocol_{protocol}.json"
        with reading(path):
            sequences = sorted(read_json(path)[split])
        self._hands = [
            _Hand(name, view, row, row + self._offset(name), side)
            for name in sequences
            for rows in (len(read_object_rows(root / "raw_seqs" / f"{name}.object.npy")),)
            for view in _VIEWS[protocol]
            for row in range(_EDGE, rows - _EDGE, every)
            for side in SIDES
        ]
        if self._released:
            has = self._released.has
            self._hands = [hand for hand in self._hands if has(_released_name(hand), hand.side)]
        self._sequences: dict[str, Sequence] = {}
        self._objects: dict[str, ArticulatedObject] = {}

    def __len__(self) -> int:
        return len(self._hands)

    def __getitem__(self, index: int) -> Sample:
        hand = self._hands[index]
        picture = self._pictures / hand.sequence / str(hand.view) / f"{hand.number:05d}.jpg"
        image = read_image(picture)
        view, posed = self._view(hand, image), self._pose(hand, hand.side)
        vertices = view.to_camera(posed.vertices)
        is_valid = self._sequence(hand.sequence).is_valid(hand.side, hand.row, hand.view)
        if not (is_valid and view.reaches(vertices)):
            raise MissingHandError(f"{picture}: does not show the {hand.side} hand; leave it out")
        return make_sample(
            f"arctic/{hand.sequence}/{hand.view}/{hand.number:05d}/{hand.side}",
            image,
            hand.side,
            vertices=vertices,
            joints=view.to_camera(posed.joints),
            K=view.K,
            distort=view.pixels,
            contact=self._released.contact(_released_name(hand)) if self._released else None,
            interaction="object",
        )

    def scene(self, index: int) -> Scene:
        """Give the hand, the object's parts and the other hand in the cameras' world."""
        hand = self._hands[index]
        sequence, frame = self._sequence(hand.sequence), f"arctic/{hand.sequence}/{hand.row}"
        name = hand.sequence.split("/")[1].partition("_")[0]
        if name not in self._objects:
            self._objects[name] = read_object(self._root / "meta" / "object_vtemplates" / name)
        pose = sequence.row({"object": sequence.objects}, "object", hand.row, (7,))
        parts = self._objects[name].targets(pose, f"{frame}/object", sequence.path)
        other: Side = "left" if hand.side == "right" else "right"
        faces = self._mano.closed_faces(other)
        touched = hand_target(f"{frame}/{other}", self._pose(hand, other).vertices, faces)
        return Scene(vertices=self._pose(hand, hand.side).vertices, targets=(*parts, touched))

    def _offset(self, sequence: str) -> int:
        with reading(self._misc_path):
            return int(self._misc[sequence.partition("/")[0]]["ioi_offset"])

    def _sequence(self, name: str) -> Sequence:
        if name not in self._sequences:
            if len(self._sequences) >= _MOST_SEQUENCES:
                del self._sequences[next(iter(self._sequences))]
            self._sequences[name] = read_sequence(self._root, name)
        return self._sequences[name]

    def _pose(self, hand: _Hand, side: Side) -> PosedHand:
        sequence = self._sequence(hand.sequence)
        with reading(sequence.path):
            stored = sequence.hands[side]
        turn, fingers, transl, betas = (
            sequence.row(stored, name, hand.row, (num,))
            for name, num in (("rot", 3), ("pose", 45), ("trans", 3), ("shape", 10))
        )
        pose = np.concatenate([turn, fingers])
        return self._mano.pose(side, pose, betas=betas, transl=transl, path=sequence.path)

    def _view(self, hand: _Hand, image: np.ndarray) -> View:
        """Give the camera of a picture of this size."""
        sequence, width = self._sequence(hand.sequence), image.shape[1]
        with reading(self._misc_path):
            camera = self._misc[hand.sequence.partition("/")[0]]
            if hand.view == 0:
                return sequence.ego_view(hand.row, width / camera["image_size"][0][0])
            fixed = {name: camera[name][hand.view - 1] for name in ("intris_mat", "world2cam")}
        K = numbers(fixed, "intris_mat", (3, 3), self._misc_path)
        T = numbers(fixed, "world2cam", (4, 4), self._misc_path)
        if self._pictures.name == "cropped_images":
            K = sequence.crop(hand.row, hand.view, width) @ K
        return View(K=K, T_camera_world=T)


def _released_name(hand: _Hand) -> str:
    return "-".join((*hand.sequence.split("/"), str(hand.view), f"{hand.number:05d}"))
