"""Decaf: right hands that press into faces, seen by eight cameras.

Paper: "Decaf: Monocular Deformation Capture for Face and Hand Interactions" (SIGGRAPH Asia 2023).
Licence: non-commercial, no redistribution. Download: `DecafDataset.zip` from the project's page at
https://vcai.mpi-inf.mpg.de, no registration.

Tree under `root` (`DecafDataset`; S1 to S8 are subjects, a camera is named by three digits):

    {train,test}/videos/<S>/<camera>.mp4                  1920 x 1080
    {train,test}/images/<S>/<camera>/<frame>.jpg          or these, decoded (%05d, from 0)
    {train,test}/contacts/<S>/contacts_rh.npy             (frames, 778)
    {train,test}/right_hand_bbs/<S>/<camera>.npy          (frames, 4): x0, y0, x1, y1
    {train,test}/params/<S>/params_smoothed.pkl           (or params.pkl) with `posed` only
    {train,test}/cameras/<S>/cameras.pkl                  with `posed` only

Quirks:

- The 45 numbers of a hand's pose are principal components about the *flat* hand.
- `contacts_lh.npy` is not the left hand's: it is the right hand's once the picture is mirrored. The
  set has right hands only.
- Row i of every array is frame i of every video. Frames are few moments apart: every fifth of the
  list by subject, frame, camera is kept, so that the cameras take turns.
- Subject S5's camera 111 is left out, as others leave it out.
- Boxes reach out of the picture; one that lies wholly beside it is refused.
- The set has no validation split: the last tenth of each subject's training frames is it.

How contact is known: by the bits that come with the set, non-zero is contact. The face is FLAME
less a stored deformation, so distances are not computed here. As in the paper, frames without any
contact are left out; `untouched=True` keeps them.
"""

import dataclasses
import functools
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool

from haco.data.annotations import numbers, reading
from haco.data.posed_hands import ManoHands
from haco.data.readers.common import check_box, need_folder
from haco.data.splits import without_tail
from haco.data.video_frames import read_frame
from haco.files import InputError, read_image
from haco.geometry.camera import project, transform_points
from haco.pickles import load_pickle
from haco.types import NUM_VERTICES, Sample, Split

FINGERS = "components_about_zero"
_DEFECTIVE = ("S5", "111")
_SIZES = {"global_orient": 3, "hand_pose": 45, "betas": 10, "transl": 3}


class DecafReader:
    """Right hands on faces, with the set's own bits."""

    def __init__(
        self,
        root: Path | None,
        split: Split = "train",
        *,
        every: int = 5,
        untouched: bool = False,
        posed: bool = False,
        mano_dir: str | Path | None = None,
    ) -> None:
        """List the hands.

        Args:
            root: The folder `DecafDataset`.
            split: `val` is the last tenth of each training subject's frames.
            every: Keep one hand in so many.
            untouched: Keep frames in which nothing touches, too.
            posed: Give each hand's surface and joints too; this needs MANO.
            mano_dir: Folder of MANO's files; by default the variable `HACO_MANO_DIR`.

        Raises:
            InputError: The folder is not there or lists no contact.
        """
        self.folder = need_folder(root, "Decaf") / ("test" if split == "test" else "train")
        paths = sorted(self.folder.glob("contacts/*/contacts_rh.npy"))
        if not paths:
            raise InputError(f"{self.folder}: has no contacts/<S>/contacts_rh.npy; is it Decaf's?")
        self.contact = {path.parent.name: _read_contact(path) for path in paths}
        found = []
        for subject, contact in self.contact.items():
            frames = np.flatnonzero(contact.any(axis=1)) if not untouched else range(len(contact))
            frames = [int(frame) for frame in frames]
            chosen = frames if split == "test" else without_tail(frames, split)
            found += [(subject, at, name) for at in chosen for name in self._cameras(subject)]
        self.hands = found[::every]
        self.mano = ManoHands(fingers=FINGERS, fix_left_shape=False, mano_dir=mano_dir)
        self.posed = posed

    def __len__(self) -> int:
        return len(self.hands)

    def __getitem__(self, index: int) -> Sample:
        subject, frame, camera = self.hands[index]
        picture = self.folder / "images" / subject / camera / f"{frame:05d}.jpg"
        video = self.folder / "videos" / subject / f"{camera}.mp4"
        image = read_image(picture) if picture.parent.is_dir() else read_frame(video, frame)
        boxes = self.folder / "right_hand_bbs" / subject / f"{camera}.npy"
        with reading(boxes):
            box = numbers({"box": np.load(boxes, mmap_mode="r")[frame]}, "box", (4,), boxes)
        sample = Sample(
            key=f"decaf/{self.folder.name}/{subject}/{frame:05d}/{camera}",
            image=image,
            box=check_box(box, image, boxes),
            side="right",
            contact=self.contact[subject][frame],
            interaction="face",
        )
        return self._with_surface(sample, *self.hands[index]) if self.posed else sample

    def _cameras(self, subject: str) -> list[str]:
        listed = [path.stem for path in (self.folder / "right_hand_bbs" / subject).glob("*.npy")]
        return [name for name in sorted(listed) if (subject, name) != _DEFECTIVE]

    def _with_surface(self, sample: Sample, subject: str, frame: int, camera: str) -> Sample:
        path = self.folder / "params" / subject / "params_smoothed.pkl"
        path = path if path.is_file() else path.with_name("params.pkl")
        with reading(path):
            frames: Any = _read_pickle(path)
            hand = frames[frame if frame in frames else f"{frame:05d}"]["right_hand"]
        part = {name: numbers(hand, name, (num,), path) for name, num in _SIZES.items()}
        pose = np.concatenate([part["global_orient"], part["hand_pose"]])
        posed = self.mano.pose("right", pose, betas=part["betas"], transl=part["transl"], path=path)
        path = self.folder / "cameras" / subject / "cameras.pkl"
        with reading(path):
            view: Any = _read_pickle(path)
            view = view[camera]
        T_camera_world = numbers(view, "extrinsic", (4, 4), path).astype(np.float32)
        K = numbers(view, "intrinsic", (3, 3), path).astype(np.float32)
        vertices, joints = (transform_points(points, T_camera_world) for points in posed)
        keypoints = project(joints, K)
        return dataclasses.replace(sample, vertices=vertices, keypoints=keypoints, K=K)


@functools.lru_cache(maxsize=16)
def _read_pickle(path: Path) -> object:
    return load_pickle(path)


def _read_contact(path: Path) -> Bool[np.ndarray, "frames 778"]:
    with reading(path):
        stored = np.load(path)
        if stored.ndim != 2 or stored.shape[1] != NUM_VERTICES:
            raise ValueError(f"its shape is {stored.shape}, not (frames, {NUM_VERTICES})")
        if not np.isfinite(stored).all():
            raise ValueError("NaN among its bits")
        return stored != 0
