"""InterHand2.6M (5 frames a second, version 1.0): two hands that touch each other.

Paper: "InterHand2.6M: A Dataset and Baseline for 3D Interacting Hand Pose Estimation from a Single
RGB Image" (ECCV 2020). Licence: CC BY-NC 4.0. Download: https://mks0601.github.io/InterHand2.6M,
pictures and annotations. MANO is needed for both hands.

Tree under `root`:

    images/<split>/Capture<c>/<sequence>/cam<camera>/image<frame>.jpg
    annotations/<split>/InterHand2.6M_<split>_{data,camera,MANO_NeuralAnnot}.json

Quirks:

- MANO's poses are about the mean hand, in the capture's world and in metres; the cameras' places
  (`campos`) are in millimetres, and a world point goes to `camrot @ (X - campos)`.
- MANO may be null for a hand, and its key may be missing. Kept are frames with both hands fitted.
- The released left MANO has the right hand's x in its shape basis; the set's own tools mend that,
  and so does this reader.
- In `joint_valid` the right hand's wrist is joint 20 and the left's 41, tips come before bases; a
  hand whose wrist is not valid counts as unseen, and its frame is left out.
- Frames follow each other closely: every tenth annotation is kept.

How contact is known: by the distance to the other hand, which is the only target.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from haco.data.annotations import numbers, read_json, reading
from haco.data.posed_hands import ManoHands, PosedHand
from haco.data.readers.common import Scene, hand_target, make_sample, need_folder, rigid
from haco.data.released import released_labels
from haco.data.views import View
from haco.files import InputError
from haco.types import SIDES, Sample, Side, Split

_WRIST: dict[Side, int] = {"right": 20, "left": 41}


class _Hand(NamedTuple):
    picture: str
    """Below `images/<split>`."""
    capture: str
    camera: str
    frame: str
    side: Side
    number: str
    """Of the picture among all; the released labels go by it."""


class InterHandReader:
    """Both hands of every frame in which both were fitted."""

    def __init__(
        self,
        root: Path | None,
        split: Split = "train",
        *,
        every: int = 10,
        released: bool = False,
        mano_dir: str | Path | None = None,
    ) -> None:
        """List the hands; the training annotations take a minute and some gigabytes to read.

        Args:
            root: The folder with `images` and `annotations`.
            split: The set's own.
            every: Keep one annotation in so many.
            released: Take the paper's label files, and only hands that have one.
            mano_dir: Folder of MANO's files; by default the variable `HACO_MANO_DIR`.

        Raises:
            InputError: An annotation file or MANO is missing or damaged.
        """
        root = need_folder(root, "InterHand2.6M")
        self.pictures = root / "images" / split
        self.split = split
        self.mano = ManoHands(fingers="about_mean", fix_left_shape=True, mano_dir=mano_dir)
        self.mano.model("left")
        self.path, camera_path, data_path = (
            root / "annotations" / split / f"InterHand2.6M_{split}_{part}.json"
            for part in ("MANO_NeuralAnnot", "camera", "data")
        )
        fits, data = read_json(self.path), read_json(data_path)
        with reading(data_path):
            listed = _two_hands(data, fits, 1 if released else every)
            self.released = released_labels(root, split, wanted=released)
            self.hands = [
                hand
                for hand in listed
                if self.released is None or self.released.has(hand.number, hand.side)
            ]
        if not self.hands:
            raise InputError(f"{data_path}: no frame has both hands in {self.path}")
        frames = {(hand.capture, hand.frame) for hand in self.hands}
        self.fits = {(capture, at): fits[capture][at] for capture, at in frames}
        self.camera_path, self.cameras = camera_path, read_json(camera_path)

    def __len__(self) -> int:
        return len(self.hands)

    def __getitem__(self, index: int) -> Sample:
        hand = self.hands[index]
        view = self._view(hand)
        posed = self._pose(hand, hand.side)
        return make_sample(
            f"{self._key(hand)}/{hand.camera}/{hand.side}",
            self.pictures / hand.picture,
            hand.side,
            vertices=view.to_camera(posed.vertices),
            K=view.K,
            joints=view.to_camera(posed.joints),
            contact=self.released.contact(hand.number) if self.released else None,
            interaction="hands",
        )

    def scene(self, index: int) -> Scene:
        """Give the hand and the other one in the capture's world."""
        hand = self.hands[index]
        other: Side = "left" if hand.side == "right" else "right"
        key, faces = f"{self._key(hand)}/{other}", self.mano.closed_faces(other)
        target = hand_target(key, self._pose(hand, other).vertices, faces)
        return Scene(vertices=self._pose(hand, hand.side).vertices, targets=(target,))

    def _key(self, hand: _Hand) -> str:
        sequence = hand.picture.split("/")[1]
        return f"interhand26m/{self.split}/{hand.capture}/{sequence}/{hand.frame}"

    def _pose(self, hand: _Hand, side: Side) -> PosedHand:
        fit = self.fits[hand.capture, hand.frame][side]
        pose, betas, transl = (
            numbers(fit, name, (num,), self.path)
            for name, num in (("pose", 48), ("shape", 10), ("trans", 3))
        )
        return self.mano.pose(side, pose, betas=betas, transl=transl, path=self.path)

    def _view(self, hand: _Hand) -> View:
        with reading(self.camera_path):
            camera = self.cameras[hand.capture]
            stored = {name: camera[name][hand.camera] for name in camera}
        shapes = {"camrot": (3, 3), "campos": (3,), "focal": (2,), "princpt": (2,)}
        R, place, focal, centre = (
            numbers(stored, name, shape, self.camera_path) for name, shape in shapes.items()
        )
        K = np.array([[focal[0], 0.0, centre[0]], [0.0, focal[1], centre[1]], [0.0, 0.0, 1.0]])
        return View(K=K, T_camera_world=rigid(R, -R @ place / 1000))


def _two_hands(data: Any, fits: Any, every: int) -> Iterator[_Hand]:
    """Go through both hands of every so many annotations whose frame has both fitted and seen."""
    images = {image["id"]: image for image in data["images"]}
    for annotation in data["annotations"][::every]:
        image = images[annotation["image_id"]]
        capture, frame = str(image["capture"]), str(image["frame_idx"])
        fit = fits.get(capture, {}).get(frame) or {}
        valid = np.ravel(annotation["joint_valid"])
        if all(fit.get(side) and valid[_WRIST[side]] for side in SIDES):
            for side in SIDES:
                camera, number = str(image["camera"]), str(image["id"])
                yield _Hand(image["file_name"], capture, camera, frame, side, number)
