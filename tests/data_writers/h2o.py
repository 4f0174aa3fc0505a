"""H2O, in miniature: two takes of the first person, one each of the third and the fourth."""

from pathlib import Path

import numpy as np
from data_writers.common import (
    Held,
    Mini,
    Truth,
    box_distance,
    box_pose,
    colour_of,
    hand_distance,
    hold,
    union,
    write_box,
    write_picture,
)
from data_writers.mano import stored_pose

SIZE = (64, 36)
K = np.array([[31.8, 0, 31.9], [0, 31.7, 18.3], [0, 0, 1]])
TAKES = ("subject1/h1/0", "subject1/o2/3", "subject3/k2/1", "subject4/h1/2")
OBJECTS = {0: "", 2: "espresso/espresso", 4: "spray/lotion_spray"}
GRAB, OPEN = 1, 3
MANO, RT = "hand_pose_mano", "obj_pose_rt"


def write(root: Path, *, poison: float = 0.0, full: bool = False) -> Mini:
    """Write the set; `full` takes the names that the download of all cameras has.

    Of the first take, the three frames show a cup, no object, and a cup that is opened.
    """
    truths = []
    for number, take in enumerate(TAKES):
        subject, rest = take.split("/", 1)
        camera = root / (subject if full else f"{subject}_ego") / rest / "cam4"
        frames = ((2, GRAB), (0, GRAB), (2, OPEN)) if number == 0 else ((4, GRAB),)
        for at, (kind, verb) in enumerate(frames):
            both = _write_frame(camera, f"h2o/{take}/cam4", at, 5 * number + at, kind, full)
            _write_row(camera / f"verb_label/{at:06d}.txt", [verb])
            truths += both if number < 2 and verb == GRAB else []
        fx, fy, cx, cy = K[0, 0], K[1, 1], K[0, 2], K[1, 2]
        _write_row(camera / "cam_intrinsics.txt", [fx, fy, cx, cy, *SIZE])
    _write_lists(root / ("pose_lists" if full else "label_split"))
    for name in filter(None, OBJECTS.values()):
        write_box(root / f"object/{name}.obj")
    first = root / ("subject1" if full else "subject1_ego") / "h1/0/cam4"
    annotation = first / (MANO.replace("mano", "MANO") if full else MANO) / "000000.txt"
    numbers = np.loadtxt(annotation)
    numbers[10] += poison
    _write_row(annotation, numbers)
    return Mini(
        root=root,
        truths=truths,
        picture=first / "rgb/000000.png",
        annotation=annotation,
        mesh=root / "object/espresso/espresso.obj",
    )


def _write_lists(folder: Path) -> None:
    """Write the lists as the set's page links them: each under another's name."""
    lines = [f"{take}/cam4/rgb/000000.png" for take in TAKES]
    lines[:1] = [f"{TAKES[0]}/cam4/rgb/{at:06d}.png" for at in range(3)]
    folder.mkdir(parents=True)
    for name, kept in (("test", lines[:4]), ("train", lines[4:5]), ("val", lines[5:])):
        (folder / f"pose_{name}.txt").write_text("\n".join(kept) + "\n")
    (folder / "action_train.txt").write_text("id path action_label start_act end_act\n")


def _write_frame(
    camera: Path, key: str, at: int, number: int, kind: int, full: bool
) -> list[Truth]:
    hands = {side: hold(side, number, fix_left_shape=False) for side in ("left", "right")}
    T = box_pose(hands["right"], number)
    mano, rt = (MANO.replace("mano", "MANO"), RT.replace("rt", "RT")) if full else (MANO, RT)
    _write_row(
        camera / f"{mano}/{at:06d}.txt", np.concatenate([_row(hands[side]) for side in hands])
    )
    _write_row(camera / f"{rt}/{at:06d}.txt", [kind, *T.ravel()])
    write_picture(camera / f"rgb/{at:06d}.png", number % 7, SIZE)
    truths = []
    for side, other in (("left", "right"), ("right", "left")):
        points = hands[side].vertices
        distances = [hand_distance(points, hands[other])]
        if kind:
            distances.append(box_distance(points, T))
        truths.append(
            Truth(
                key=f"{key}/{at:06d}/{side}",
                side=side,
                vertices=points,
                joints=hands[side].joints,
                distance=union(*distances),
                K=K,
                colour=colour_of(number % 7),
            )
        )
    return truths


def _row(hand: Held) -> np.ndarray:
    """Give the 62 numbers of a hand."""
    pose = stored_pose(hand.side, hand.pose, "absolute")
    return np.concatenate([[1.0], hand.transl, pose, hand.betas])


def _write_row(path: Path, numbers: np.ndarray | list) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(" ".join(f"{number:.9g}" for number in numbers) + "\n")
