"""HIC: two hands in motion, seen by one depth camera (Tzionas and others), with MANO fits.

Paper: "Capturing Hands in Action using Discriminative Salient Points and Physics Simulation" (IJCV
2016); fits from "Embodied Hands" (SIGGRAPH Asia 2017). Licence: MPI, research only. Download:
https://files.is.tue.mpg.de/dtzionas/Hand-Object-Capture (pictures by sequence, and
`MANO_compatible`), and `HIC.json` from the project InterWild.

Tree under `root`:

    HIC.json                                    COCO-like: pictures, and paths of two fits for each
    <sequence>/1/rgb/<frame>.png                640 x 480
    IJCV16___Results_MANO___parms_for___joints21/.../<frame>.ply

Quirks:

- Annotations are matched to pictures by `image_id`; they do not always stand in the pictures'
  order.
- The fits are surfaces, 778 vertices in the camera's frame in metres, so no parameters are posed.
  MANO's files are asked only where a surface comes without triangles.
- A path to a fit may be null: that hand is not there. Kept are frames with both hands.
- `file_name` and the fits' paths may begin above the root or at the sequence: all are looked for.
- All pictures are of one camera: f 525, centre (319.5, 239.5).
- Sequences 1 to 6 train and 7 tests, as in the paper; the last tenth of each of 1 to 6 validates.
  The sequences with objects (15 to 21) have no objects in `HIC.json` and are not read.

How contact is known: by the distance to the other hand, which is the only target.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from haco.data.annotations import read_json, reading
from haco.data.mesh_files import load_mesh
from haco.data.posed_hands import ManoHands
from haco.data.readers.common import Scene, hand_target, make_sample, need_folder
from haco.data.released import released_labels
from haco.data.splits import without_tail
from haco.files import InputError
from haco.geometry.mesh import close_holes
from haco.types import NUM_VERTICES, SIDES, Sample, Side, Split

_K = np.array([[525.0, 0.0, 319.5], [0.0, 525.0, 239.5], [0.0, 0.0, 1.0]])
_SEQUENCES: dict[Split, tuple[int, ...]] = {"test": (7,)}
_TRAIN = (1, 2, 3, 4, 5, 6)


class _Frame(NamedTuple):
    number: str
    """Of the picture among all; the released labels go by it."""
    sequence: str
    picture: str
    fits: dict[Side, str]


class _Hand(NamedTuple):
    frame: _Frame
    side: Side


class HicReader:
    """Both hands of every frame that has two."""

    def __init__(
        self,
        root: Path | None,
        split: Split = "train",
        *,
        released: bool = False,
        mano_dir: str | Path | None = None,
    ) -> None:
        """List the hands.

        Args:
            root: The folder with `HIC.json`.
            split: By sequence, see above.
            released: Take the paper's label files, and only hands that have one.
            mano_dir: Folder of MANO's files, for fits that come without triangles.

        Raises:
            InputError: `HIC.json` is missing or damaged, or has no two hands in this split.
        """
        self.root = need_folder(root, "HIC")
        self.mano = ManoHands(fingers="absolute", fix_left_shape=True, mano_dir=mano_dir)
        path = self.root / "HIC.json"
        table = read_json(path)
        with reading(path):
            frames = _two_hands(table)
        self.released = released_labels(self.root, split, wanted=released)
        wanted = _SEQUENCES.get(split, _TRAIN)
        listed: list[_Hand] = []
        for sequence in sorted({frame.sequence for frame in frames}):
            if int(sequence) in wanted:
                own = [frame for frame in frames if frame.sequence == sequence]
                kept = own if split == "test" else without_tail(own, split)
                listed += [_Hand(frame, side) for frame in kept for side in SIDES]
        if self.released:
            has = self.released.has
            listed = [hand for hand in listed if has(hand.frame.number, hand.side)]
        self.hands = listed
        if not self.hands:
            raise InputError(f"{path}: has no frame with two hands in sequences {wanted}")

    def __len__(self) -> int:
        return len(self.hands)

    def __getitem__(self, index: int) -> Sample:
        frame, side = self.hands[index]
        return make_sample(
            f"{_key(frame)}/{side}",
            self._picture(frame),
            side,
            vertices=_surface(self._fit(frame, side)),
            K=_K,
            contact=self.released.contact(frame.number) if self.released else None,
            interaction="hands",
        )

    def scene(self, index: int) -> Scene:
        """Give the hand and the other one in the camera's frame."""
        frame, side = self.hands[index]
        other: Side = "left" if side == "right" else "right"
        path = self._fit(frame, other)
        faces = load_mesh(path, keep_all_vertices=True).faces
        closed = close_holes(faces) if len(faces) else self.mano.closed_faces(other)
        target = hand_target(f"{_key(frame)}/{other}", _surface(path), closed)
        return Scene(vertices=_surface(self._fit(frame, side)), targets=(target,))

    def _picture(self, frame: _Frame) -> Path:
        name = Path(frame.picture).name
        return _find(self.root, frame.picture, f"{frame.sequence}/1/rgb/{name}")

    def _fit(self, frame: _Frame, side: Side) -> Path:
        return _find(self.root, frame.fits[side])


def _key(frame: _Frame) -> str:
    return f"hic/{frame.sequence}/{Path(frame.picture).stem}"


def _surface(path: Path) -> np.ndarray:
    vertices = load_mesh(path, keep_all_vertices=True).vertices
    if len(vertices) != NUM_VERTICES:
        raise InputError(f"{path}: has {len(vertices)} vertices, a hand has {NUM_VERTICES}")
    return vertices


def _find(root: Path, *names: str) -> Path:
    """Find a file whose path may have been written from further up than the root."""
    places = [Path(*Path(name).parts[up:]) for name in names for up in range(len(Path(name).parts))]
    return next((root / at for at in places if (root / at).is_file()), root / names[-1])


def _two_hands(table: Any) -> list[_Frame]:
    """List the frames with two fits by sequence and picture."""
    images = {image["id"]: image for image in table["images"]}
    frames = []
    for annotation in table["annotations"]:
        image = images[annotation["image_id"]]
        fits: dict[Side, Any] = {side: annotation.get(f"{side}_mano_path") for side in SIDES}
        if all(fits.values()):
            frames.append(
                _Frame(str(image["id"]), str(image["seq_name"]), image["file_name"], fits)
            )
    return sorted(frames, key=lambda frame: (frame.sequence, Path(frame.picture).name))
