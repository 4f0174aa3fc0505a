"""`haco ablate`: what is each part of training worth?"""

from pathlib import Path
from typing import Annotated, Literal

import tyro

from haco.arguments import Folder
from haco.learning.studies import StudySize

# Nothing here may import torch before a command runs: `haco ablate --help` must answer at once.


def ablate(
    study: Annotated[
        Literal["losses", "bcs", "levels", "schedule", "terms", "data", "backbones"],
        tyro.conf.Positional,
    ],
    /,
    *,
    out: Folder = Path("out/ablate"),
    seeds: int = 3,
    size: Annotated[StudySize, tyro.conf.arg(name="")] = StudySize(),  # noqa: B008 - frozen
    only: Annotated[tuple[str, ...], tyro.conf.arg(metavar="VARIANT [VARIANT ...]")] = (),
    device: str = "cpu",
) -> int:
    """Compare what training consists of: many small runs, one table.

    losses: six losses of contact. levels: which resolution levels, with fixed or learned weights.
    schedule: how far class weights are each vertex's own. terms: the paper's loss without one of
    its terms or without its start. bcs: which samples an epoch shows. data: what the hands in
    training touch. backbones: which network; 256 pixels a side, so each run takes far longer.

    Draws pictures, trains a small network for each variant and seed, scores each at 0.5 and at its
    own best threshold, and writes table.md, plot.png and scores.json. A run that is done is never
    done again; start the command again to go on.

    Examples:
    haco ablate losses --seeds 3
    haco ablate losses --seeds 1 --only CE VCB --num-train 200 --epochs 3

    Args:
        study: What to compare.
        out: Folder of the pictures, the runs and the table.
        seeds: Runs of each variant.
        size: How large every run is.
        only: Variants to keep.
        device: Where to compute: cpu, cuda, mps.
    """
    from haco.apps.ablate import ablate_command

    return ablate_command(study, size, seeds=seeds, out=out, only=only, device=device)
