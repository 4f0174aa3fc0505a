"""`haco convert`: a released checkpoint becomes a weights file of ours that says what it is."""

import hashlib
import shlex
import sys
from pathlib import Path

from rich.console import Console

from haco.files import InputError
from haco.models import official
from haco.models.weights import WeightsMeta, save_weights


def convert(
    checkpoint: Path, out: Path, *, backbone: str | None = None, licence: str = "that of the source"
) -> WeightsMeta:
    """Read a checkpoint of the released layout and write it as weights of ours, number for number.

    Args:
        checkpoint: The file.
        out: The `.safetensors` file to write.
        backbone: Name of the network; None reads it off the keys.
        licence: Licence of the weights, as their owner states it.

    Returns:
        What the new file says of itself: network, input handling, topology, threshold, and as its
        source the checkpoint's name and SHA-256.

    Raises:
        InputError: The checkpoint cannot be read or does not fit, or `out` cannot be written.
    """
    if out.suffix != ".safetensors":
        raise InputError(f"{out}: weights are written as .safetensors; end the name with that")
    name, model = official.load_named(checkpoint, backbone)
    meta = official.describe(
        name,
        source=f"{checkpoint.name} (SHA-256 {_sha256(checkpoint)})",
        command=shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        licence=licence,
    )
    save_weights(out, model, meta, is_half=False)
    return meta


def convert_command(checkpoint: Path, out: Path, *, backbone: str | None, licence: str) -> int:
    """Convert, and say what was found and how it is used."""
    meta = convert(checkpoint, out, backbone=backbone, licence=licence)
    show = Console(highlight=False, soft_wrap=True).print
    show(f"{checkpoint.name} is the network {meta.network}: all its weights fit", markup=False)
    show(
        f"input as in the paper, {meta.topology.upper()}'s vertices, contact from probability "
        f"{meta.threshold}, licence: {meta.licence}",
        markup=False,
    )
    show(f"Weights: {out}   use them: haco predict PHOTO --weights {out} --mano-dir DIR --out DIR")
    return 0


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
