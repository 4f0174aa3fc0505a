"""What HO-3D and H2O-3D have in common, both being made by the method HOnnotate.

Pictures and annotations of a frame lie in `<split>/<sequence>/{rgb,meta}`, lists of frames in
`train.txt` and `evaluation.txt`. Everything is in OpenGL's camera frame (y up, z towards the
viewer) and in metres, joints are in MANO's order, objects are YCB's.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from haco.data.annotations import existing, numbers, read_lines, reading
from haco.data.posed_hands import ManoHands, PosedHand, check_joints
from haco.data.readers.common import MissingHandError, Target, rigid
from haco.data.splits import without_tail
from haco.data.ycb import ycb_target
from haco.files import InputError
from haco.pickles import load_pickle
from haco.types import Side, Split

FLIP = np.diag([1.0, -1.0, -1.0])
"""From OpenGL's camera frame to ours, and back."""
FROM_MANO = np.array([0, 13, 14, 15, 16, 1, 2, 3, 17, 4, 5, 6, 18, 10, 11, 12, 19, 7, 8, 9, 20])
"""Which of the stored joints (wrist, index, middle, little, ring, thumb, tips) is each of ours."""


class Frame(NamedTuple):
    """One picture of one camera."""

    folder: Path
    """Of the sequence; a recording by several cameras is a sequence a camera."""
    name: str
    """Such as `0123`."""

    @property
    def picture(self) -> Path:
        """Find the picture: the second version of HO-3D has PNG, the others JPEG."""
        return existing(self.folder, f"rgb/{self.name}.jpg", f"rgb/{self.name}.png")

    @property
    def annotation(self) -> Path:
        """Say where its numbers are."""
        return self.folder / "meta" / f"{self.name}.pkl"


def list_frames(root: Path, split: Split, *, whole: bool = False) -> list[Frame]:
    """List the frames of a split; unlisted files are unfinished annotations.

    The set's `evaluation` is our `test`, in the order of its list. Nothing is set aside for
    validation there: the last tenth of each training sequence is, unless the `whole` is wanted.
    """
    folder = "evaluation" if split == "test" else "train"
    path = root / f"{folder}.txt"
    with reading(path):
        lines = [line.split("/") for line in read_lines(path)]
        frames = [Frame(root / folder / sequence, name) for sequence, name in lines]
    if split == "test":
        return frames
    sequences: dict[Path, list[Frame]] = {}
    for frame in sorted(frames):
        sequences.setdefault(frame.folder, []).append(frame)
    return [
        frame
        for own in sequences.values()
        for frame in (own if whole else without_tail(own, split))
    ]


def read_meta(frame: Frame) -> dict[str, Any]:
    """Read the annotation of a frame."""
    meta = load_pickle(frame.annotation)
    if not isinstance(meta, dict):
        raise InputError(f"{frame.annotation}: is not an annotation of a frame; get the file again")
    return meta


def posed_hand(
    mano: ManoHands, side: Side, meta: dict[str, Any], prefix: str, path: Path
) -> PosedHand:
    """Pose one hand in our camera frame, and check it against the stored joints.

    Args:
        mano: The hands as the set uses them.
        side: Which hand.
        meta: The annotation.
        prefix: What the names of this hand's entries begin with.
        path: Where the annotation came from.

    Raises:
        MissingHandError: The frame has no such hand.
        InputError: Numbers are missing or damaged, or the hand is not where its joints are.
    """
    if meta.get(f"{prefix}Pose") is None:
        raise MissingHandError(f"{path}: has no {side} hand; leave this frame out")
    pose, transl = (
        numbers(meta, f"{prefix}{name}", (num,), path) for name, num in (("Pose", 48), ("Trans", 3))
    )
    betas = numbers(meta, "handBeta", (10,), path)
    hand = mano.pose(side, pose, betas=betas, transl=transl, path=path)
    check_joints(hand, numbers(meta, f"{prefix}Joints3D", (21, 3), path)[FROM_MANO], path)
    return in_our_frame(hand.vertices, hand.joints)


def in_our_frame(
    vertices: Float[np.ndarray, "778 3"], joints: Float[np.ndarray, "21 3"]
) -> PosedHand:
    """Turn a hand from OpenGL's camera frame into ours; metres."""
    return PosedHand((vertices @ FLIP).astype(np.float32), (joints @ FLIP).astype(np.float32))


def object_target(meta: dict[str, Any], models: Path, path: Path) -> Target | None:
    """Put the object into our camera frame; None where it has no pose."""
    if meta.get("objRot") is None or meta.get("objTrans") is None:
        return None
    axis_angle, t = (numbers(meta, name, (3,), path) for name in ("objRot", "objTrans"))
    with reading(path):
        name = str(meta["objName"])
    R = Rotation.from_rotvec(axis_angle).as_matrix()
    return ycb_target(models, name, rigid(FLIP @ R, FLIP @ t))
