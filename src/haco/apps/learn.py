"""What `haco train` does and shows."""

import dataclasses
from pathlib import Path

from rich.console import Console

from haco.files import InputError
from haco.learning.config import TrainConfig
from haco.learning.config_file import read_config
from haco.learning.run_folder import BEST, CONFIG, LAST, read_run


def train_command(config: TrainConfig, out: Path, *, roots: Path, device: str) -> int:
    """Train, then print the last validation and where the weights lie."""
    labels = tuple(
        it if it in ("own", "released") else str(Path(it).resolve()) for it in config.labels
    )
    config = dataclasses.replace(config, labels=labels)  # a run can be resumed from anywhere
    return _train(config, out, roots=roots, device=device, resume=False)


def resume_command(folder: Path, *, roots: Path | None, device: str | None) -> int:
    """Go on with a run as it was begun, then do as `train_command`."""
    begun = read_run(folder)
    return _train(
        read_config(folder / CONFIG),
        folder,
        roots=Path(begun["roots"]) if roots is None else roots,
        device=begun["device"] if device is None else device,
        resume=True,
    )


def _train(config: TrainConfig, out: Path, *, roots: Path, device: str, resume: bool) -> int:
    from haco.learning.train import train  # needs the extra `train`, which evaluation does not

    try:
        run = train(config, out=out, roots=roots, resume=resume, device=device)
    except FloatingPointError as error:
        raise InputError(str(error)) from error
    if not run.is_first:
        return 0
    console = Console(highlight=False, soft_wrap=True)
    if run.scores is not None:
        console.print(str(run.scores), markup=False)
    weights = run.folder / (BEST if (run.folder / BEST).exists() else LAST)
    console.print(
        f"Weights: {weights}   use them: haco predict PHOTO --weights {weights} --out DIR"
    )
    return 0
