"""`haco grasp` and `haco transfer`: what contact is good for."""

from pathlib import Path
from typing import Annotated, Literal

import tyro

from haco.arguments import Folder, OptionalFile, OptionalFolder, UsageError, Weights

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
    steps: int = 200,
) -> int:
    """Refine a rough grasp: move a hand until what should touch the object does.

    Takes a hand that is roughly in place, the object's mesh, and the contact that haco predict
    saw in a picture of it. Moves, turns, bends and reshapes the hand so that the vertices likely
    to touch touch, the others do not, nothing is pierced and joints stay within their range.
    Writes refined.json, the pose; grasp.png, before and after; and object.ply, the object coloured
    by where it is touched.

    haco grasp bench measures what contact is good for: haco grasp bench --help.

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


def bench(
    *,
    weights: Weights = "tiny",
    set: Literal["easy", "full", "complete"] = "full",
    num: int = 20,
    seeds: int = 3,
    steps: int = 200,
    out: Folder = Path("out/grasps"),
) -> int:
    """Measure whether contact seen in a picture makes rough grasps better.

    Draws grasps with the picture engine, makes each rough, and refines it by the contact that the
    rough hand's own nearness suggests, by what the weights see in the picture, and by the true
    contact. Prints and writes contact precision, recall and F1, the error of joints and vertices,
    the volume shared, the deepest vertex, and how often friction could hold the object; the mean
    over seeds and their spread.

    Args:
        weights: Weights that come with haco, by name; a file or folder; or owner/name on the hub.
        set: Picture set.
        num: Grasps a seed.
        seeds: How many series of grasps.
        steps: Of the optimiser.
        out: Folder for grasps.md and grasps.json.
    """
    if num < 1 or seeds < 1:
        raise UsageError("--num and --seeds must be at least 1")
    from haco.apps.grasp_bench import bench_command

    return bench_command(
        weights=weights, picture_set=set, num=num, seeds=seeds, steps=steps, out=out
    )


def run(words: list[str]) -> int:
    """Run `haco grasp ...` or `haco grasp bench ...`."""
    if words[:1] == ["bench"]:
        return tyro.cli(bench, prog="haco grasp bench", args=words[1:])
    return tyro.cli(grasp, prog="haco grasp", args=words)


def transfer(
    prediction: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="NPZ")],
    /,
    *,
    to: Annotated[str, tyro.conf.arg(metavar="open|mano|GLB|URDF")],
    out: File,
    number: int = 0,
    parts_map: OptionalFile = None,
    topology: Literal["open", "mano"] = "open",
    mano_dir: OptionalFolder = None,
) -> int:
    """Carry predicted contact to another hand: another topology, a glTF hand, a robot.

    A glTF hand needs WebXR's joint names and open fingers; each of its vertices gets the
    probability of the same place. Of a robot each link gets the highest probability among the
    parts of a human hand that it stands for.

    Examples:
    haco transfer photo.npz --to hand.glb --out contact.ply
    haco transfer photo.npz --to gripper.urdf --parts-map parts.yaml --out links.json

    Args:
        prediction: The .npz file of haco predict.
        to: open, mano, a .glb or .gltf file of a hand of the same side, or a robot's .urdf.
        out: What to write: .json, .npz, .ply or .glb; for a robot .json.
        number: Which hand of the prediction, from 0.
        parts_map: For a robot: YAML with a list of named parts for each link.
        topology: Whose vertices the prediction speaks of.
        mano_dir: Folder of your MANO files, if either hand is MANO's.
    """
    from haco.apps.transfer import transfer_command

    return transfer_command(
        prediction,
        to,
        out,
        number=number,
        parts_map=parts_map,
        topology=topology,
        mano_dir=mano_dir,
    )
