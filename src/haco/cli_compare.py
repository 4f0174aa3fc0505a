"""`haco compare`: is HACO's decoder better than other papers', all else equal?"""

from pathlib import Path
from typing import Annotated, Literal

import tyro

from haco.arguments import Folder
from haco.learning.studies import StudySize

# Nothing here may import torch before a command runs: `haco compare --help` must answer at once.


def compare(
    *,
    networks: Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME [NAME ...]")] = (),
    encoder: Literal["lab", "tiny", "small", "base"] = "lab",
    seeds: int = 3,
    size: Annotated[StudySize, tyro.conf.arg(name="")] = StudySize(),  # noqa: B008 - frozen
    out: Folder = Path("out/compare"),
    device: str = "cpu",
) -> int:
    """Train HACO's decoder and its rivals on the same pictures, and print one table.

    haco: one query, as in the paper. bstro-like: one query a coarse vertex. deco-like: two
    encoders, for scene and parts. posa-like: the posed hand and no picture. landmarks-only: 21
    points and no picture. Each on the same encoder, with the same recipe and several
    seeds; the mean contact map stands beside them. Draws the pictures first; writes table.md,
    plot.png and scores.json. A run that is done is never done again; start the command again to go
    on.

    Examples:
    haco compare --seeds 3
    haco compare --networks haco bstro-like --seeds 1 --num-train 200 --epochs 3

    Args:
        networks: Contestants; all of them if none is named.
        encoder: The network of ours whose encoder all share; lab sees 64 x 64 pixels.
        seeds: Runs of each network.
        size: How large every run is.
        out: Folder of the pictures, the runs and the table.
        device: Where to compute: cpu, cuda, mps.
    """
    from haco.apps.compare import compare_command

    return compare_command(
        size, networks=networks, encoder=encoder, seeds=seeds, out=out, device=device
    )
