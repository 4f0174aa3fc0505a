"""Hi4D: pairs of people in close contact, seen by eight cameras.

Paper: "Hi4D: 4D Instance Segmentation of Close Human Interaction" (CVPR 2023). Licence: on request,
non-commercial. Download: by application at https://hi4d.ait.ethz.ch. The hands of bodies: see
`haco.data.body_hands` (SMPL needs both correspondence files).

Tree under `root`:

    pair<PP>/<action>/cameras/rgb_cameras.npz       ids, intrinsics, extrinsics, dist_coeffs
    pair<PP>/<action>/images/<camera>/<frame>.jpg   940 x 1280, %06d
    pair<PP>/<action>/smpl/<frame>.npz              verts (2, 6890, 3), contact (2, 6890), ...

The archives pair00_1, pair19_1, pair19_2, pair32_1 and pair32_2 have no folder of their own inside:
unpack each into a folder of its name.

Quirks:

- The authors' text and files spell the key of the intrinsics `intirnsics`; both spellings are read.
- Row p of every array is person p, whose hand, label and box must stay together. (The released
  system shuffles its pictures but not its list of persons, so that its persons are drawn at
  random.)
- `contact` holds numbers of correspondences, not bits: above zero is contact. It is the contact
  with the other person alone.
- SMPL's vertices are carried to MANO's by interpolation; a bit is one where more than half its
  weight is (the released system trains on the fractions themselves).
- Lens distortion is taken into account for the box alone. Nothing says whether a hand is hidden in
  a picture; one that lies outside it is left out when it is read.
- No splits are published: pairs 17, 27 and 37 test, 18 and 28 validate, the others train.

How contact is known: by the bits that come with the set. `scene()` gives the hand and the other
person's body, if SMPL's triangles are there (a file of the SMPL model in the correspondence
folder).
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from haco.data.annotations import numbers, read_arrays, reading
from haco.data.body_hands import NUM_SMPL, BodyHands
from haco.data.readers.common import Scene, Target, make_sample, need_folder
from haco.data.views import View, square
from haco.files import InputError
from haco.types import SIDES, Sample, Side, Split

_SPLITS: dict[str, Split] = {"7": "test", "8": "val"}


class _Hand(NamedTuple):
    picture: Path
    person: int
    side: Side


class Hi4dReader:
    """Both hands of both people, with the set's own bits."""

    def __init__(
        self,
        root: Path | None,
        split: Split = "train",
        *,
        every: int = 1,
        body_dir: str | Path | None = None,
    ) -> None:
        """List the hands: every picture with bodies, two people, left and right.

        Args:
            root: The folder that holds the pairs.
            split: By pair, see above.
            every: Keep one picture in so many.
            body_dir: Folder of the correspondence files, see `haco.data.body_hands`.

        Raises:
            InputError: The folder is missing, or has no pictures with bodies of this split.
        """
        self.root = need_folder(root, "Hi4D")
        self.bodies = BodyHands(body_dir)
        pictures = [
            path
            for path in sorted(self.root.glob("pair*/*/images/*/*.jpg"))
            if split_of_pair(path.parts[-5]) == split and _body(path).is_file()
        ]
        self.hands = [
            _Hand(path, person, side)
            for path in pictures[::every]
            for person in (0, 1)
            for side in SIDES
        ]
        if not self.hands:
            raise InputError(f"{self.root}: no picture with smpl/<frame>.npz of the split {split}")

    def __len__(self) -> int:
        return len(self.hands)

    def __getitem__(self, index: int) -> Sample:
        picture, person, side = self.hands[index]
        path = _body(picture)
        stored = read_arrays(path)
        world = numbers(stored, "verts", (2, NUM_SMPL, 3), path)[person]
        bits = numbers(stored, "contact", (2, NUM_SMPL), path)[person] > 0
        view = _view(picture)
        return make_sample(
            self._key(index),
            picture,
            side,
            vertices=view.to_camera(self.bodies.of_smpl(world, side)),
            K=view.K,
            distort=view.pixels,
            contact=self.bodies.bits_of_smpl(bits, side),
            interaction="body",
        )

    def scene(self, index: int) -> Scene | None:
        """Give the hand and the other person's body in the set's world frame."""
        faces = self.bodies.smpl_faces()
        if faces is None:
            return None
        picture, person, side = self.hands[index]
        path = _body(picture)
        both = numbers(read_arrays(path), "verts", (2, NUM_SMPL, 3), path)
        key = f"{self._key(index).rpartition('/')[0]}/other"
        other = Target(key=key, vertices=both[1 - person], faces=faces, T_scene_target=np.eye(4))
        return Scene(vertices=self.bodies.of_smpl(both[person], side), targets=(other,))

    def _key(self, index: int) -> str:
        picture, person, side = self.hands[index]
        pair, action, _, camera, name = picture.with_suffix("").parts[-5:]
        return f"hi4d/{pair}/{action}/{name}/{camera}/{person}/{side}"


def split_of_pair(pair: str) -> Split:
    """Say to which split a folder such as `pair17` or `pair19_1` belongs."""
    return _SPLITS.get(pair.partition("_")[0][-1], "train")


def _body(picture: Path) -> Path:
    return picture.parents[2] / "smpl" / f"{picture.stem}.npz"


def _view(picture: Path) -> View:
    """Read the camera that took a picture."""
    path = picture.parents[2] / "cameras" / "rgb_cameras.npz"
    stored = read_arrays(path)
    with reading(path):
        place = [int(number) for number in stored["ids"]].index(int(picture.parent.name))
        view = {name: array[place] for name, array in stored.items()}
    name = "intirnsics" if "intirnsics" in view else "intrinsics"
    return View(
        K=numbers(view, name, (3, 3), path),
        T_camera_world=square(numbers(view, "extrinsics", (3, 4), path)),
        distortion=numbers(view, "dist_coeffs", (5,), path),
    )
