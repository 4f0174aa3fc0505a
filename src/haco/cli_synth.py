"""The command `haco synth`: labelled pictures of touching hands, made to order."""

from pathlib import Path
from typing import Literal

import tyro

from haco.arguments import Folder

# Nothing here may import torch before a command runs: `haco synth --help` must answer at once.


def synth(
    *,
    out: Folder = Path("out/synth"),
    set: Literal["easy", "full", "complete"] = "full",
    num: int = 64,
    seed: int = 0,
    size: int = 256,
    packed: bool = True,
    show: tyro.conf.FlagCreatePairsOff[bool] = False,
    workers: int = 2,
) -> int:
    """Make labelled pictures of touching hands.

    Writes one packed dataset, which haco train reads, by several processes; a run that was
    stopped goes on where it was. Picture i depends on the set, the seed and i alone, so anyone
    can make it again.

    With --show it only draws a contact sheet, for your eyes. With --no-packed each picture is a
    file of its own, beside the same picture with its labels drawn, and the labels as numbers.

    Examples:
    haco synth --set complete --num 40000 --workers 8 --out datasets/complete-train
    haco synth --show --set complete --num 24 --out sheet.png

    Args:
        out: Folder for the pictures; made if missing. With --show also a PNG or JPEG file.
        set: easy (plain background, few views), full (any view and background) or complete (also
            tools in use, clasped hands, things held by two hands, signs, rings and more).
        num: How many pictures.
        seed: Which pictures.
        size: Pixels along each side.
        packed: Write one packed dataset, not each picture for itself.
        show: Write a contact sheet, nothing else.
        workers: Processes that pack.
    """
    if show:
        from haco.apps.synth import sheet_command

        return sheet_command(set, out, num=num, seed=seed, size=size)
    if packed:
        from haco.apps.synth import pack_command

        return pack_command(set, out, num=num, seed=seed, size=size, workers=workers)
    from haco.apps.synth import pictures_command

    return pictures_command(set, out, num=num, seed=seed, size=size)
