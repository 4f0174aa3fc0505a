"""`haco grasp`: what contact is good for."""

from pathlib import Path
from typing import Annotated, Literal

import tyro

from haco.arguments import Folder, OptionalFolder

File = Annotated[Path, tyro.conf.arg(metavar="FILE")]

# Nothing here may import torch before a command runs: `haco grasp --help` must answer at once.


def grasp(
    *,
    hand: File,
    object: File,
    contact: File,
    out: Folder,
    number: int = 0,
    unit: Literal["m", "cm", "mm"] = "m",
    topology: Literal["open", "mano"] = "open",
    mano_dir: OptionalFolder = None,
    steps: int = 250,
) -> int:
    """Refine a rough grasp: move a hand until what should touch the object does.

    Takes a hand that is roughly in place, the object's mesh, and the contact that haco predict
    saw in a picture of it. Moves, turns, bends and reshapes the hand so that the vertices likely
    to touch touch, the others do not, nothing is pierced and joints stay within their range.
    Writes refined.json, the pose, and grasp.png, before and after.

    Examples:
    haco grasp --hand rough.json --object mug.obj --contact photo.npz --out refined

    Args:
        hand: JSON with side, betas, global_orient, hand_pose and transl in the object's frame.
        object: The object's mesh: OBJ, PLY, STL or GLB. Should be closed.
        contact: The .npz file of haco predict.
        out: Folder for the results; made if missing.
        number: Which hand of the .npz file, from 0.
        unit: Of the mesh.
        topology: Whose pose it is: the open hand's, or MANO's.
        mano_dir: Folder of your MANO files, for --topology mano.
        steps: Of the optimiser.
    """
    from haco.apps.grasp import grasp_command

    return grasp_command(
        hand,
        object,
        contact,
        out,
        number=number,
        unit=unit,
        topology=topology,
        mano_dir=mano_dir,
        steps=steps,
    )
