"""H2O-3D: five people hold ten YCB objects with both hands, seen by five cameras.

Hampali et al., "Keypoint Transformer: Solving Joint Identification in Challenging Hands and Object
Interactions for Accurate 3D Pose Estimation", CVPR 2022. Research only, not to be passed on; from
https://github.com/shreyashampali/ho3d. Needs MANO and the YCB models. Under `root`:

    train.txt, evaluation.txt             lines such as JLMB0/0123
    {train,evaluation}/JLMB0/rgb/0123.jpg
    {train,evaluation}/JLMB0/meta/0123.pkl
    models/003_cracker_box/textured_simple.obj    or beside root, or where `models` says

Quirks:

- As HO-3D: OpenGL's camera frame, metres, axis-angle about the flat hand, joints in MANO's order.
- One `handBeta` shapes both hands.
- The authors' script takes MANO's left hand as shipped, the released system mends its shape basis;
  both are guesses at how the fits were made. `fix_left_shape=True` is the second reading; the
  stored joints refuse a reading that is more than 15 mm off.
- A hand with no valid joint (`jointValidRight`, `jointValidLeft`) is fitted but not seen: it is
  left out, and still counts as what the other touches.
- `evaluation` (our `test`) has boxes and wrists only, so its samples have no surface, no label and
  no scene: they serve prediction, not scores.
- There is no validation split: the last tenth of each training sequence is taken.

Contact is not stored: `haco data label` computes it, to the object and to the other hand, or take
`labels="released"` (right hands, all of `train.txt`).
"""

from pathlib import Path
from typing import Any

import numpy as np

from haco.data.annotations import numbers
from haco.data.honnotate import Frame, list_frames, object_target, posed_hand, read_meta
from haco.data.posed_hands import ManoHands, PosedHand
from haco.data.readers.common import (
    MissingHandError,
    Scene,
    check_box,
    hand_target,
    make_sample,
    need_folder,
)
from haco.data.released import released_labels
from haco.data.ycb import ycb_folder
from haco.files import read_image
from haco.types import SIDES, Sample, Side, Split


class H2o3dReader:
    """One split; both hands of every picture."""

    def __init__(
        self,
        root: Path | None,
        split: Split = "train",
        *,
        mano_dir: str | Path | None = None,
        models: str | Path | None = None,
        fix_left_shape: bool = False,
        released: bool = False,
    ) -> None:
        """List the hands.

        Args:
            root: The folder that holds `train` and `evaluation`.
            split: `test` is the set's `evaluation`, whose hands nobody gives.
            mano_dir: Folder of the user's MANO files.
            models: Folder of the YCB models, if neither in `root` nor beside it.
            fix_left_shape: Whether the left hand's shape basis is mended.
            released: Take the paper's label files, and only hands that have one.
        """
        root = need_folder(root, "H2O-3D")
        self._models = ycb_folder(root, models)
        self._mano = ManoHands(fingers="absolute", fix_left_shape=fix_left_shape, mano_dir=mano_dir)
        self._mano.model("left")
        self._has_hands = split != "test"
        self._released = released_labels(root, split, wanted=released)
        self._hands: list[tuple[Frame, Side]] = [
            (frame, side)
            for frame in list_frames(root, split, whole=released)
            for side in SIDES
            if not self._released or self._released.has(_released_name(frame), side)
        ]

    def __len__(self) -> int:
        return len(self._hands)

    def __getitem__(self, index: int) -> Sample:
        frame, side = self._hands[index]
        meta, path = read_meta(frame), frame.annotation
        K = numbers(meta, "camMat", (3, 3), path)
        if not self._has_hands:
            image = read_image(frame.picture)
            box = numbers(meta, f"{side}HandBoundingBox", (4,), path)
            return Sample(
                key=_key(frame, side),
                image=image,
                box=check_box(box, image, path),
                side=side,
                K=K.astype(np.float32),
                interaction="grasp",
            )
        seen = meta.get(f"jointValid{side.capitalize()}")
        if seen is not None and not np.any(seen):
            raise MissingHandError(f"{path}: no joint of the {side} hand is seen; leave it out")
        hand = self._hand(meta, side, path)
        return make_sample(
            _key(frame, side),
            frame.picture,
            side,
            vertices=hand.vertices,
            joints=hand.joints,
            K=K,
            contact=self._released.contact(_released_name(frame)) if self._released else None,
            interaction="grasp",
        )

    def scene(self, index: int) -> Scene | None:
        """Give hand, object and other hand in the camera frame; None in `test`."""
        if not self._has_hands:
            return None
        frame, side = self._hands[index]
        meta, path = read_meta(frame), frame.annotation
        other: Side = "left" if side == "right" else "right"
        thing = object_target(meta, self._models, path)
        if thing is None:
            return None
        touched = self._hand(meta, other, path).vertices
        other_hand = hand_target(_key(frame, other), touched, self._mano.closed_faces(other))
        vertices = self._hand(meta, side, path).vertices
        return Scene(vertices=vertices, targets=(thing, other_hand))

    def _hand(self, meta: dict[str, Any], side: Side, path: Path) -> PosedHand:
        return posed_hand(self._mano, side, meta, f"{side}Hand", path)


def _key(frame: Frame, side: Side) -> str:
    return f"h2o3d/{frame.folder.parent.name}/{frame.folder.name}/{frame.name}/{side}"


def _released_name(frame: Frame) -> str:
    return f"{frame.folder.name}-{frame.name}"
