"""H2O: four people handle eight objects with both hands, seen by a camera on their head.

Kwon et al., "H2O: Two Hands Manipulating Objects for First Person Interaction Recognition", ICCV
2021. On request, research only, from https://taeinkwon.com/projects/h2o (`subject*_ego`, `object`,
`label_split`). Needs MANO. Under `root`:

    label_split/pose_{train,val,test}.txt    lines such as subject1/h1/0/cam4/rgb/000000.png
    subject1_ego/h1/0/cam4/rgb/000000.png    1280 x 720
    subject1_ego/h1/0/cam4/{hand_pose_mano,obj_pose_rt,verb_label}/000000.txt
    subject1_ego/h1/0/cam4/cam_intrinsics.txt
    object/espresso/espresso.obj             (the spray's is called lotion_spray.obj)

The full download has `subject1` for `subject1_ego`; one account has `pose_lists`, `hand_pose_MANO`
and `obj_pose_RT`: each is read by either name.

Quirks:

- `hand_pose_mano` has 62 numbers for the left hand, then 62 for the right: a flag, 3 of
  translation, 48 of axis-angle about the flat hand, 10 betas. The set's own page says 59, which is
  wrong. Camera frame, metres. A frame is left out unless both flags are set, since what the other
  hand does is not known.
- `obj_pose_rt` is a class and a 4x4 matrix, object to camera. Class 0 is no object: then the other
  hand alone can be touched.
- Models are in metres; one longer than 2 is refused as being in another unit.
- The set's page names the wrong list for each split. All lists are read, and people and places
  decide: subject 4 tests, subject 3 in k2, o1, o2 validates.
- Frames whose verb opens, closes, takes out, puts in or applies are left out, as in the paper:
  there the object changes its form. `every_verb=True` keeps them.
- The authors take MANO's left hand as shipped, the released system mends its shape basis; no
  account says how the fits were made. `fix_left_shape=True` is the second reading.

Contact is not stored: `haco data label` computes it, to the object and to the other hand, or take
`labels="released"` (right hands).
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from haco.data.annotations import existing, read_lines, read_numbers, reading
from haco.data.mesh_files import load_mesh
from haco.data.posed_hands import ManoHands, PosedHand
from haco.data.readers.common import (
    MissingHandError,
    Scene,
    Target,
    hand_target,
    make_sample,
    need_folder,
)
from haco.data.released import released_labels
from haco.files import InputError
from haco.types import SIDES, Sample, Side, Split

OBJECTS = ("", "book", "espresso", "lotion", "spray", "milk", "cocoa", "chips", "cappuccino")
VERBS = (
    *("background", "grab", "place", "open", "close", "pour"),
    *("take out", "put in", "apply", "read", "spray", "squeeze"),
)
_CHANGING = ("open", "close", "take out", "put in", "apply")
_VALIDATES = ("k2", "o1", "o2")
_LONGEST = 2.0


class _Frame(NamedTuple):
    camera: Path
    """Folder of one take by one camera."""
    key: str
    name: str
    """Such as `000123`."""
    released: str
    """How the released labels call it."""


class H2oReader:
    """One split; both hands of every picture."""

    def __init__(
        self,
        root: Path | None,
        split: Split = "train",
        *,
        mano_dir: str | Path | None = None,
        every_verb: bool = False,
        fix_left_shape: bool = False,
        released: bool = False,
    ) -> None:
        """List the hands; the verb of each frame is read.

        Args:
            root: The folder that holds `label_split`, `object` and the people's folders.
            split: The set's own.
            mano_dir: Folder of the user's MANO files.
            every_verb: Keep frames in which the object changes its form, too.
            fix_left_shape: Whether the left hand's shape basis is mended.
            released: Take the paper's label files, and only hands that have one.
        """
        root = need_folder(root, "H2O")
        self._objects = existing(root, "object", "objects", "../object")
        self._mano = ManoHands(fingers="absolute", fix_left_shape=fix_left_shape, mano_dir=mano_dir)
        self._mano.model("left")
        self._released = released_labels(root, split, wanted=released)
        self._hands: list[tuple[_Frame, Side]] = [
            (frame, side)
            for frame in _list_frames(root, split)
            if every_verb or _verb(frame) not in _CHANGING
            for side in SIDES
            if not self._released or self._released.has(frame.released, side)
        ]

    def __len__(self) -> int:
        return len(self._hands)

    def __getitem__(self, index: int) -> Sample:
        frame, side = self._hands[index]
        hand = self._pose(frame)[side]
        path = frame.camera / "cam_intrinsics.txt"
        fx, fy, cx, cy, _, _ = read_numbers(path, 6)
        return make_sample(
            f"{frame.key}/{side}",
            frame.camera / "rgb" / f"{frame.name}.png",
            side,
            vertices=hand.vertices,
            joints=hand.joints,
            K=np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]]),
            contact=self._released.contact(frame.released) if self._released else None,
            interaction=_verb(frame),
        )

    def scene(self, index: int) -> Scene:
        """Give hand, object (if there is one) and other hand in the camera frame."""
        frame, side = self._hands[index]
        other: Side = "left" if side == "right" else "right"
        hands, thing = self._pose(frame), self._object(frame)
        faces = self._mano.closed_faces(other)
        touched = hand_target(f"{frame.key}/{other}", hands[other].vertices, faces)
        targets = (touched,) if thing is None else (thing, touched)
        return Scene(vertices=hands[side].vertices, targets=targets)

    def _pose(self, frame: _Frame) -> dict[Side, PosedHand]:
        path = _label_path(frame, "hand_pose_mano", "hand_pose_MANO")
        rows = dict(zip(SIDES, read_numbers(path, 124).reshape(2, 62), strict=True))
        unseen = [side for side, row in rows.items() if row[0] != 1]
        if unseen:
            raise MissingHandError(f"{path}: has no {unseen[0]} hand; leave this frame out")
        return {
            side: self._mano.pose(side, row[4:52], betas=row[52:], transl=row[1:4], path=path)
            for side, row in rows.items()
        }

    def _object(self, frame: _Frame) -> Target | None:
        path = _label_path(frame, "obj_pose_rt", "obj_pose_RT", "object_pose_RT")
        row = read_numbers(path, 17)
        if row[0] not in range(len(OBJECTS)):
            raise InputError(f"{path}: there is no object of class {row[0]:g}; get the file again")
        name = OBJECTS[int(row[0])]
        if not name:
            return None
        mesh = load_mesh(existing(self._objects, f"{name}/{name}.obj", f"{name}/lotion_{name}.obj"))
        _check_size(mesh.vertices, self._objects / name)
        return Target(
            key=f"h2o/{name}",
            vertices=mesh.vertices,
            faces=mesh.faces,
            T_scene_target=row[1:].reshape(4, 4),
        )


def _list_frames(root: Path, split: Split) -> list[_Frame]:
    """List the frames of a split by people and places, whatever the lists are called."""
    folder = existing(root, "label_split", "pose_lists", "../label_split")
    paths = sorted(folder.glob("pose_*.txt"))
    if not paths:
        raise InputError(f"{folder}: holds no pose_train.txt or the like; get label_split again")
    frames = set()
    for path in paths:
        with reading(path):
            for line in read_lines(path):
                subject, scene, take, camera, _, file = line.split("/")
                if _split_of(subject, scene) == split:
                    frames.add((subject, scene, take, camera, Path(file).stem))
    people = {
        subject: existing(root, f"{subject}_ego", subject)
        for subject in sorted({frame[0] for frame in frames})
    }
    return [
        _Frame(
            camera=people[subject] / scene / take / camera,
            key=f"h2o/{subject}/{scene}/{take}/{camera}/{name}",
            name=name,
            released=f"{subject}_ego-{scene}-{take}-{camera}-{name}",
        )
        for subject, scene, take, camera, name in sorted(frames)
    ]


def _split_of(subject: str, scene: str) -> Split:
    if subject == "subject4":
        return "test"
    return "val" if subject == "subject3" and scene in _VALIDATES else "train"


def _verb(frame: _Frame) -> str:
    path = _label_path(frame, "verb_label")
    number = float(read_numbers(path, 1)[0])
    if number not in range(len(VERBS)):
        raise InputError(f"{path}: there is no verb {number:g}; get the file again")
    return VERBS[int(number)]


def _label_path(frame: _Frame, *folders: str) -> Path:
    return existing(frame.camera, *(f"{folder}/{frame.name}.txt" for folder in folders))


def _check_size(vertices: Float64[np.ndarray, "vertices 3"], path: Path) -> None:
    longest = float(np.ptp(vertices, axis=0).max())
    if longest > _LONGEST:
        raise InputError(f"{path}: is {longest:g} long, so it is not in metres; scale the model")
