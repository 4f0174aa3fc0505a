"""RICH: people who touch the scene around them, indoors and outdoors, seen by many cameras.

Paper: "Capturing and Inferring Dense Full-Body Human-Scene Contact" (CVPR 2022). Licence: MPI,
non-commercial. Download: https://rich.is.tue.mpg.de after registering: `train_hsc.zip`,
`val_hsc.zip`, `test_hsc.zip`, `JPG_images`, `scan_calibration.zip`. The hands of bodies: see
`haco.data.body_hands`.

Tree under `root`, by either of two accounts (`human_scene_contact` and `images` are their names in
the authors' toolkit, the others those of the released system); both are read:

    hsc|human_scene_contact/<split>/<sequence>/<frame>/<subject>.obj and .pkl
    images_jpg_subset|images/<split>/<sequence>/cam_<CC>/<frame>_<CC>.jpeg     (or jpg, png, bmp)
    scan_calibration/<scene>/calibration/<CCC>.xml

A sequence is named `<scene>_<subject>[_<subject>]_<action>`.

Quirks:

- The `.pkl` has `contact` at SMPL's 6890 vertices, but `s2m_dist_id` and `closest_triangles_id` at
  SMPL-X's 10475; the `.obj` is SMPL-X, and its contact vertices are green. All are in the frame of
  the multi-camera system, metres; `s2m_dist_id` points from the body to the scan, despite its name.
- The released system carries SMPL's bits to MANO by interpolation and then cuts everything below
  one.
- A sequence may have two people: each is read by its own file (the released system reads the
  first).
- Pictures may be smaller than the calibration says: K is then scaled by the nearest power of two.
- In a few sequences a camera moves (camera numbers without a calibration are left out); lens
  distortion is taken into account for the box alone.

How contact is known: `truth="colours"` (usual) takes the green vertices at the hand's SMPL-X
numbers; `"smpl"` carries SMPL's bits to the hand; `"distances"` gives the length of `s2m_dist_id`,
unsigned, since a scan has no inside. `scene()` gives the scan's triangles nearest to each hand
vertex.
"""

import dataclasses
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from haco.data.annotations import numbers, reading
from haco.data.body_hands import NUM_SMPL, NUM_SMPLX, BodyHands
from haco.data.mesh_files import load_mesh
from haco.data.readers.common import Scene, Target, make_sample, need_folder
from haco.data.released import released_labels
from haco.data.views import View, read_opencv_xml
from haco.files import InputError, read_image
from haco.pickles import load_pickle
from haco.types import SIDES, Sample, Side, Split

Truth = Literal["colours", "smpl", "distances"]
_GREEN = (0, 255, 0)


class _Hand(NamedTuple):
    picture: Path
    body: Path
    """The `.obj`; the `.pkl` lies beside it."""
    calibration: Path
    side: Side


class RichReader:
    """Both hands of every person, with the set's own bits."""

    def __init__(
        self,
        root: Path | None,
        split: Split = "train",
        *,
        truth: Truth = "colours",
        every: int = 1,
        released: bool = False,
        body_dir: str | Path | None = None,
    ) -> None:
        """List the hands: every picture with a calibration and a body, left and right.

        Args:
            root: The folder that holds the parts above.
            split: The set's own.
            truth: What says where a hand touches, see above.
            every: Keep one picture in so many.
            released: Take the paper's label files, and only hands that have one.
            body_dir: Folder of the correspondence files, see `haco.data.body_hands`.

        Raises:
            InputError: A folder is missing, or nothing in it fits together.
        """
        self.root = need_folder(root, "RICH")
        self.truth: Truth = truth
        self.bodies = BodyHands(body_dir)
        self.released = released_labels(self.root, split, wanted=released)
        contacts = self._either("hsc", "human_scene_contact") / split
        pictures = self._either("images_jpg_subset", "images") / split
        self.hands = [
            hand
            for picture in sorted(pictures.glob("*/cam_*/*.*"))[::every]
            for hand in self._hands_of(picture, contacts)
        ]
        if not self.hands:
            raise InputError(
                f"{pictures}: no picture here has a body in {contacts} and a calibration in "
                f"{self.root / 'scan_calibration'}; check that all parts are there"
            )

    def __len__(self) -> int:
        return len(self.hands)

    def __getitem__(self, index: int) -> Sample:
        hand = self.hands[index]
        image = read_image(hand.picture)
        view = _view(hand.calibration, image.shape[1])
        sample = make_sample(
            self._key(hand),
            image,
            hand.side,
            vertices=view.to_camera(self._vertices(hand)),
            K=view.K,
            distort=view.pixels,
            interaction="scene",
        )
        return dataclasses.replace(sample, **self._label(hand))

    def scene(self, index: int) -> Scene:
        """Give the hand and the scan's triangles nearest to it, in the cameras' common frame."""
        hand = self.hands[index]
        triangles = self._stored(hand, "closest_triangles_id", (NUM_SMPLX, 3, 3))
        corners = self.bodies.of_smplx(triangles, hand.side).reshape(-1, 3)
        faces = np.arange(len(corners)).reshape(-1, 3)
        key = f"{self._key(hand)}/scan"
        scan = Target(key=key, vertices=corners, faces=faces, T_scene_target=np.eye(4))
        return Scene(vertices=self._vertices(hand), targets=(scan,))

    def _vertices(self, hand: _Hand) -> np.ndarray:
        body = load_mesh(hand.body).vertices
        with reading(hand.body):
            return self.bodies.of_smplx(body, hand.side)

    def _either(self, *names: str) -> Path:
        found = next((name for name in names if (self.root / name).is_dir()), None)
        if found is None:
            raise InputError(f"{self.root}: has neither {' nor '.join(names)}; is it RICH's?")
        return self.root / found

    def _hands_of(self, picture: Path, contacts: Path) -> list[_Hand]:
        """List both hands of everyone in a picture who has a body."""
        sequence, frame = picture.parts[-3], picture.stem.partition("_")[0]
        scene, camera = sequence.partition("_")[0], picture.parent.name.partition("_")[2]
        folder = self.root / "scan_calibration" / scene / "calibration"
        calibration = folder / f"{int(camera):03d}.xml"
        bodies = sorted((contacts / sequence / frame).glob("*.obj"))
        if not calibration.is_file():
            return []
        found = [
            _Hand(picture, body, calibration, side)
            for body in bodies
            if body.with_suffix(".pkl").is_file()
            for side in SIDES
        ]
        if not self.released:
            return found
        is_labelled = self.released.has(_released_name(picture), "right")
        return [hand for hand in found[:2] if hand.side == "right" and is_labelled]

    def _key(self, hand: _Hand) -> str:
        split, sequence, frame, subject = hand.body.with_suffix("").parts[-4:]
        return f"rich/{split}/{sequence}/{frame}/{hand.picture.parent.name}/{subject}/{hand.side}"

    def _label(self, hand: _Hand) -> dict[str, np.ndarray]:
        if self.released:
            return {"contact": self.released.contact(_released_name(hand.picture))}
        if self.truth == "smpl":
            bits = self._stored(hand, "contact", (NUM_SMPL,)) != 0
            return {"contact": self.bodies.bits_of_smpl(bits, hand.side)}
        if self.truth == "distances":
            vectors = self._stored(hand, "s2m_dist_id", (NUM_SMPLX, 3))
            distance = np.linalg.norm(self.bodies.of_smplx(vectors, hand.side), axis=1)
            return {"distance": distance.astype(np.float32)}
        colours = load_mesh(hand.body).colours
        if colours is None:
            raise InputError(f"{hand.body}: its vertices have no colour; try truth='smpl'")
        return {"contact": self.bodies.of_smplx((colours == _GREEN).all(axis=1), hand.side)}

    def _stored(self, hand: _Hand, name: str, shape: tuple[int, ...]) -> np.ndarray:
        path = hand.body.with_suffix(".pkl")
        with reading(path):
            record: Any = load_pickle(path)
            return numbers(record, name, shape, path)


def _released_name(picture: Path) -> str:
    return "-".join(picture.with_suffix("").parts[-3:])


def _view(calibration: Path, width: int) -> View:
    """Read a calibration and fit it to a picture so wide."""
    view = read_opencv_xml(calibration)
    scale = 2.0 ** np.round(np.log2(width / (2 * view.K[0, 2])))
    return dataclasses.replace(view, K=view.K * [[scale], [scale], [1]])
