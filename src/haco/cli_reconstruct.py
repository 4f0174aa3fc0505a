"""`haco reconstruct`: where is the object in the picture?"""

from pathlib import Path
from typing import Annotated, Literal

import tyro

from haco.arguments import Folder, OptionalFile, UsageError, Weights

File = Annotated[Path, tyro.conf.arg(metavar="FILE")]

# Nothing here may import torch before a command runs: its `--help` must answer at once.


def reconstruct(
    *,
    image: File,
    hand: File,
    object: File,
    object_mask: File,
    hand_mask: File,
    focal: float,
    out: Folder,
    contact: OptionalFile = None,
    number: int = 0,
    centre: Annotated[tuple[float, float] | None, tyro.conf.arg(metavar="X Y")] = None,
    unit: Literal["m", "cm", "mm"] = "m",
    starts: int = 32,
    steps: int = 150,
) -> int:
    """Place an object in a photo: where it is, which way round, and how large.

    Takes the hand's pose in the camera's frame, the object's shape, and masks of both. Turns the
    object all ways, sifts by its silhouette, then lets silhouette, depth order and contact agree:
    skin that touches must touch it, and nothing pierces it. Writes object.json (R, translation and
    scale, which move the mesh about its mean into the camera's frame) and object.png.

    haco reconstruct bench measures what contact brings: haco reconstruct bench --help.

    Args:
        image: The photo.
        hand: JSON with side, betas, global_orient, hand_pose and transl; x right, y down, z away.
        object: The object's mesh: OBJ, PLY, STL or GLB; its size need not be right.
        object_mask: A picture as large as the photo, white where the object is seen.
        hand_mask: The same for the hand and arm, behind which the object may be.
        focal: Focal length in pixels.
        out: Folder for the results; made if missing.
        contact: The .npz file of haco predict for the photo; without it, contact is left out.
        number: Which hand of the .npz file, from 0.
        centre: Pixel that the optical axis meets; the photo's middle if not given.
        unit: Of the mesh.
        starts: Ways the object is turned at first.
        steps: Of the optimiser.
    """
    from haco.apps.reconstruct import reconstruct_command

    return reconstruct_command(
        image,
        hand,
        object,
        object_mask,
        hand_mask,
        out,
        contact=contact,
        number=number,
        focal=focal,
        centre=centre,
        unit=unit,
        starts=starts,
        steps=steps,
    )


def bench(
    *,
    weights: Weights = "tiny",
    set: Literal["easy", "full", "complete"] = "full",
    num: int = 10,
    seeds: int = 3,
    steps: int = 150,
    starts: int = 32,
    out: Folder = Path("out/objects"),
) -> int:
    """Measure whether contact helps to say where an object is.

    Draws pictures of hands that hold a thing, hides its place, direction and size, and finds them
    again from the masks and the true hand: without contact, with the contact that the weights see
    in the picture, and with the true contact. Prints and writes the mean over seeds and its spread.

    Args:
        weights: Weights that come with haco, by name; a file or folder; or owner/name on the hub.
        set: Picture set.
        num: Objects a seed.
        seeds: How many series of pictures.
        steps: Of the optimiser.
        starts: Ways the object is turned at first.
        out: Folder for objects.md and objects.json.
    """
    if min(num, seeds, starts) < 1:
        raise UsageError("--num, --seeds and --starts must be at least 1")
    from haco.apps.reconstruct_bench import bench_command

    return bench_command(
        weights=weights,
        picture_set=set,
        num=num,
        seeds=seeds,
        steps=steps,
        starts=starts,
        out=out,
    )


def run(words: list[str]) -> int:
    """Run `haco reconstruct ...` or `haco reconstruct bench ...`."""
    if words[:1] == ["bench"]:
        return tyro.cli(bench, prog="haco reconstruct bench", args=words[1:])
    return tyro.cli(reconstruct, prog="haco reconstruct", args=words)
